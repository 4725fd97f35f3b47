"""The store that an application gets, by the name that it gives."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from sessera import InvalidConfig, MemoryStore, RedisStore, SessionError, SqliteStore

if TYPE_CHECKING:
    from sessera import Keyring

    from .settings import Store

#: What to do where the instance folder is no place for a file.
_OTHERWISE = (
    "make that folder writable for the application, or name another file in SESSERA_STORE; "
    'with "memory" each process knows of its own revocations only, and forgets them when it ends'
)

#: Words that say what kind of store is meant, and are no name that anybody gives a file.
_KINDS = frozenset({"redis", "valkey", "sqlite", "memory", "none", "null"})


def default_store(path: Path) -> SqliteStore:
    """Open the file that is used where none is named, which is made first if there is none.

    Raises InvalidConfig, which says what to do about it.
    """
    try:
        return _opened(path)
    except (SessionError, OSError) as error:
        raise InvalidConfig(f"SESSERA_STORE: no session database at {path}: {error}; {_OTHERWISE}") from error


def store_of(value: object, keyring: Keyring, setting: str = "SESSERA_STORE") -> Store | None:
    """Give the store that a setting names: a store itself, "memory", None, a URL, or the path of a file.

    By its URL, a Redis learns no subject and no session id: it is given the keyring's secret for stores.

    Raises InvalidConfig, which names the setting.
    """
    if value is None or isinstance(value, (MemoryStore, SqliteStore, RedisStore)):
        return value
    if value == "memory":
        return MemoryStore()
    if not isinstance(value, (str, os.PathLike)) or not os.fspath(value):
        raise InvalidConfig(
            f"{setting} must be a SqliteStore or the path of its file, a RedisStore or its URL, "
            'a MemoryStore or "memory", or None'
        )
    path = os.fsdecode(value)
    if "://" in path:
        return _connected(path, keyring, setting)
    if path.lower() in _KINDS or path.startswith(("redis:", "rediss:", ":memory:")):
        # As a path it would be a file in whatever folder the process was started in, unseen by the others.
        raise InvalidConfig(
            f"{setting} must be the path of a file, the URL of a Redis "
            '("redis://host:6379"), "memory", or None'
        )
    try:
        return _opened(Path(path))
    except (SessionError, OSError, ValueError) as error:
        raise InvalidConfig(f"{setting}: no session database at {path}: {error}") from error


def _opened(path: Path) -> SqliteStore:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return SqliteStore(path)


def _connected(url: str, keyring: Keyring, setting: str) -> RedisStore:
    secret = keyring.store_secret()
    if secret is None:
        raise InvalidConfig(
            f"{setting}: the keyring has no root secret, from which the secret of a Redis is derived. "
            "Add one with Keyring.load(path).save(path), and give the same file to every server; "
            "or give a RedisStore that was opened with a secret of your own"
        )
    try:
        return RedisStore(url, secret=secret)
    except SessionError as error:
        # The URL may hold a password.
        raise InvalidConfig(f"{setting}: no session store at that URL: {error}") from error
