"""The key file of an application."""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from sessera import InvalidConfig, Keyring, KeyringFile, SessionError

from .paths import exists, file_to_open_or_make, refuse_unwritable

if TYPE_CHECKING:
    from pathlib import Path

#: How many seconds pass between two looks at the file. A rotation publishes its key minutes before it signs.
INTERVAL = 1.0

#: The algorithm of keys that are made where the application names none.
DEFAULT_ALGORITHM = "HS256"

ALGORITHMS = ("HS256", "EdDSA", "ES256")

#: What a file that is to be made must end in.
ENDINGS = (".json", ".jwks")

_OTHERWISE = (
    "It is the path of a key file, and no secret: keys are random, and made in that file at first use. "
    "Or give a Keyring"
)


class KeyFile:
    """A key file, and the ring that was loaded from it last; a running server picks up a rotation.

    A file that is missing is made when its keys are first used, and not before: building an application, as
    `flask routes` does in an image, makes no keys that every replica of the image would then have.

    Raises InvalidConfig, which names the setting and the file, where the file can't be used, or not be made.
    """

    def __init__(self, path: Path, setting: str, algorithm: str | None = None) -> None:
        self.path = path
        self.setting = setting
        self.algorithm = algorithm
        self._file: KeyringFile | None = None
        self._opening = threading.Lock()
        self._looked_at = float("-inf")
        self._told = False
        if exists(path):
            self._open()
        else:
            self._refuse_unwritable()

    @property
    def is_open(self) -> bool:
        """Whether the keys are loaded."""
        return self._file is not None

    @property
    def exists(self) -> bool:
        """Whether there is a file, which this process or another has made."""
        return self.is_open or exists(self.path)

    @property
    def keyring(self) -> Keyring:
        """The ring, as it was loaded last. The first call makes the file if it is missing."""
        return self._open().keyring

    def sample(self) -> Keyring:
        """Give the ring if it is loaded, and otherwise one of its kind: settings are checked against it."""
        return self.keyring if self.is_open else Keyring.generate(self.algorithm or DEFAULT_ALGORITHM)

    def is_due(self, now: float) -> bool:
        """Tell whether it is time to look at the file again: once a second."""
        return self._file is not None and now - self._looked_at >= INTERVAL

    def newer(self, now: float) -> Keyring | None:
        """Give the ring if the file has changed.

        Raises InvalidKey where the file is gone or wrong, once; the ring that was loaded stays.
        """
        self._looked_at = now
        try:
            newer = self._open().reload_if_changed()
        except SessionError:
            told, self._told = self._told, True
            if told:
                return None
            raise
        self._told = False
        return newer

    def _open(self) -> KeyringFile:
        if self._file is None:
            with self._opening:
                if self._file is None:
                    self._file = self._loaded()
        return self._file

    def _loaded(self) -> KeyringFile:
        try:
            if not exists(self.path):
                make_key_file(self.path, self.algorithm or DEFAULT_ALGORITHM)
            file = KeyringFile(self.path)
        except OSError as error:
            raise self._cannot_make(error) from error
        except (SessionError, ValueError) as error:
            raise InvalidConfig(f"{self.setting}: {self.path}: {error}") from error
        refuse_other_algorithm(file.keyring, self.algorithm, self.setting)
        return file

    def _refuse_unwritable(self) -> None:
        try:
            refuse_unwritable(self.path)
        except OSError as error:
            raise self._cannot_make(error) from error

    def _cannot_make(self, error: OSError) -> InvalidConfig:
        return InvalidConfig(
            f"{self.setting}: no key file at {self.path}: {error}; make that folder writable for the "
            "application, give another path, or mount a key file there "
            "(`python -m sessera keys generate` makes one)"
        )


def key_source(value: object, algorithm: str | None, setting: str) -> Keyring | KeyFile:
    """Give the keys that a setting names: a Keyring itself, or the path of a key file.

    `algorithm` is what the application says of it, for keys that are made and for those that are there.

    Raises InvalidConfig, which names the setting.
    """
    algorithm_setting = _algorithm_of(setting)
    if algorithm is not None and algorithm not in ALGORITHMS:
        raise InvalidConfig(f"{algorithm_setting} must be HS256, EdDSA or ES256")
    if isinstance(value, Keyring):
        refuse_other_algorithm(value, algorithm, setting)
        return value
    if isinstance(value, dict) or (isinstance(value, str) and value.lstrip().startswith(("{", "-----"))):
        raise InvalidConfig(
            f"{setting} holds keys. It takes a Keyring, such as Keyring.from_jwks(text), or the path of a "
            "key file"
        )
    if not isinstance(value, (str, os.PathLike)) or not os.fspath(value):
        raise InvalidConfig(f"{setting} must be a Keyring, or the path of its file")
    path = file_to_open_or_make(value, setting, endings=ENDINGS, otherwise=_OTHERWISE)
    return KeyFile(path, setting, algorithm)


def refuse_other_algorithm(keyring: Keyring, algorithm: str | None, setting: str) -> None:
    """Refuse keys of another algorithm than the application asks for.

    Raises InvalidConfig. A ring has one kind of keys: an application can't change it by a rotation.
    """
    present = {key.algorithm for key in keyring.keys(datetime.now(timezone.utc)) if key.private}
    if algorithm is not None and present and algorithm not in present:
        named = " and ".join(sorted(present))
        raise InvalidConfig(
            f"{_algorithm_of(setting)} is {algorithm}, but the keys of {setting} are {named}. Leave "
            f"{_algorithm_of(setting)} out to keep them. Or move the key file away: new keys are made at the "
            "next start, and everybody has to log in again"
        )


def make_key_file(path: Path, algorithm: str) -> None:
    """Make a key file, unless another process has made it meanwhile.

    Of several processes that start at once, one makes the file and all load the same keys: each writes a
    file of its own, and the link to the final name fails for all but the first.

    Raises SessionError or OSError when it can't be made.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    own = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        Keyring.generate(algorithm).save(own)
        with contextlib.suppress(FileExistsError):
            os.link(own, path)
    finally:
        own.unlink(missing_ok=True)


def _algorithm_of(setting: str) -> str:
    """Name the setting of the algorithm beside that of the keys, as the framework writes it."""
    return setting.replace("KEYRING", "ALGORITHM").replace("keyring", "algorithm")
