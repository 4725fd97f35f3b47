"""The end of a request: what becomes of its session."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING

from sessera import SessionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .contents import Contents
    from .visit import Visit

#: Errors that are the application's, of what it put into a session or into its settings. They are raised;
#: any other is the outcome of a race or of the times, and leaves the response as it is.
_OF_THE_APPLICATION = frozenset(
    {"invalid_claim", "too_large", "cookie_invalid", "invalid_config", "invalid_key"}
)


def settle(session: Contents, visit: Visit) -> None:
    """Settle what becomes of a session that was opened.

    Raises SessionError when the application put into the session what no token or no cookie can carry.
    """
    if visit.was_overtaken:
        visit.keeper.logger.info("%s is not kept: this visitor has just logged in", session.called)
        return
    try:
        if visit.session is None:
            _begin(session, visit)
        elif visit.in_store:
            _keep_in_store(session, visit)
        elif not visit.by_cookie:
            _keep_in_header(session, visit)
        elif (text := _changed(session, visit)) is not None:
            _change(session, visit, text)
        elif visit.due:
            renew(visit)
    except SessionError as error:
        lost = visit.in_store and session.modified and error.code == "store_unavailable"
        if lost or error.code in _OF_THE_APPLICATION:
            raise type(error)(f"{session.called} can't be kept: {error}") from error
        visit.keeper.logger.info("session not renewed (%s): %s", error.code, error)


def cookie_lines(session: Contents, visit: Visit) -> Sequence[str]:
    """Write the `Set-Cookie` lines that the response needs: none where nothing changed for the client.

    Raises CookieInvalid when a cookie would be over 4096 bytes.
    """
    if not visit.by_cookie or not (visit.pending or visit.ended or visit.logged_out):
        return ()
    keeper = visit.keeper
    lines: list[str] = []
    if visit.pending and visit.token is not None and visit.session is not None:
        left = visit.session.ends_at.timestamp() - keeper.unix_seconds()
        lines.append(keeper.set_cookie(visit.token, left if session.lasting or visit.remembered else None))
        if visit.device_pending and visit.device is not None:
            # It outlives the browser if need be: how long the session's cookie lasts may change yet.
            lines.append(keeper.set_device_cookie(visit.device, left))
    elif visit.ended:
        lines.append(keeper.cookie.expire_cookie())
    if visit.logged_out and keeper.device_cookie is not None and not visit.device_pending:
        lines.append(keeper.device_cookie.expire_cookie())
    return lines


def also_varies(lines: Sequence[str], names: Sequence[str]) -> str | None:
    """Give the `Vary` header for a response that has such lines, and depends on these headers, too.

    None where it says so already.
    """
    present = [part.strip() for line in lines for part in line.split(",")]
    known = [part.lower() for part in present]
    missing = [name for name in names if name.lower() not in known]
    return ", ".join([*present, *missing]) if missing and "*" not in present else None


def _begin(session: Contents, visit: Visit) -> None:
    """Give a visitor a session when there is something to keep."""
    if not session.modified or not session.filled:
        return
    if visit.may_begin:
        visit.begin(session.encode())
    else:
        visit.keeper.logger.info("%s is not kept: the request can't be given a new cookie", session.called)


def _keep_in_header(session: Contents, visit: Visit) -> None:
    if _changed(session, visit) is not None:
        visit.keeper.logger.warning(
            "%s is not kept: the request came with a bearer token, and gets no cookie", session.called
        )


def _changed(session: Contents, visit: Visit) -> str | None:
    """Give the contents as text, if they are not those of the token."""
    if not session.modified or visit.session is None:
        return None
    text = session.encode()
    return None if text == session.text_of(visit.contents() or {}) else text


def _keep_in_store(session: Contents, visit: Visit) -> None:
    """Put the contents into the store if they changed, and renew the token if it is time."""
    due = visit.due
    if (text := _changed(session, visit)) is not None:
        if not session.filled and _may_end(visit):
            visit.remove()
            _end(visit)
            return
        # How long the cookie lasts is among the contents.
        due = due or session.lasted(visit.contents()) != session.lasting
        visit.put(text)
    if due and visit.by_cookie and not visit.pending:
        session.load()
        renew(visit, wanted=True)


def _change(session: Contents, visit: Visit, text: str) -> None:
    """Put the contents into the token."""
    claims = visit.application_claims()
    if session.filled:
        claims[visit.keeper.claim] = json.loads(text)
    elif _may_end(visit):
        _end(visit)
        return
    # In its grace a token is renewed into the generation that took its place.
    if visit.rotation_due and not visit.superseded:
        rotate(visit)
    visit.renew(claims)


def _may_end(visit: Visit) -> bool:
    """Tell whether a session is worth nothing without contents."""
    return not visit.logged_in and not visit.keeper.keeps_visitors


def _end(visit: Visit) -> None:
    """Let go of a visitor's token that has nothing in it any more."""
    if visit.by_cookie:
        visit.end()


def renew(visit: Visit, *, wanted: bool = False) -> None:
    """Give the session a new token: of a new generation if that is due, else one whose idle limit is moved.

    That is done where it is due, or wanted anyway.
    """
    if visit.rotation_due and rotate(visit):
        return
    if wanted or (visit.session is not None and visit.session.renew_due):
        visit.renew()


def rotate(visit: Visit) -> bool:
    """Move the session on by a generation, and tell whether the server could do it.

    No response fails because a rotation could not be stored, whatever the reason: the session is renewed
    instead.
    """
    try:
        visit.rotate()
    except SessionError as error:
        if error.http_status != HTTPStatus.SERVICE_UNAVAILABLE:
            raise
        visit.keeper.logger.warning("session not rotated (%s): %s", error.code, error)
        return False
    return True
