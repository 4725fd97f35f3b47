"""The sessions that an application had before: read once, and replaced."""

from __future__ import annotations

import logging
import weakref
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from flask import has_request_context
from flask.sessions import SecureCookieSessionInterface

from sessera import InvalidConfig, SessionError
from sessera._web import verbs

from . import current

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Flask, Response
    from flask.sessions import SessionInterface, SessionMixin

    from .given import Given
    from .session import FlaskSession

logger = logging.getLogger("sessera.flask")


@dataclass(frozen=True)
class Former:
    """The session interface that was in place before, and until when its sessions are taken over.

    A session of Flask's own is a signed cookie, which nobody can revoke: a copy of it is as good as the
    original until `SESSERA_IMPORT_UNTIL`, however often it was replaced here. That is why there is an end,
    which should be soon: the lifetime of the old sessions, or less.
    """

    interface: SessionInterface
    until: float
    subject: Callable[[Mapping[str, Any]], object] | None
    _app: weakref.ref[Flask]

    @classmethod
    def of(cls, given: Given, app: Flask) -> Former | None:
        """Read the settings.

        Raises InvalidConfig, which names the one that is wrong.
        """
        until = given.value("SESSERA_IMPORT_UNTIL", None)
        subject = _subject(given)
        if until is None:
            if subject is not None:
                raise InvalidConfig("SESSERA_IMPORT_SUBJECT does nothing without SESSERA_IMPORT_UNTIL")
            return None
        if not isinstance(until, datetime) or until.tzinfo is None:
            raise InvalidConfig("SESSERA_IMPORT_UNTIL must be a datetime with a time zone")
        interface = app.session_interface
        if isinstance(interface, SecureCookieSessionInterface) and not app.secret_key:
            raise InvalidConfig("SESSERA_IMPORT_UNTIL: Flask's sessions can't be read without SECRET_KEY")
        return cls(interface, until.timestamp(), subject, weakref.ref(app))

    def cookie_name(self, app: Flask) -> str:
        """Give the name of the cookie that stands for those sessions."""
        return self.interface.get_cookie_name(app)

    def take_over(self, session: FlaskSession) -> None:
        """Fill a session that has just been opened from the one before, if the request brought one."""
        visit = session.visit
        if visit.session is not None or not visit.may_begin:
            return
        # Who brought a cookie of ours that is refused may not go back to the one before.
        if visit.error is not None and not self._same_name(session):
            return
        if session.keeper.settings.unix_seconds() >= self.until:
            return
        contents = dict(self._open(session) or {})
        if not contents:
            return
        refused, visit.error = visit.error, None
        session.adopt(contents)
        try:
            self._begin(session, contents)
        except (TypeError, ValueError, SessionError) as error:
            session.forget()
            visit.error = refused
            logger.warning("a session from before can't be taken over: %s", error)

    def _begin(self, session: FlaskSession, contents: Mapping[str, Any]) -> None:
        subject = None if self.subject is None else self.subject(contents)
        # Either is what is left in many a session of somebody who logged out.
        if subject is not None and subject is not False:
            verbs.login(session, str(subject), None, acr=None, amr=())
            return
        self._let_manager_log_in(session)
        if session.visit.session is None:
            session.visit.begin(session.encode())

    def _let_manager_log_in(self, session: FlaskSession) -> None:
        """Let our LoginManager, if there is one, say whose session it is that Flask-Login began.

        Now, and not when a page asks for the user: until then it would be a visitor's, which no log-out of
        that user ends, and which would become that user's long after the move.
        """
        app = self._app()
        manager = None if app is None else app.extensions.get("sessera_login_manager")
        if manager is not None and has_request_context() and current.open_session() is session:
            manager.take_over()

    def end(self, session: FlaskSession, response: Response) -> None:
        """Take the old cookie from the client, and what it stood for from its store."""
        app = self._app()
        before = self._open(session)
        if app is None or before is None:
            return
        before.clear()
        before.modified = True
        apart = app.response_class()
        self.interface.save_session(app, before, apart)
        if not self._same_name(session):
            for line in apart.headers.getlist("Set-Cookie"):
                response.headers.add("Set-Cookie", line)

    def _open(self, session: FlaskSession) -> SessionMixin | None:
        """Open the session from before; None if the request brought none."""
        app = self._app()
        if app is None:
            return None
        request = app.request_class(session.environ)
        if self.interface.get_cookie_name(app) not in request.cookies:
            return None
        return self.interface.open_session(app, request)

    def _same_name(self, session: FlaskSession) -> bool:
        """Whether our own cookie has the name of the old one, as in development, and takes its place."""
        app = self._app()
        return app is not None and self.interface.get_cookie_name(app) == session.keeper.cookie.name


def _subject(given: Given) -> Callable[[Mapping[str, Any]], object] | None:
    value = given.value("SESSERA_IMPORT_SUBJECT", None)
    if value is None:
        return None
    if isinstance(value, str) and value:
        return lambda contents: contents.get(value)
    if not callable(value):
        raise InvalidConfig("SESSERA_IMPORT_SUBJECT must be a name in the old session, or a function of it")
    return cast("Callable[[Mapping[str, Any]], object]", value)
