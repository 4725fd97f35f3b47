"""`session.set_expiry()`: an application's own, shorter end of a session, held to by the server."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sessera import Session

#: Where Django keeps it among the contents: seconds of inactivity, or a date in ISO format; 0 is until the
#: browser is closed, which no server sees.
_KEY = "_session_expiry"

#: The part of such a span of inactivity after which the session gets a new token, as in a Policy.
_RENEWED_AFTER = 1 / 6


def _end(session: Session, contents: object) -> tuple[datetime, float] | None:
    """Give when the session is over, and after how many seconds of its token it is to be renewed."""
    value = contents.get(_KEY) if isinstance(contents, dict) else None
    if isinstance(value, str):
        return datetime.fromisoformat(value), float("inf")
    if not isinstance(value, (int, float)) or not value:
        return None
    return session.issued_at + timedelta(seconds=value), value * _RENEWED_AFTER


def is_over(session: Session, contents: object, now: float) -> bool:
    """Tell whether the end is reached that the application set."""
    end = _end(session, contents)
    return end is not None and end[0].timestamp() <= now


def is_due(session: Session, contents: object, now: float) -> bool:
    """Tell whether a session in use is to be renewed, so that it does not seem inactive."""
    end = _end(session, contents)
    return end is not None and session.issued_at.timestamp() + end[1] <= now
