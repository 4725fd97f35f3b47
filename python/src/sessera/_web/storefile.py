"""The store that an application gets, by the name that it gives."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from sessera import InvalidConfig, MemoryStore, RedisStore, SessionError, SqliteStore

from .paths import exists, file_to_open_or_make, refuse_unwritable

if TYPE_CHECKING:
    from sessera import Keyring

    from .settings import Store

#: What a file that is to be made must end in.
ENDINGS = (".db", ".sqlite", ".sqlite3")

_OTHERWISE_GIVE = (
    'Give the path of an SQLite file, such as "sessera.db", the URL of a Redis, such as "redis://host:6379", '
    '"memory", or None'
)

#: Words that say what kind of store is meant, and are no name that anybody gives a file.
_KINDS = frozenset({"redis", "valkey", "sqlite", "memory", "none", "null"})


def default_store(path: Path, setting: str = "SESSERA_STORE") -> SqliteStore:
    """Open the file that is used where none is named, which is made first if there is none.

    Raises InvalidConfig, which says what to do about it.
    """
    try:
        return _opened(path)
    except (SessionError, OSError) as error:
        raise _no_database(path, setting, error) from error


def check_default_store(path: Path, setting: str = "SESSERA_STORE") -> None:
    """Check that `default_store` can open or make the file, without making it.

    Raises InvalidConfig, which says what to do about it.
    """
    if exists(path):
        return
    try:
        refuse_unwritable(path)
    except OSError as error:
        raise _no_database(path, setting, error) from error


def _no_database(path: Path, setting: str, error: Exception) -> InvalidConfig:
    return InvalidConfig(
        f"{setting}: no session database at {path}: {error}; make that folder writable for the application, "
        f'or name another file in {setting}; with "memory" each process knows of its own revocations only, '
        "and forgets them when it ends"
    )


def store_of(value: object, keyring: Keyring, setting: str = "SESSERA_STORE") -> Store | None:
    """Give the store that a setting names: a store itself, "memory", None, a URL, or the path of a file.

    By its URL, a Redis learns no subject and no session id: it is given the keyring's secret for stores.

    Raises InvalidConfig, which names the setting.
    """
    if value is None or isinstance(value, (MemoryStore, SqliteStore, RedisStore)):
        return value
    if value == "memory":
        return MemoryStore()
    path = check_store(value, setting) or ""
    if "://" in path:
        return _connected(path, keyring, setting)
    try:
        return _opened(Path(path))
    except (SessionError, OSError, ValueError) as error:
        raise InvalidConfig(f"{setting}: no session database at {path}: {error}") from error


def check_store(value: object, setting: str = "SESSERA_STORE") -> str | None:
    """Check what a setting says of the store, as far as that is possible without opening it.

    Return the URL or the path, where it is one.

    Raises InvalidConfig, which names the setting and does not repeat the value: a URL may hold a password.
    """
    if value is None or value == "memory" or isinstance(value, (MemoryStore, SqliteStore, RedisStore)):
        return None
    if not isinstance(value, (str, os.PathLike)) or not os.fspath(value):
        raise InvalidConfig(
            f"{setting} must be a SqliteStore or the path of its file, a RedisStore or its URL, "
            'a MemoryStore or "memory", or None'
        )
    text = os.fsdecode(value)
    if text.startswith(("sqlite:", "file:")):
        raise InvalidConfig(f"{setting}: give the path of the SQLite file itself, without `sqlite://`")
    if "://" in text:
        return text
    if text.lower() in _KINDS or text == ":memory:":
        raise InvalidConfig(f"{setting} names no file. {_OTHERWISE_GIVE}")
    file_to_open_or_make(value, setting, endings=ENDINGS, otherwise=_OTHERWISE_GIVE)
    return text


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
