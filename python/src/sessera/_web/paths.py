"""Settings that name a file, and the secrets and mistyped URLs that are given in their place."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from sessera import InvalidConfig

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The beginning of a URL whose `://` was mistyped, or a server's name and port.
_URL = re.compile(r"^(?:[a-z][a-z0-9+.-]*:?//|[a-z][a-z0-9+-]+:|[\w.-]+:\d+(?:/\d+)?$)", re.IGNORECASE)

#: The drive of a path on Windows.
_DRIVE = re.compile(r"^[a-z]:[\\/]", re.IGNORECASE)


def exists(path: Path) -> bool:
    """Whether there is a file; no error where the name can be none."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def file_to_open_or_make(
    value: str | os.PathLike[str], setting: str, *, endings: Sequence[str], otherwise: str
) -> Path:
    """Give the path of a file that a setting names.

    A text that names no file yet must have one of these endings: otherwise a secret or a mistyped URL would
    become a file of that name, in whatever folder the process was started in.

    Raises InvalidConfig, which does not repeat the value: it may be a secret. `otherwise` says what else the
    setting takes.
    """
    path = Path(os.fsdecode(value))
    if not isinstance(value, str) or exists(path):
        return path
    if _URL.match(value) and not _DRIVE.match(value):
        raise InvalidConfig(f"{setting} looks like a URL, but is none that is known. {otherwise}")
    if path.suffix.lower() not in endings:
        raise InvalidConfig(
            f"{setting} names no file that exists, and a file that is to be made must end in "
            f"{' or '.join(endings)}. {otherwise}"
        )
    return path


def refuse_unwritable(path: Path) -> None:
    """Check that a file can be made at this path, without making anything.

    Raises OSError, which says why not.
    """
    folder = path.parent
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is no folder")
    effective = os.access in os.supports_effective_ids
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=effective):
        raise PermissionError(f"{folder} is read-only for this process")
