"""A user's sessions on all devices."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from sessera import InvalidConfig

from .subject import subject_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sessera import ListedSession

    from .keeper import Keeper


class Owner(Enum):
    """Whose session is meant, where no subject is named."""

    ANYONE = "anyone"
    CURRENT = "the user who is logged in"

    def __repr__(self) -> str:
        return self.value


#: Ends whoever's session it is, for administrators.
ANYONE = Owner.ANYONE

#: 128 bits as base64url; the last character holds two of them.
_SESSION_ID = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]")


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
    #: The network that it was last seen in, such as `203.0.113.0/24`, where the settings list networks.
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


def sessions_of(keeper: Keeper, subject: object) -> Sequence[ListedSession]:
    """List the live sessions of a subject, oldest first.

    Raises TypeError for a subject that is no user's id, InvalidConfig, which names the setting that is off,
    and StoreUnavailable.
    """
    try:
        return keeper.sessions.sessions_of(subject_of(subject))
    except InvalidConfig as error:
        raise InvalidConfig(f"sessions are not listed: {keeper.lists_by} is not on") from error


def may_end(keeper: Keeper, sid: str, owner: object) -> bool:
    """Tell whether the session of this id is of that subject, so that it may be ended in its name.

    Anyone's may be ended with `ANYONE`, if it is a session id at all; nobody's with None.

    Raises as `sessions_of`.
    """
    if owner is None:
        return False
    if isinstance(owner, Owner):
        return _SESSION_ID.fullmatch(sid) is not None
    return any(listed.id == sid for listed in sessions_of(keeper, owner))
