"""What the extension keeps for one application: its sessions, its cookie, its settings."""

from __future__ import annotations

import logging
import weakref
from typing import TYPE_CHECKING

from flask import Flask, current_app

from sessera._web import environ as wsgi
from sessera._web import keeper

from .data import CLAIM
from .events import session_event

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from sessera import Client, Event

    from .settings import Settings


class Keeper(keeper.Keeper):
    """One application's part of the extension. Made once, used by all threads."""

    claim = CLAIM
    logger = logging.getLogger("sessera.flask")

    def __init__(self, app: Flask, settings: Settings) -> None:
        # Weak, so that an application goes as soon as nobody holds it, as without the extension.
        self._app = weakref.ref(app)
        self.settings = settings
        self.keeps_visitors = settings.csrf.asks_for_token
        super().__init__(settings)

    def token_of(self, request: WSGIEnvironment) -> tuple[str | None, bool]:
        """Find the token that a request brought, if any, and whether it stood in `Authorization`.

        Raises CookieInvalid when there is more than one.
        """
        return wsgi.token_of(self.door, request)

    def device_of(self, request: WSGIEnvironment) -> str | None:
        """Find the device secret that a request brought."""
        return wsgi.device_of(self.door, request)

    def client_of(self, request: WSGIEnvironment, device: str | None = None) -> Client:
        """Gather what is known of who sent a request, and shows this device secret."""
        return wsgi.client_of(self.door, request, device)

    def tell(self, event: Event) -> None:
        """Send the event as a signal."""
        app = self._app()
        if app is not None and session_event.receivers:
            session_event.send(app, _async_wrapper=app.ensure_sync, event=event)


def current_keeper() -> Keeper:
    """Find the part of the extension that belongs to the application of this request."""
    keeper: Keeper | None = current_app.extensions.get("sessera")
    if keeper is None:
        raise RuntimeError("this application was not given to Sessera: call Sessera(app), or init_app(app)")
    return keeper
