"""A user's sessions on all devices: list them, and end one."""

from __future__ import annotations

from typing import Literal

from flask import has_request_context

from sessera import ReauthenticationRequired
from sessera._web import listing
from sessera._web.listing import Owner, UserSession

from .current import current_session, open_session
from .keeper import current_keeper
from .verbs import logout

__all__ = ["UserSession", "revoke", "sessions_of"]


def sessions_of(subject: str | None = None) -> list[UserSession]:
    """List the live sessions of a subject, oldest first; without one, of the user who is logged in.

    Raises InvalidConfig unless `SESSERA_LIST_SESSIONS` is on, StoreUnavailable, and ReauthenticationRequired
    when nobody is named and nobody is logged in.

        >>> from flask import Flask
        >>> from sessera import Keyring
        >>> from sessera.flask import Sessera, login, revoke, sessions_of
        >>> app = Flask("shop")
        >>> app.config.update(SESSERA_KEYRING=Keyring.generate("HS256"), SESSERA_LIST_SESSIONS=True)
        >>> sessera = Sessera(app)
        >>> with app.test_request_context(headers={"User-Agent": "Firefox/140.0"}):
        ...     issued = login("ada")
        ...     [(listed.label, listed.current) for listed in sessions_of()]
        [('firefox/other', True)]
    """
    here = _here()
    if subject is None:
        if not has_request_context():
            raise ReauthenticationRequired("nobody is logged in outside of a request: name the subject")
        subject = open_session().visit.of_user("to list").subject
    return [UserSession.of(record, here) for record in listing.sessions_of(current_keeper(), subject)]


def revoke(sid: str, *, of: str | Literal[Owner.ANYBODY] | None = Owner.ANYBODY) -> bool:
    """End one session by its id: none of its tokens is accepted from now on. False if it is none of theirs.

    A user may end the own ones only: where the id comes from a form, name the user with `of`, such as
    `current_session.subject`, and what is not on that list stays. None is nobody, a visitor for instance, to
    whom no session belongs: nothing ends. Without `of` any session ends, which is for administrators. This
    request's own ends as with `logout`.

    Raises InvalidClaim when it is no session id, InvalidConfig without a store, or where `of` is asked for
    and sessions are not listed, and StoreUnavailable.
    """
    if of is None:
        return False
    if of is not Owner.ANYBODY and not listing.is_of(current_keeper(), sid, of):
        return False
    if sid == _here():
        logout()
    else:
        current_keeper().sessions.revoke_session(sid)
    return True


def _here() -> str | None:
    """Give the id of the session of this request, if somebody is logged in."""
    return current_session.id if has_request_context() and current_session else None
