"""What happened to sessions, newest first: the last entries of this process, gone when it ends."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timezone

from flask import Flask
from sessera.flask import SessionEvent

# Sessera's names for events (the OWASP logging vocabulary where it has one), in the shop's words.
_WORDS = {
    "authn_login_success": "Logged in",
    "session_created": "Visit begun",
    "session_expired": "Logged out",
    "session_renewed": "Token renewed",
    "session_rotated": "Session rotated",
    "privilege_permissions_changed": "Let into the back room",
    "session_use_after_expire": "Refused",
    "session_refused": "Refused",
    "session_binding_changed": "Client looks different",
    "authn_token_revoked": "Session ended",
    "authn_token_reuse": "Old token used again",
    "malicious_csrf": "Refused",
}


@dataclass(frozen=True)
class Entry:
    """One thing that happened; `code` is the stable code of a refusal, or empty."""

    what: str
    who: str = ""
    session: str = ""
    code: str = ""
    at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))


_ENTRIES: deque[Entry] = deque(maxlen=100)


def write(what: str, who: str = "", session: str = "", code: str = "") -> None:
    """Adds an entry. `deque.appendleft` is atomic, so threads need no lock."""
    _ENTRIES.appendleft(Entry(what, who, session, code))


def observe(_: Flask, event: SessionEvent, **_more: object) -> None:
    """Adds what Sessera tells: its events hold no token, and a session only by a name that is not its id."""
    what, who = _WORDS.get(event.kind, event.kind), event.subject or ""
    if who.startswith("~"):
        who = "a visitor"
    elif event.kind == "session_created":
        return  # A user's is told as a login.
    write(what, who=who, session=(event.session or "")[:6], code=event.reason or "")


def entries() -> list[Entry]:
    """All entries, newest first."""
    return list(_ENTRIES)
