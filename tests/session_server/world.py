"""One test's own server side: keys, store, clock, and the faults that the test asked for."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TypedDict

from sessera import Client, DpopVerifier, Issued, Keyring, ManualClock, MemoryStore, Sessions


class Forged(TypedDict):
    """An answer that the server would not give: README.md says what its parts mean."""

    times: int
    status: int
    headers: dict[str, str]
    body: str
    repeat: int
    pause: int


@dataclass
class Faults:
    """What goes wrong from now on: answers to lose, requests to refuse, answers that are not the server's."""

    lose: int = 0
    unavailable: int = 0
    refuse: int = 0
    retry_after: int = 1
    forged: dict[str, Forged] = field(default_factory=dict)


@dataclass
class World:
    """Its clock starts at the real time, and then stands still until a test moves it."""

    clock: ManualClock = field(default_factory=lambda: ManualClock(int(time.time())))
    sessions: Sessions = field(init=False)
    dpop: DpopVerifier = field(default_factory=DpopVerifier)
    requests: Counter[str] = field(default_factory=Counter)
    faults: Faults = field(default_factory=Faults)
    held: int = 0

    def __post_init__(self) -> None:
        self.sessions = Sessions(
            "https://session.test",
            "app",
            keyring=Keyring.generate("EdDSA"),
            store=MemoryStore(),
            clock=self.clock,
        )
        self._changed = threading.Condition()
        self._open = True

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.unix_millis / 1000, tz=timezone.utc)

    def came(self, what: str) -> None:
        """Counts a request."""
        with self._changed:
            self.requests[what] += 1

    def hold(self) -> None:
        """Has refreshes wait from now on."""
        with self._changed:
            self._open = False

    def release(self) -> None:
        """Lets those go on that wait, and those that come."""
        with self._changed:
            self._open = True
            self._changed.notify_all()

    def wait(self) -> None:
        """Returns when refreshes may go on; a test that forgets to release them is not waited for."""
        with self._changed:
            self.held += 1
            self._changed.wait_for(lambda: self._open, timeout=60)
            self.held -= 1

    def takes(self, fault: str) -> bool:
        """Whether the fault strikes this time; it is used up by that."""
        with self._changed:
            left: int = getattr(self.faults, fault)
            setattr(self.faults, fault, max(0, left - 1))
            return left > 0

    def forged(self, to: str) -> Forged | None:
        """The answer that a request of this name gets in place of the server's own, used up by that."""
        with self._changed:
            forged = self.faults.forged.get(to)
            if forged is None or forged["times"] <= 0:
                return None
            forged["times"] -= 1
            return forged

    def proven(self, proof: str | None, method: str, url: str, token: str | None = None) -> Client:
        """The client that a request's proof shows; without a proof, one without a key."""
        if proof is None:
            return Client()
        shown = self.dpop.verify(proof, method=method, url=url, access_token=token, now=self.now)
        return Client(key=shown.thumbprint)

    def told(self, issued: Issued) -> dict[str, str | int]:
        """A session as the client learns of it."""
        session = issued.session
        return {
            "token": issued.token,
            "subject": session.subject,
            "session": session.id,
            "generation": session.generation,
            "expires_at": round(session.expires_at.timestamp() * 1000),
            "ends_at": round(session.ends_at.timestamp() * 1000),
            "now": self.clock.unix_millis,
        }


class Worlds:
    """All worlds by their name."""

    def __init__(self) -> None:
        self._worlds: dict[str, World] = {}
        self._lock = threading.Lock()

    def __getitem__(self, name: str) -> World:
        with self._lock:
            if name not in self._worlds:
                self._worlds[name] = World()
            return self._worlds[name]
