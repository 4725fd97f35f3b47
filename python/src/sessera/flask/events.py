"""What happens to sessions, as signals."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from blinker import Namespace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from blinker import NamedSignal

    from sessera import Binding, Event

#: Every kind of event, by the OWASP Logging Vocabulary where it has a name, and what it tells.
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "authn_login_success": "somebody logged in",
        "session_created": "a session began: at a login, a visitor's, or in place of the one that was kept",
        "session_renewed": "its idle limit was moved on, or its contents changed",
        "session_rotated": "it has a new generation",
        "privilege_permissions_changed": "it was elevated",
        "session_expired": "its user logged out; the reason is `logout`",
        "session_use_after_expire": "a token was shown that had expired",
        "session_refused": "a token was refused; the reason is the error's code",
        "session_binding_changed": "the client looks different from the one that logged in",
        "session_accepted_stale": "a token was accepted on revocations that are not fresh",
        "authn_token_revoked": "a session, or all of a subject's, or everybody's, were ended",
        "revocation_pending": "a session was ended in this process, and the store could not be written yet",
        "authn_token_reuse": "a token was shown after it had been rotated away: somebody may have stolen it",
        "revocations_overflowed": "there were more revocations than the index holds: older sessions ended",
        "revocations_near_quota": "the index of revocations is half full",
        "cutoff_ahead": "sessions were ended up to a time far ahead: was a clock wrong?",
        "revocations_fresh": "what this process knows of revocations is fresh again",
        "revocations_stale": "what it knows of them is no longer fresh",
        "revocations_expired": "what it knows of them is too old, or nothing yet",
        "revocations_refused": "there are values in the store that nobody of ours has written",
        "malicious_csrf": "a request was refused that another site may have made",
    }
)


@dataclass(frozen=True)
class SessionEvent:
    """One thing that happened to a session. It never holds a token, a key or a session id."""

    #: What happened: one of `KINDS`.
    kind: str
    #: When, by the clock of the application's sessions.
    at: datetime
    #: Whose session it was, where that is known; `~anonymous` for visitors.
    subject: str | None = None
    #: A name for the session that only this deployment can make. None where no session is known.
    session: str | None = None
    #: Why a token was refused: the code of the error; or `logout`.
    reason: str | None = None
    #: Of `authn_token_reuse`: how long ago the token was replaced, by how many generations, and which facts
    #: about the client matched. A restored backup of a phone or of a browser looks like a theft.
    replaced_ago: timedelta | None = None
    generations: int | None = None
    binding: Binding | None = None

    @classmethod
    def of(cls, event: Event) -> SessionEvent:
        """Take over what the sessions tell."""
        known = (event.kind, event.at, event.subject, event.session, event.reason)
        return cls(*known, event.replaced_ago, event.generations, event.binding)


_signals = Namespace()

session_event = _signals.signal("session-event")
"""Sent for each event, by the application, with the SessionEvent as `event`.

    >>> from flask import Flask
    >>> from sessera.flask import session_event
    >>> app = Flask("shop")
    >>> @session_event.connect_via(app)
    ... def note(app, event, **extra):
    ...     app.logger.info("%s %s %s", event.kind, event.subject, event.reason)
"""


def event_signal(kind: str) -> NamedSignal:
    """Give the signal of one kind of event, which is sent as `session_event` is.

    Raises ValueError for a kind that is not in `KINDS`.

        >>> from flask import Flask
        >>> from sessera.flask import event_signal
        >>> app = Flask("shop")
        >>> @event_signal("authn_token_reuse").connect_via(app)
        ... def warn(app, event, **extra):
        ...     app.logger.warning("somebody may have stolen a token of %s", event.subject)
    """
    return _signals.signal(known(kind))


def known(kind: str) -> str:
    """Give the kind back if there is one of that name.

    Raises ValueError.
    """
    if kind not in KINDS:
        raise ValueError(f"there is no event {kind!r}, only {', '.join(KINDS)}")
    return kind


def signals_of(kind: str) -> tuple[NamedSignal, ...]:
    """Give the signal for events of this kind, if anybody has ever asked for it."""
    signal = _signals.get(kind)
    return () if signal is None else (signal,)
