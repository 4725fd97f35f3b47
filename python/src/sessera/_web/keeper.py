"""What is kept for one application: its sessions, its cookie, its settings."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from sessera import Cookie, Event, SessionError, Sessions

from .door import Door

if TYPE_CHECKING:
    from logging import Logger

    from sessera import Client

    from .settings import Settings

#: The longest that browsers keep a cookie, in seconds: 400 days.
LONGEST_COOKIE = 400 * 24 * 60 * 60

#: How many seconds after a request came in its token is still checked as one that just came.
PROMPT = 1.0

#: What a verb on a request's way out tells again, or tells of a race that it lost, which is no attack.
_NOT_AGAIN = frozenset(
    {"session_refused", "session_use_after_expire", "session_binding_changed", "authn_token_reuse"}
)


class Keeper(ABC):
    """One application's part of a framework's. Made once, used by all threads."""

    #: The application claim that holds the contents of the session.
    claim: str
    #: Where refusals are told.
    logger: Logger
    #: Whether an anonymous session without contents stays: forms may hold CSRF tokens of it.
    keeps_visitors = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.cookie = Cookie(**settings.cookie)
        self.door = Door(self.cookie, settings.locations, settings.trusted_hops)
        self.data_in_store = settings.data_in_store
        self.sessions = self._sessions()
        #: For tokens of requests that came in a while ago. A slow view may outlive the grace of its token;
        #: that it lost a race to a faster request must not look like a theft and end the session.
        self.in_flight = self._sessions(in_flight=True) if self.sessions.has_store else self.sessions

    def _sessions(self, *, in_flight: bool = False) -> Sessions:
        settings = self._settings
        return Sessions(
            settings.issuer,
            settings.audience,
            keyring=settings.keyring,
            policy=settings.policy.replace(on_reuse="refuse") if in_flight else settings.policy,
            store=settings.store,
            clock=settings.clock,
            observer=self._tell_outcome if in_flight else self.tell,
            sealed=settings.sealed,
        )

    @abstractmethod
    def token_of(self, request: Any) -> tuple[str | None, bool]:
        """Find the token that a request brought, if any, and whether it stood in `Authorization`.

        Raises CookieInvalid when there is more than one.
        """

    @abstractmethod
    def client_of(self, request: Any) -> Client:
        """Gather what is known of who sent a request."""

    @abstractmethod
    def tell(self, event: Event) -> None:
        """Tell the application what happened to a session."""

    def renew_keys(self) -> None:
        """Take the keys of the key file into use if it has changed. What is wrong with them is told once."""
        file = self._settings.key_file
        if file is None:
            return
        try:
            keyring = file.newer(self.now())
            if keyring is None:
                return
            for sessions in {id(each): each for each in (self.sessions, self.in_flight)}.values():
                sessions.replace_keyring(keyring)
        except SessionError as error:
            self.logger.error("the key file %s has changed, but can't be used: %s", file.path, error)
        else:
            self.logger.info("the key file %s has changed, and its keys are in use", file.path)

    def now(self) -> float:
        """Tell the time in seconds, for how long a request takes."""
        clock = self._settings.clock
        return time.monotonic() if clock is None else clock.unix_millis / 1000

    def unix_seconds(self) -> float:
        """Tell the time, by the clock that the sessions go by."""
        return self._settings.unix_seconds()

    def sessions_for(self, since: float) -> Sessions:
        """Choose the sessions that check a token which came in at that moment."""
        return self.sessions if self.now() - since <= PROMPT else self.in_flight

    def set_cookie(self, token: str, lasting: float | None) -> str:
        """Write the `Set-Cookie` line for a token.

        `lasting` is in seconds; None is for a cookie that goes with the browser.

        Raises CookieInvalid when the cookie would be over 4096 bytes.
        """
        if lasting is None:
            return self.cookie.set_cookie(token)
        max_age = min(max(int(lasting), 1), LONGEST_COOKIE)
        return Cookie(**self._settings.cookie, max_age=max_age).set_cookie(token)

    def _tell_outcome(self, event: Event) -> None:
        if event.kind not in _NOT_AGAIN:
            self.tell(event)
