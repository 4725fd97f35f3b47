"""The end of a request: what its response says about the session."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from flask import Response, json

from sessera import Cookie, SessionError

from .data import CLAIM, encode, text_of

if TYPE_CHECKING:
    from .session import FlaskSession
    from .visit import Visit

logger = logging.getLogger("sessera.flask")

#: Errors that are the application's, of what it put into a session or into its settings. They are raised;
#: any other is the outcome of a race or of the times, and leaves the response as it is.
_OF_THE_APPLICATION = frozenset(
    {"invalid_claim", "too_large", "cookie_invalid", "invalid_config", "invalid_key"}
)


def save(session: FlaskSession, response: Response) -> None:
    """Settle what becomes of the session, and write the headers that follow from it.

    Raises SessionError when the application put into the session what no token or no cookie can carry.
    """
    visit = session.opened
    if visit is None:
        _vary(response, "Cookie")
        return
    try:
        if not visit.closed:
            visit.closed = True
            _settle(session, visit)
    finally:
        _write(session, visit, response)


def _settle(session: FlaskSession, visit: Visit) -> None:
    try:
        if visit.session is None:
            _begin(session, visit)
        elif visit.in_store:
            _keep_in_store(session, visit)
        elif not visit.by_cookie:
            _keep_in_header(session, visit)
        elif (text := _changed(session, visit)) is not None:
            _change(session, visit, text)
        elif visit.session.renew_due and not visit.pending:
            _renew(visit)
    except SessionError as error:
        lost = visit.in_store and session.modified and error.code == "store_unavailable"
        if lost or error.code in _OF_THE_APPLICATION:
            raise type(error)(f"flask.session can't be kept: {error}") from error
        logger.info("session not renewed (%s): %s", error.code, error)


def _begin(session: FlaskSession, visit: Visit) -> None:
    """Give a visitor a session when there is something to keep."""
    if not session.modified or not _has_contents(session):
        return
    if visit.may_begin:
        visit.begin(encode(session.serializer, session))
    else:
        logger.info("flask.session is not kept: the request can't be given a new cookie")


def _keep_in_header(session: FlaskSession, visit: Visit) -> None:
    if _changed(session, visit) is not None:
        logger.warning("flask.session is not kept: the request came with a bearer token, and gets no cookie")


def _changed(session: FlaskSession, visit: Visit) -> str | None:
    """Give the contents as text, if they are not those of the token."""
    if not session.modified or visit.session is None:
        return None
    text = encode(session.serializer, session)
    return None if text == text_of(visit.contents() or {}) else text


def _keep_in_store(session: FlaskSession, visit: Visit) -> None:
    """Put the contents into the store if they changed, and renew the token if it is time."""
    due = visit.session is not None and visit.session.renew_due
    if (text := _changed(session, visit)) is not None:
        if not visit.logged_in and not _has_contents(session):
            visit.remove()
            _end(visit)
            return
        # How long the cookie lasts is among the contents.
        due = due or visit.permanent != session.permanent
        visit.put(text)
    if due and visit.by_cookie and not visit.pending:
        session.load()
        _renew(visit)


def _change(session: FlaskSession, visit: Visit, text: str) -> None:
    """Put the contents into the token."""
    claims = visit.application_claims()
    if _has_contents(session):
        claims[CLAIM] = json.loads(text)
    elif not visit.logged_in:
        _end(visit)
        return
    # In its grace a token is renewed into the generation that took its place.
    if visit.rotation_due and not visit.superseded:
        _rotate(visit)
    visit.renew(claims)


def _end(visit: Visit) -> None:
    """Let go of a session that is empty. If another took its place meanwhile, that one's cookie stays."""
    if visit.by_cookie and visit.still_good():
        visit.end()


def _renew(visit: Visit) -> None:
    if not (visit.rotation_due and _rotate(visit)):
        visit.renew()


def _rotate(visit: Visit) -> bool:
    try:
        visit.rotate()
    except SessionError as error:
        if error.code != "store_unavailable":
            raise
        logger.warning("session not rotated (%s): %s", error.code, error)
        return False
    return True


def _has_contents(session: FlaskSession) -> bool:
    """Tell whether there is more than Flask's mark for a permanent session."""
    return any(name != "_permanent" for name in session)


def _write(session: FlaskSession, visit: Visit, response: Response) -> None:
    _vary(response, "Cookie")
    if visit.by_header:
        _vary(response, "Authorization")
    line = _set_cookie(session, visit)
    if line is not None:
        response.headers.add("Set-Cookie", line)
        response.headers["Cache-Control"] = "no-store"
    if visit.logged_out and visit.keeper.settings.clear_site_data:
        name, value = Cookie.CLEAR_SITE_DATA
        response.headers.setdefault(name, value)


def _set_cookie(session: FlaskSession, visit: Visit) -> str | None:
    keeper = visit.keeper
    if not visit.by_cookie:
        return None
    if visit.pending and visit.token is not None and visit.session is not None:
        lasting = None
        if session.permanent:
            lasting = visit.session.ends_at.timestamp() - keeper.settings.unix_seconds()
        return keeper.set_cookie(visit.token, lasting)
    return keeper.cookie.expire_cookie() if visit.ended else None


def _vary(response: Response, name: str) -> None:
    lines = response.headers.getlist("Vary")
    if not lines:
        response.headers.add("Vary", name)
        return
    present = [part.strip() for line in lines for part in line.split(",")]
    if "*" not in present and name.lower() not in (part.lower() for part in present):
        response.headers["Vary"] = ", ".join([*present, name])
