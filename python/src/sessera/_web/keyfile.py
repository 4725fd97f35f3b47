"""The key file that an application gets when it names none."""

from __future__ import annotations

import contextlib
import os
import secrets
from typing import TYPE_CHECKING

from sessera import InvalidConfig, Keyring, KeyringFile, SessionError

if TYPE_CHECKING:
    from pathlib import Path


#: How many seconds pass between two looks at the file. A rotation publishes its key minutes before it signs.
INTERVAL = 1.0


class KeyFile:
    """A key file, and the ring that was loaded from it last; a running server picks up a rotation."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = KeyringFile(path)
        self._looked_at = float("-inf")
        self._told = False

    @property
    def keyring(self) -> Keyring:
        """The ring, as it was loaded last."""
        return self._file.keyring

    def is_due(self, now: float) -> bool:
        """Tell whether it is time to look at the file again: once a second."""
        return now - self._looked_at >= INTERVAL

    def newer(self, now: float) -> Keyring | None:
        """Give the ring if the file has changed.

        Raises InvalidKey where the file is gone or wrong, once; the ring that was loaded stays.
        """
        self._looked_at = now
        try:
            newer = self._file.reload_if_changed()
        except SessionError:
            told, self._told = self._told, True
            if told:
                return None
            raise
        self._told = False
        return newer


def key_file_of(path: Path, algorithm: str, setting: str) -> KeyFile:
    """Load the keyring in the file that a setting names, which is made first if there is none.

    Raises InvalidConfig, which names the setting and the file.
    """
    try:
        return key_file_at(path, algorithm)
    except OSError as error:
        otherwise = "make that folder writable for the application, or give another path"
        raise InvalidConfig(f"{setting}: no key file at {path}: {error}; {otherwise}") from error
    except (SessionError, ValueError) as error:
        raise InvalidConfig(f"{setting}: {path}: {error}") from error


def key_file_at(path: Path, algorithm: str) -> KeyFile:
    """Load the keyring in that file, which is made first if there is none.

    Of several processes that start at once, one makes the file and all load the same keys: each writes a
    file of its own, and the link to the final name fails for all but the first.

    Raises SessionError when the file can't be used, OSError when it can't be made.
    """
    if not path.exists():
        _make(path, algorithm)
    return KeyFile(path)


def _make(path: Path, algorithm: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    own = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        Keyring.generate(algorithm).save(own)
        with contextlib.suppress(FileExistsError):
            os.link(own, path)
    finally:
        own.unlink(missing_ok=True)
