"""What an application does with the session of a request: log in, elevate, log out."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from sessera import InvalidClaim, InvalidConfig, Issued

from .subject import subject_of
from .visit import ANONYMOUS, REMEMBERED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sessera._revocation import RevocationState

    from .contents import Contents


def login(
    session: Contents,
    subject: object,
    claims: Mapping[str, Any] | None,
    *,
    acr: str | None,
    amr: Sequence[str],
    remember: bool = False,
    device: bool = True,
) -> Issued:
    """Start a session of this subject, which takes the contents along but for those of another subject.

    Raises TypeError for a subject that is no user's id.
    """
    subject = subject_of(subject)
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


def logout(session: Contents) -> RevocationState | None:
    """End the session, also one that is refused by now; None where there was nothing to end.

    Where the session can't be ended this raises, and the client keeps its cookie.
    """
    visit = session.visit
    user = visit.session.subject if visit.logged_in and visit.session is not None else None
    with visit.keeper.telling("session_expired", user, "logout") if user else nullcontext():
        state = visit.revoke()
        _forget(session)
    return state


def logout_everywhere(session: Contents, *, keep_current: bool) -> RevocationState | None:
    """End all sessions of the user who is logged in; with `keep_current`, all but this one."""
    visit = session.visit
    if not visit.keeper.sessions.has_store:
        raise InvalidConfig("without a store (SESSERA_STORE) sessions can't be ended elsewhere")
    subject = visit.of_user("to end elsewhere").subject
    if keep_current:
        session.load()
        visit.revoke_others(contents=_contents(session))
        return None
    # The others first: what fails here has ended nothing, and the user can try again.
    with visit.keeper.telling("session_expired", subject, "logout"):
        state = visit.keeper.sessions.revoke_subject(subject)
        _forget(session)
    return state


def _forget(session: Contents) -> None:
    """Empty the session, and have the response take the cookies from the client."""
    session.forget()
    session.visit.end()
    session.visit.logged_out = True


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
