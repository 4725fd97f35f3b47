"""What every framework's part is told by the application."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sessera import InvalidConfig

from .backing import Store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from sessera import Keyring, ManualClock, Policy

    from .backing import Backing
    from .keyfile import KeyFile

#: Modes of a bound fact that refuse a request.
DECIDING = ("step_up", "enforce")

__all__ = ["DECIDING", "Settings", "Store"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings that were checked."""

    issuer: str
    audience: str
    #: The keys and the store.
    backing: Backing
    data_in_store: bool
    policy: Policy
    sealed: bool = False
    #: How long a session lasts of a user who asked to be remembered; None where nobody is.
    remember_for: timedelta | None = None
    #: Whether the store lists the sessions of each user, whether with their networks, and how many a user may
    #: have.
    list_sessions: bool = False
    list_networks: bool = False
    max_sessions: int | None = None
    cookie: Mapping[str, Any]
    #: The cookie of the device secret, where there is one.
    device_cookie: Mapping[str, Any] | None = None
    locations: tuple[str, ...]
    trusted_hops: int
    #: How far the clock of each machine may be off; None is the leeway for a store that machines share, else
    #: 0.
    clock_skew: timedelta | None = None
    clock: ManualClock | None

    @property
    def keyring(self) -> Keyring:
        """The keyring. Where the key file is missing, the first call makes it."""
        return self.backing.keyring

    @property
    def store(self) -> Store | None:
        """The store. Where the key file is missing, the first call makes that first."""
        return self.backing.store

    @property
    def key_file(self) -> KeyFile | None:
        """Where the keyring came from, if that is a file."""
        return self.backing.key_file

    @property
    def same_site(self) -> str:
        """The `SameSite` of the session's cookie."""
        return str(self.cookie.get("same_site", "Lax"))

    def __post_init__(self) -> None:
        self._refuse_facts_without_source()

    def _refuse_facts_without_source(self) -> None:
        """Refuse a policy that asks for a fact which no request of this framework can supply.

        Raises InvalidConfig, which names the fact.
        """
        without = {"key": "no proof of possession is read here: leave it out of the binding"}
        if self.device_cookie is None:
            without["device"] = "there is no device cookie: turn it on, or leave device out of the binding"
        binding = self.policy.binding
        for fact, advice in without.items():
            if fact in binding.named and getattr(binding, fact) in DECIDING:
                raise InvalidConfig(f"the binding asks for `{fact}`, which no request supplies: {advice}")

    def unix_seconds(self) -> float:
        """Tell the time, by the clock that the sessions go by."""
        return time.time() if self.clock is None else self.clock.unix_millis / 1000
