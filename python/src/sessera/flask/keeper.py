"""What the extension keeps for one application: its sessions, its cookie, its settings."""

from __future__ import annotations

import logging
import threading
import weakref
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app

from sessera._web import environ as wsgi
from sessera._web import keeper

from .data import CLAIM
from .events import SessionEvent, session_event, signals_of
from .proxies import counted_by_proxy_fix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from _typeshed.wsgi import WSGIEnvironment

    from sessera import Client, Event

    from .settings import Settings


class Keeper(keeper.Keeper):
    """One application's part of the extension. Made once, used by all threads."""

    claim = CLAIM
    lists_by = "SESSERA_LIST_SESSIONS"
    for_plain_http = "SESSERA_DEV = True"
    logger = logging.getLogger("sessera.flask")

    def __init__(
        self,
        app: Flask,
        settings: Settings,
        hooks_of: Callable[[str], Sequence[Callable[[SessionEvent], Any]]],
    ) -> None:
        # Weak, so that an application goes as soon as nobody holds it, as without the extension.
        self._app = weakref.ref(app)
        self.settings = settings
        self._hooks_of = hooks_of
        #: The name of the session that the sessions told of last, on each thread.
        self._latest = threading.local()
        self.keeps_visitors = settings.csrf.asks_for_token
        super().__init__(settings)

    def setting(self, name: str) -> str:
        """Write the name of a setting as Flask's configuration has it."""
        return f"SESSERA_{name}"

    def token_of(self, request: WSGIEnvironment) -> tuple[str | None, bool]:
        """Find the token that a request brought, if any, and whether it stood in `Authorization`.

        Raises CookieInvalid when there is more than one.
        """
        return wsgi.token_of(self.door, request)

    def device_of(self, request: WSGIEnvironment) -> str | None:
        """Find the device secret that a request brought."""
        return wsgi.device_of(self.door, request)

    def may_lack_cookie(self, request: WSGIEnvironment) -> bool:
        """Whether a browser that has our cookie would have sent this request without it."""
        return wsgi.may_lack_cookie(self.door, request)

    def client_of(self, request: WSGIEnvironment, device: str | None = None) -> Client:
        """Gather what is known of who sent a request, and shows this device secret."""
        if self.door.trusted_hops and counted_by_proxy_fix(request):
            self.notices.warn(
                "proxy fix",
                "SESSERA_TRUSTED_HOPS is ignored: ProxyFix has found the client's address; leave it out",
            )
            return wsgi.client_of(replace(self.door, trusted_hops=0), request, device)
        return wsgi.client_of(self.door, request, device)

    def check_transport(self, request: WSGIEnvironment) -> None:
        """Warn once where the client of a request drops the cookie that its response sets.

        Not in tests: Flask's test client keeps it, whatever the scheme.
        """
        app = self._app()
        if app is None or not app.testing:
            wsgi.warn_of_plain_http(self, request)

    def tell(self, event: Event) -> None:
        """Send the event as a signal, and call the hooks for it."""
        self._latest.session = event.session
        self._publish(SessionEvent.of(event))

    @contextmanager
    def telling(self, kind: str, subject: str, reason: str | None = None) -> Iterator[None]:
        """Tell what a user did, once it is done; the sessions see but a part of it."""
        self._latest.session = None
        yield
        at = datetime.fromtimestamp(self.unix_seconds(), tz=timezone.utc)
        self._publish(SessionEvent(kind, at, subject, self._latest.session, reason))

    def _publish(self, event: SessionEvent) -> None:
        app = self._app()
        if app is None:
            return
        for signal in (session_event, *signals_of(event.kind)):
            if signal.receivers:
                self._guarded(signal.send, app, _async_wrapper=app.ensure_sync, event=event)
        for hook in self._hooks_of(event.kind):
            self._guarded(app.ensure_sync(hook), event)

    def _guarded(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Tell the application. The verb has done its work, and must not fail any more."""
        try:
            call(*args, **kwargs)
        except Exception:
            self.logger.exception("a receiver of session events failed")


def current_keeper() -> Keeper:
    """Find the part of the extension that belongs to the application of this request."""
    keeper: Keeper | None = current_app.extensions.get("sessera")
    if keeper is None:
        raise RuntimeError("this application was not given to Sessera: call Sessera(app), or init_app(app)")
    return keeper
