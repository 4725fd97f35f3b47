"""The keys and the store of an application: opened at the first use if the key file is still to be made."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeAlias

from sessera import Keyring, MemoryStore, RedisStore, SqliteStore

from .keyfile import KeyFile

if TYPE_CHECKING:
    from collections.abc import Callable

Store: TypeAlias = MemoryStore | SqliteStore | RedisStore


class Backing:
    """The keys of an application, and the store that is opened with them.

    `open_store` is called once. It raises InvalidConfig, which names the setting.
    """

    def __init__(self, keys: Keyring | KeyFile, open_store: Callable[[Keyring], Store | None]) -> None:
        self._keys = keys
        self._open_store = open_store
        self._opening = threading.Lock()
        self._opened: tuple[Keyring, Store | None] | None = None

    @property
    def key_file(self) -> KeyFile | None:
        """Where the keys are, if that is a file."""
        return self._keys if isinstance(self._keys, KeyFile) else None

    @property
    def is_ready(self) -> bool:
        """Whether the keys exist, so that opening makes none."""
        return isinstance(self._keys, Keyring) or self._keys.is_open

    @property
    def keyring(self) -> Keyring:
        """The keyring, as it was when it was opened, or as its file had it last."""
        opened = self.open()[0]
        return self._keys.keyring if isinstance(self._keys, KeyFile) else opened

    @property
    def store(self) -> Store | None:
        """The store."""
        return self.open()[1]

    def open(self) -> tuple[Keyring, Store | None]:
        """Open the keys and the store, and make what is missing. The first call does the work.

        Raises InvalidConfig, which names the setting that is wrong.
        """
        if self._opened is None:
            with self._opening:
                if self._opened is None:
                    keyring = self._keys.keyring if isinstance(self._keys, KeyFile) else self._keys
                    self._opened = keyring, self._open_store(keyring)
        return self._opened

    def sample(self) -> Keyring:
        """Give the keyring if it exists, and otherwise one of its kind: settings are checked against it."""
        return self._keys.sample() if isinstance(self._keys, KeyFile) else self._keys
