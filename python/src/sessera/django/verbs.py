"""What a view does with the session, beside django.contrib.auth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessera import InvalidConfig
from sessera._web import listing
from sessera._web.current import CurrentSession
from sessera._web.listing import Owner, UserSession

from .store import SessionStore

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from django.http import HttpRequest

    from sessera import Issued
    from sessera._revocation import RevocationState


def current_session(request: HttpRequest) -> CurrentSession:
    """Give the session of a request, typed; it is false where nobody is logged in.

    What changed in `request.session` is saved first, so that a login of this very request shows.
    """
    return CurrentSession(_store_of(request))


def elevate(
    request: HttpRequest,
    *,
    claims: Mapping[str, Any] | None = None,
    acr: str | None = None,
    amr: Sequence[str] = (),
) -> Issued:
    """Raise the session's rights. Call it when the user has just authenticated again.

    The session goes on under a new generation, authenticated now; the old token is dead at once.

    Raises ReauthenticationRequired when nobody is logged in, Superseded when another request was first,
    InvalidConfig without a store.
    """
    session = _store_of(request)
    session.visit.of_user("to elevate")
    issued = session.visit.elevate(dict(claims or {}), acr, tuple(amr))
    session.modified = True
    return issued


def logout_everywhere(request: HttpRequest, *, keep_current: bool = False) -> RevocationState | None:
    """End all sessions of the user who is logged in; with `keep_current`, all but this one.

    A changed password does so by itself, by Django's `update_session_auth_hash`. Returns "stored", or
    "pending" while the store can't be written: this server refuses them at once, and others follow when the
    store is back; None with `keep_current`.

    Raises ReauthenticationRequired when nobody is logged in, InvalidConfig without a store, StoreUnavailable
    when nothing could be revoked; then nothing has ended.
    """
    from django.contrib.auth import logout

    session = _store_of(request)
    visit = session.visit
    if not visit.keeper.sessions.has_store:
        raise InvalidConfig('without a store (SESSERA["STORE"]) sessions can\'t be ended elsewhere')
    subject = visit.of_user("to end elsewhere").subject
    if keep_current:
        session.end_others()
        session.save()
        return None
    # The others first: what fails here has ended nothing, and the user can try again.
    state = visit.keeper.sessions.revoke_subject(subject)
    logout(request)
    return state


def sessions_of(request: HttpRequest, subject: str | int | UUID | None = None) -> list[UserSession]:
    """List the live sessions of a subject, oldest first; without one, of the user who is logged in.

    A subject is a user's id.

    Raises InvalidConfig unless `SESSERA["LIST_SESSIONS"]` is on, StoreUnavailable, and
    ReauthenticationRequired when nobody is named and nobody is logged in.
    """
    visit = _store_of(request).visit
    owner = visit.of_user("to list").subject if subject is None else subject
    here = visit.session.id if visit.session is not None and visit.logged_in else None
    return [UserSession.of(record, here) for record in listing.sessions_of(visit.keeper, owner)]


def revoke(request: HttpRequest, sid: str, *, of: str | int | UUID | Owner | None = Owner.CURRENT) -> bool:
    """End one of the user's sessions by its id: none of its tokens is accepted from now on.

    False where it is none of theirs, and nothing ends. `of` names another user by the id, for
    administrators; `ANYONE` is whoever it belongs to, for administrators too; None is nobody, to whom no
    session belongs. This request's own ends as with Django's `logout`.

    Raises InvalidConfig unless `SESSERA["LIST_SESSIONS"]` is on, StoreUnavailable, and
    ReauthenticationRequired when nobody is named and nobody is logged in.
    """
    from django.contrib.auth import logout

    visit = _store_of(request).visit
    owner = visit.of_user("to end").subject if of is Owner.CURRENT else of
    if of is Owner.CURRENT and visit.session is not None and visit.session.id == sid:
        logout(request)
        return True
    if not listing.may_end(visit.keeper, sid, owner):
        return False
    if visit.session is not None and visit.session.id == sid:
        logout(request)
    else:
        visit.keeper.sessions.revoke_session(sid)
    return True


def _store_of(request: HttpRequest) -> SessionStore:
    session = request.session
    if not isinstance(session, SessionStore):
        raise TypeError('SESSION_ENGINE must be "sessera.django"')
    if session.modified:
        session.save()
    return session
