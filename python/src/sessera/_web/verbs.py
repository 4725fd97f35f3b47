"""What an application does with the session of a request: log in, elevate, log out."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from sessera import InvalidClaim, InvalidConfig, Issued

from .refusal import cannot_tell
from .visit import ANONYMOUS, REMEMBERED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .contents import Contents


def login(
    session: Contents,
    subject: str,
    claims: Mapping[str, Any] | None,
    *,
    acr: str | None,
    amr: Sequence[str],
    remember: bool = False,
    device: bool = True,
) -> Issued:
    """Start a session of this subject, which takes the contents along but for those of another subject."""
    if subject == ANONYMOUS:
        raise InvalidClaim("this subject is kept for visitors who are not logged in")
    visit = session.visit
    signed = _application_claims(session, claims)
    session.load()
    if visit.logged_in and visit.session is not None and visit.session.subject != subject:
        session.clear()
    with visit.keeper.telling("authn_login_success", subject):
        return visit.login(
            subject, signed, acr, tuple(amr), contents=_contents(session), remember=remember, device=device
        )


def elevate(
    session: Contents, claims: Mapping[str, Any] | None, *, acr: str | None, amr: Sequence[str]
) -> Issued:
    """Raise the session's rights, under a new generation."""
    visit = session.visit
    visit.of_user("to elevate")
    return visit.elevate(_application_claims(session, claims), acr, tuple(amr))


def logout(session: Contents) -> None:
    """End the session; it raises where there may be one that this server can't tell, and so can't end."""
    visit = session.visit
    ended, user, error = visit.session, visit.logged_in, visit.error
    session.forget()
    visit.end()
    visit.logged_out = True
    if ended is None:
        if cannot_tell(error):
            raise error
        return
    with visit.keeper.telling("session_expired", ended.subject, "logout") if user else nullcontext():
        if visit.keeper.sessions.has_store:
            visit.keeper.sessions.revoke_session(ended.id)


def logout_everywhere(session: Contents, *, keep_current: bool) -> None:
    """End all sessions of the user who is logged in; with `keep_current`, all but this one."""
    visit = session.visit
    if not visit.keeper.sessions.has_store:
        raise InvalidConfig("without a store (SESSERA_STORE) sessions can't be ended elsewhere")
    if not visit.logged_in or visit.session is None:
        logout(session)
    elif keep_current:
        session.load()
        visit.revoke_others(contents=_contents(session))
    else:
        subject = visit.session.subject
        logout(session)
        visit.keeper.sessions.revoke_subject(subject)


def _contents(session: Contents) -> str | None:
    return session.encode() if session else None


def _application_claims(session: Contents, claims: Mapping[str, Any] | None) -> dict[str, Any]:
    own = dict(claims or {})
    claim = session.visit.keeper.claim
    if claim in own:
        raise InvalidClaim(f"the claim `{claim}` holds {session.called}: choose another name")
    if REMEMBERED in own:
        raise InvalidClaim(f"the claim `{REMEMBERED}` says what login(remember=…) said: choose another name")
    return own
