"""A user's sessions on all devices: list them, and end one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Literal

from flask import has_request_context

from sessera import InvalidConfig, ReauthenticationRequired

from .current import current_session, open_session
from .keeper import current_keeper
from .verbs import logout

if TYPE_CHECKING:
    from datetime import datetime

    from sessera import ListedSession


class Owner(Enum):
    """Whose session is meant, where no subject is named."""

    ANYBODY = "anybody"

    def __repr__(self) -> str:
        return self.value


@dataclass(frozen=True)
class UserSession:
    """One of a user's sessions, as the user may see it."""

    #: Its id, for `revoke`.
    id: str
    #: When the user logged in.
    started_at: datetime
    #: When it was last renewed; requests between two renewals, 5 minutes by default, are not counted.
    last_seen: datetime
    #: When it expires unless it is used.
    expires_at: datetime
    #: The client's software, such as `firefox/linux`, where it said.
    label: str | None
    #: The network that it was last seen in, such as `203.0.113.0/24`, with `SESSERA_LIST_NETWORKS`.
    network: str | None
    #: Whether it is the session of this request.
    current: bool

    @classmethod
    def of(cls, listed: ListedSession, current: str | None) -> UserSession:
        """Take over what the store has listed; `current` is the id of this request's session."""
        return cls(
            id=listed.id,
            started_at=listed.started_at,
            last_seen=listed.last_seen,
            expires_at=listed.expires_at,
            label=listed.label,
            network=listed.network,
            current=listed.id == current,
        )


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
    try:
        listed = current_keeper().sessions.sessions_of(subject)
    except InvalidConfig as error:
        raise InvalidConfig("sessions are not listed: SESSERA_LIST_SESSIONS is not on") from error
    return [UserSession.of(record, here) for record in listed]


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
    if of is not Owner.ANYBODY and all(listed.id != sid for listed in sessions_of(of)):
        return False
    if sid == _here():
        logout()
    else:
        current_keeper().sessions.revoke_session(sid)
    return True


def _here() -> str | None:
    """Give the id of the session of this request, if somebody is logged in."""
    return current_session.id if has_request_context() and current_session else None
