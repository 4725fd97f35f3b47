"""A store that can't be reached, for tests of what is answered then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessera import StoreUnavailable

if TYPE_CHECKING:
    from sessera import Session, Sessions


class Away:
    """Sessions whose store can't be read just now."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sessions, name)

    def data(self, _session: Session) -> bytes | None:
        raise StoreUnavailable("the store is away")
