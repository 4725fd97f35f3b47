"""What is kept for the project: its sessions, its cookie, its settings."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.signals import setting_changed

from sessera import Client
from sessera._web import environ as wsgi
from sessera._web import keeper

from .events import session_event
from .settings import settings_of_project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest

    from sessera import Event


@dataclass(frozen=True)
class Brought:
    """What a SessionStore was made from: a request's environ, or only a token. Neither is shown."""

    token: str | None = field(default=None, repr=False)
    environ: Mapping[str, Any] | None = field(default=None, repr=False)


class Keeper(keeper.Keeper):
    """The project's part. Made once, used by all threads."""

    claim = "django"
    lists_by = 'SESSERA["LIST_SESSIONS"]'
    for_plain_http = "SESSION_COOKIE_SECURE = False and a SESSION_COOKIE_NAME without __Host-"
    logger = logging.getLogger("sessera.django")

    def setting(self, name: str) -> str:
        """Write the name of a setting as a project's settings have it."""
        return f'SESSERA["{name}"]'

    def token_of(self, request: Brought) -> tuple[str | None, bool]:
        """Find the token that a request brought, if any.

        Raises CookieInvalid when there is more than one.
        """
        if request.environ is None:
            return request.token, False
        return wsgi.token_of(self.door, request.environ)

    def may_lack_cookie(self, request: Brought) -> bool:
        """Whether a browser that has our cookie would have sent this request without it."""
        return wsgi.may_lack_cookie(self.door, request.environ or {})

    def client_of(self, request: Brought, device: str | None = None) -> Client:
        """Gather what is known of who sent a request."""
        if request.environ is None:
            return Client(device=device)
        return wsgi.client_of(self.door, request.environ, device)

    def check_transport(self, request: HttpRequest) -> None:
        """Warn once where the client of a request drops the cookie that its response sets.

        Not for Django's test client, which keeps it, whatever the scheme.
        """
        if not request.is_secure() and request.META.get("SERVER_NAME") != "testserver":
            wsgi.warn_of_plain_http(self, request.META)

    def tell(self, event: Event) -> None:
        """Send the event as a signal. A receiver that fails is logged by Django, and ends no request."""
        from .store import SessionStore

        session_event.send_robust(SessionStore, event=event)


#: The settings of Django's that are read, beside those of its session's cookie.
_READ = frozenset({"SESSERA", "BASE_DIR", "CSRF_COOKIE_NAME", "CSRF_USE_SESSIONS", "LANGUAGE_COOKIE_NAME"})

_lock = threading.Lock()
_current: Keeper | None = None


def current_keeper() -> Keeper:
    """Find the project's part, which is made at the first call.

    Raises InvalidConfig, which names the setting that is wrong.
    """
    global _current  # as Django's own settings, there is one of it
    if _current is None:
        with _lock:
            if _current is None:
                _current = Keeper(settings_of_project())
    return _current


def _forget(*, setting: str, **_: object) -> None:
    """Read the settings again, when a test overrides one."""
    global _current
    if setting in _READ or setting.startswith("SESSION_COOKIE_"):
        _current = None


setting_changed.connect(_forget)
