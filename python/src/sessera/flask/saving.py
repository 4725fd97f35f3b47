"""The end of a request: what its response says about the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessera import Cookie
from sessera._web.settle import also_varies, cookie_lines, settle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Response

    from sessera._web.visit import Visit

    from .session import FlaskSession


def save(session: FlaskSession, response: Response) -> None:
    """Settle what becomes of the session, and write the headers that follow from it.

    Raises SessionError when the application put into the session what no token or no cookie can carry.
    """
    visit = session.opened
    if visit is None:
        vary(response, session.keeper.door.varies_by)
        return
    try:
        if not visit.closed:
            visit.closed = True
            settle(session, visit)
    finally:
        _write(session, visit, response)


def _write(session: FlaskSession, visit: Visit, response: Response) -> None:
    vary(response, session.keeper.door.varies_by)
    if lines := cookie_lines(session, visit):
        session.keeper.check_transport(session.environ)
        for line in lines:
            response.headers.add("Set-Cookie", line)
        if session.keeper.settings.former is not None:
            session.keeper.settings.former.end(session, response)
        response.headers["Cache-Control"] = "no-store"
    elif visit.logged_in and not response.headers.getlist("Cache-Control"):
        # What was made for a user is in no cache, nor behind the back button, once the user has logged out.
        response.headers.add("Cache-Control", "no-store")
    if visit.logged_out and session.keeper.settings.clear_site_data:
        name, value = Cookie.CLEAR_SITE_DATA
        response.headers.setdefault(name, value)


def vary(response: Response, names: Sequence[str]) -> None:
    """Say that the response depends on those headers of the request."""
    lines = response.headers.getlist("Vary")
    if not lines:
        response.headers.add("Vary", ", ".join(names))
    elif (merged := also_varies(lines, names)) is not None:
        response.headers["Vary"] = merged
