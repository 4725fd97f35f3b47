"""`current_session`: the session of this request."""

from __future__ import annotations

from typing import cast

from flask import session as flask_session
from werkzeug.local import LocalProxy

from sessera._web.current import CurrentSession

from .session import FlaskSession

__all__ = ["CurrentSession", "current_session", "open_session"]


def open_session() -> FlaskSession:
    """Find the `flask.session` behind Flask's proxy."""
    session = flask_session._get_current_object()  # type: ignore[attr-defined]  # documented
    if isinstance(session, FlaskSession):
        return session
    raise RuntimeError("this application was not given to Sessera: call Sessera(app), or init_app(app)")


def _current() -> CurrentSession:
    session = open_session()
    visit = session.visit
    if visit.current is None:
        visit.current = CurrentSession(session)
    return visit.current


current_session = cast("CurrentSession", LocalProxy(_current))
"""The CurrentSession of the request that is being handled; false outside of a request."""
