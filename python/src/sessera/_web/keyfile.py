"""The key file that an application gets when it names none."""

from __future__ import annotations

import contextlib
import os
import secrets
from typing import TYPE_CHECKING

from sessera import Keyring

if TYPE_CHECKING:
    from pathlib import Path


def keyring_at(path: Path, algorithm: str) -> Keyring:
    """Load the keyring in that file, which is made first if there is none.

    Of several processes that start at once, one makes the file and all load the same keys: each writes a
    file of its own, and the link to the final name fails for all but the first.

    Raises SessionError when the file can't be used, OSError when it can't be made.
    """
    if not path.exists():
        _make(path, algorithm)
    return Keyring.load(path)


def _make(path: Path, algorithm: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    own = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        Keyring.generate(algorithm).save(own)
        with contextlib.suppress(FileExistsError):
            os.link(own, path)
    finally:
        own.unlink(missing_ok=True)
