"""The session of one request, as an application sees it."""

from __future__ import annotations

from copy import deepcopy
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sessera import Binding, Session, SessionError, Watch

    from .visit import Visit


class HasVisit(Protocol):
    """What leads to a request's dealings with its session, and begins them when it is asked."""

    @property
    def visit(self) -> Visit:
        """The dealings."""


class CurrentSession:
    """The session of this request, as far as its token was verified.

    False where nobody is logged in; then `error` says why a token was refused, and asking for `subject`, `id`
    or another fact raises AttributeError.

        >>> from flask import Flask
        >>> from sessera import Keyring
        >>> from sessera.flask import Sessera, current_session
        >>> app = Flask("shop")
        >>> app.config["SESSERA_KEYRING"] = Keyring.generate("HS256")
        >>> sessera = Sessera(app)
        >>> @app.get("/")
        ... def home():
        ...     return f"Hello {current_session.subject}" if current_session else "Hello"
        >>> app.test_client().get("/").text
        'Hello'
    """

    def __init__(self, contents: HasVisit) -> None:
        self._contents = contents

    def __bool__(self) -> bool:
        return self._visit.logged_in

    @property
    def error(self) -> str | None:
        """The code of the error for which the request's token was refused; None where there was none."""
        return None if self._visit.error is None else self._visit.error.code

    @property
    def subject(self) -> str:
        """Who the session belongs to."""
        return self._session.subject

    @property
    def id(self) -> str:
        """The session's id, new at every login."""
        return self._session.id

    @property
    def generation(self) -> int:
        """How many times the session was rotated."""
        return self._session.generation

    @property
    def issued_at(self) -> datetime:
        """When its token was issued."""
        return self._session.issued_at

    @property
    def started_at(self) -> datetime:
        """When the user logged in."""
        return self._session.started_at

    @property
    def authenticated_at(self) -> datetime:
        """When the user last authenticated: at the login, or the latest elevation."""
        return self._session.authenticated_at

    @property
    def expires_at(self) -> datetime:
        """When the session expires unless it is used."""
        return self._session.expires_at

    @property
    def ends_at(self) -> datetime:
        """When the session ends for good."""
        return self._session.ends_at

    @property
    def acr(self) -> str | None:
        """How the user authenticated, as one name for the whole."""
        return self._session.acr

    @property
    def amr(self) -> list[str]:
        """How the user authenticated, method by method (RFC 8176)."""
        return self._session.amr

    @property
    def remembered(self) -> bool:
        """Whether the user asked to be remembered at the login."""
        return self._visit.remembered

    @property
    def binding(self) -> Binding:
        """Which facts about the client matched, differed or were absent."""
        return self._session.binding

    @property
    def claims(self) -> Mapping[str, Any]:
        """What `login` and `elevate` put into the session; empty where nobody is logged in.

        It is a copy: the way to change a claim is `elevate`.
        """
        visit = self._visit
        session = visit.session
        if session is None or not visit.logged_in:
            return MappingProxyType({})
        if visit.shown is None or visit.shown[0] is not session:
            visit.shown = (session, MappingProxyType(deepcopy(visit.application_claims())))
        return visit.shown[1]

    @property
    def _visit(self) -> Visit:
        return self._contents.visit

    def watch(self, on_end: Callable[[SessionError], object]) -> Watch:
        """Call `on_end` with the error, once, when the session expires, ends or is revoked anywhere.

        For a WebSocket or a stream, which no later request checks. Keep what it returns, and `cancel` it or
        leave its `with` when the connection is over. `on_end` runs on a thread of its own that serves all
        watches, without a context of the application: let it set a flag or close the connection, and no more.
        It is told within a second of a revocation in another process.

            >>> import threading
            >>> from flask import Flask
            >>> from sessera import Keyring
            >>> from sessera.flask import Sessera, current_session, login, session_required
            >>> app = Flask("shop")
            >>> app.config.update(SESSERA_KEYRING=Keyring.generate("HS256"), SESSERA_STORE="memory")
            >>> sessera = Sessera(app)
            >>> @app.post("/login")
            ... def log_in():
            ...     login("user-42")
            ...     return ""
            >>> @app.get("/ticks")
            ... @session_required
            ... def ticks():
            ...     over = threading.Event()
            ...     watch = current_session.watch(lambda error: over.set())
            ...     def stream():
            ...         with watch:
            ...             yield "begun"
            ...             while not over.wait(1):
            ...                 yield "tick"
            ...     return stream()
            >>> client = app.test_client()
            >>> answer = client.post("/login")
            >>> parts = client.get("/ticks", buffered=False).iter_encoded()
            >>> next(parts)
            b'begun'
            >>> with app.app_context():
            ...     state = sessera.sessions.revoke_subject("user-42")
            >>> set(parts) <= {b'tick'}
            True

        Raises AttributeError where nobody is logged in.
        """
        return self._visit.keeper.sessions.watch(self._session, on_end)

    @property
    def _session(self) -> Session:
        visit = self._visit
        session = visit.session
        if session is None or not visit.logged_in:
            raise AttributeError("nobody is logged in: ask `if current_session` first")
        return session

    def __repr__(self) -> str:
        return f"<CurrentSession {self._visit.session!r}>" if self else "<CurrentSession of nobody>"
