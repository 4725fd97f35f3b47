"""What an application does when something happens to a session: `@sessera.on_login` and its like."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from .events import known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .events import SessionEvent

Hook = TypeVar("Hook", bound="Callable[[SessionEvent], Any]")


class Hooks:
    """Functions that are called with the SessionEvent when something happened. `Sessera` is one.

    They are called in the thread and the request that it happened in, and may be `async`. They come too late
    to prevent anything: what they raise is logged, and goes no further. In `on_login` and `on_elevate`,
    `current_session` is the new session.

        >>> from flask import Flask
        >>> from sessera import Keyring
        >>> from sessera.flask import Sessera, login, logout
        >>> app = Flask("shop")
        >>> app.config["SESSERA_KEYRING"] = Keyring.generate("HS256")
        >>> sessera = Sessera(app)
        >>> @sessera.on_login
        ... def welcome(event):
        ...     print("welcome,", event.subject)
        >>> @sessera.on("authn_login_success", "session_expired")
        ... def journal(event):
        ...     print(event.kind, event.subject)
        >>> with app.test_request_context():
        ...     issued = login("ada")
        ...     _ = logout()
        welcome, ada
        authn_login_success ada
        session_expired ada
    """

    def __init__(self) -> None:
        self._by_kind: dict[str, list[Callable[[SessionEvent], Any]]] = {}

    def on(self, *kinds: str) -> Callable[[Hook], Hook]:
        """Call the decorated function at events of these kinds; see `sessera.flask.events.KINDS`.

        Raises ValueError for a kind that does not exist.
        """
        wanted = [known(kind) for kind in kinds]

        def add(hook: Hook) -> Hook:
            for kind in wanted:
                self._by_kind.setdefault(kind, []).append(hook)
            return hook

        return add

    def on_login(self, hook: Hook) -> Hook:
        """Call it when somebody logged in."""
        return self.on("authn_login_success")(hook)

    def on_logout(self, hook: Hook) -> Hook:
        """Call it when somebody logged out."""
        return self.on("session_expired")(hook)

    def on_elevate(self, hook: Hook) -> Hook:
        """Call it when a session was elevated."""
        return self.on("privilege_permissions_changed")(hook)

    def on_revoke(self, hook: Hook) -> Hook:
        """Call it when sessions were ended: by a logout, by a login in their place, or from elsewhere.

        The event's subject is None where one session was ended by its id.
        """
        return self.on("authn_token_revoked")(hook)

    def on_reuse(self, hook: Hook) -> Hook:
        """Call it when a token was shown that had been rotated away: somebody may have stolen it."""
        return self.on("authn_token_reuse")(hook)

    def on_refuse(self, hook: Hook) -> Hook:
        """Call it when a token was refused; the event's reason says why."""
        return self.on("session_refused", "session_use_after_expire")(hook)

    def on_client_change(self, hook: Hook) -> Hook:
        """Call it when a session's client looks different from the one that logged in."""
        return self.on("session_binding_changed")(hook)

    def on_csrf(self, hook: Hook) -> Hook:
        """Call it when a request was refused that another site may have made."""
        return self.on("malicious_csrf")(hook)

    def hooks_of(self, kind: str) -> Sequence[Callable[[SessionEvent], Any]]:
        """Give the functions for events of this kind."""
        return self._by_kind.get(kind, ())
