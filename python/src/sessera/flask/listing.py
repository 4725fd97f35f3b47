"""A user's sessions on all devices: list them, and end one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import has_request_context

from sessera import ReauthenticationRequired
from sessera._web import listing
from sessera._web.listing import ANYONE, Owner, UserSession

from .current import current_session, open_session
from .keeper import current_keeper
from .verbs import logout

if TYPE_CHECKING:
    from uuid import UUID

__all__ = ["ANYONE", "UserSession", "revoke", "sessions_of"]


def sessions_of(subject: str | int | UUID | None = None) -> list[UserSession]:
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


def revoke(sid: str, *, of: str | int | UUID | Owner | None = Owner.CURRENT) -> bool:
    """End one of the user's sessions by its id: none of its tokens is accepted from now on.

    False where it is none of theirs, and nothing ends. `of` names another user, for administrators; `ANYONE`
    is whoever it belongs to, for administrators too; None is nobody, to whom no session belongs. This
    request's own ends as with `logout`.

    Raises InvalidConfig unless `SESSERA_LIST_SESSIONS` is on (with `ANYONE`, only without a store),
    StoreUnavailable, and ReauthenticationRequired when nobody is named and nobody is logged in.
    """
    keeper, here = current_keeper(), _here()
    if of is Owner.CURRENT:
        if not has_request_context():
            raise ReauthenticationRequired("nobody is logged in outside of a request: name the subject")
        of = open_session().visit.of_user("to end").subject
        if sid == here:
            logout()
            return True
    if not listing.may_end(keeper, sid, of):
        return False
    if sid == here:
        logout()
    else:
        keeper.sessions.revoke_session(sid)
    return True


def _here() -> str | None:
    """Give the id of the session of this request, if somebody is logged in."""
    return current_session.id if has_request_context() and current_session else None
