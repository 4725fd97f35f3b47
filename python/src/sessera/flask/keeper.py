"""What the extension keeps for one application: its sessions, its cookie, its settings."""

from __future__ import annotations

import time
import weakref
from typing import TYPE_CHECKING

from flask import Flask, current_app

from sessera import Cookie, Event, Sessions
from sessera._web.door import Door

from .events import session_event

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

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


class Keeper:
    """One application's part of the extension. Made once, used by all threads."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        # Weak, so that an application goes as soon as nobody holds it, as without the extension.
        self._app = weakref.ref(app)
        self.settings = settings
        self.cookie = Cookie(**settings.cookie)
        self.door = Door(self.cookie, settings.locations, settings.trusted_hops)
        self.sessions = self._sessions()
        #: For tokens of requests that came in a while ago. A slow view may outlive the grace of its token;
        #: that it lost a race to a faster request must not look like a theft and end the session.
        self.in_flight = self._sessions(in_flight=True) if self.sessions.has_store else self.sessions

    def _sessions(self, *, in_flight: bool = False) -> Sessions:
        settings = self.settings
        return Sessions(
            settings.issuer,
            settings.audience,
            keyring=settings.keyring,
            policy=settings.policy.replace(on_reuse="refuse") if in_flight else settings.policy,
            store=settings.store,
            clock=settings.clock,
            observer=self._tell_outcome if in_flight else self._tell,
        )

    def now(self) -> float:
        """Tell the time in seconds, for how long a request takes."""
        clock = self.settings.clock
        return time.monotonic() if clock is None else clock.unix_millis / 1000

    def sessions_for(self, since: float) -> Sessions:
        """Choose the sessions that check a token which came in at that moment."""
        return self.sessions if self.now() - since <= PROMPT else self.in_flight

    def token_of(self, environ: WSGIEnvironment) -> tuple[str | None, bool]:
        """Find the token that a request brought, if any, and whether it stood in `Authorization`.

        Raises CookieInvalid when there is more than one.
        """
        header = environ.get("HTTP_COOKIE")
        return self.door.token_of([header] if header else [], environ.get("HTTP_AUTHORIZATION"))

    def client_of(self, environ: WSGIEnvironment) -> Client:
        """Gather what is known of who sent a request."""
        forwarded_for = environ.get("HTTP_X_FORWARDED_FOR")
        return self.door.client_of(
            environ.get("REMOTE_ADDR"),
            user_agent=environ.get("HTTP_USER_AGENT"),
            forwarded_for=[forwarded_for] if forwarded_for else [],
        )

    def set_cookie(self, token: str, lasting: float | None) -> str:
        """Write the `Set-Cookie` line for a token.

        `lasting` is in seconds; None is for a cookie that goes with the browser.

        Raises CookieInvalid when the cookie would be over 4096 bytes.
        """
        if lasting is None:
            return self.cookie.set_cookie(token)
        max_age = min(max(int(lasting), 1), LONGEST_COOKIE)
        return Cookie(**self.settings.cookie, max_age=max_age).set_cookie(token)

    def _tell(self, event: Event) -> None:
        app = self._app()
        if app is not None and session_event.receivers:
            session_event.send(app, _async_wrapper=app.ensure_sync, event=event)

    def _tell_outcome(self, event: Event) -> None:
        if event.kind not in _NOT_AGAIN:
            self._tell(event)


def current_keeper() -> Keeper:
    """Find the part of the extension that belongs to the application of this request."""
    keeper: Keeper | None = current_app.extensions.get("sessera")
    if keeper is None:
        raise RuntimeError("this application was not given to Sessera: call Sessera(app), or init_app(app)")
    return keeper
