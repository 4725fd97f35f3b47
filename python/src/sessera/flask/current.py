"""`current_session`: the session of this request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import has_request_context
from flask import session as flask_session

from sessera._web.current import CurrentSession

from .session import FlaskSession

if TYPE_CHECKING:
    from sessera._web.visit import Visit

__all__ = ["CurrentSession", "current_session", "open_session"]


def open_session() -> FlaskSession:
    """Find the `flask.session` behind Flask's proxy."""
    session = flask_session._get_current_object()  # type: ignore[attr-defined]  # documented
    if isinstance(session, FlaskSession):
        return session
    raise RuntimeError("this application was not given to Sessera: call Sessera(app), or init_app(app)")


class _Context:
    """Whatever request is being handled."""

    @property
    def visit(self) -> Visit:
        """The dealings with the session of that request."""
        return open_session().visit


class _CurrentSession(CurrentSession):
    """The CurrentSession of whatever request is being handled.

    It is no LocalProxy of one that each request makes: that would cost thrice as much at every use.
    """

    def __bool__(self) -> bool:
        return has_request_context() and super().__bool__()


current_session: CurrentSession = _CurrentSession(_Context())
"""The CurrentSession of the request that is being handled; false outside of a request."""
