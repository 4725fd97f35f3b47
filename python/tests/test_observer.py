"""What an observer is told."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from datetime import datetime, timezone

import pytest

from sessera import Client, Event, ManualClock, MemoryStore, Reused, Revoked, SessionError, new_device_secret

from .conftest import START, MakeSessions


def test_every_turn_of_a_session_is_told(make_sessions: MakeSessions, clock: ManualClock) -> None:
    events: list[Event] = []
    sessions = make_sessions(observer=events.append)

    def told(act: Callable[[], object]) -> list[tuple[str, str | None, str | None]]:
        events.clear()
        with contextlib.suppress(SessionError):
            act()
        return [(event.kind, event.subject, event.reason) for event in events]

    device = Client(device=new_device_secret())
    issued = sessions.issue("user-42", client=device)
    token, session = issued.token, issued.session
    assert [event.kind for event in events] == ["session_created"]
    assert told(lambda: sessions.verify(token, client=device)) == []
    assert told(lambda: sessions.renew(token, client=device)) == [("session_renewed", "user-42", None)]
    assert told(lambda: sessions.verify(token)) == [
        ("session_binding_changed", "user-42", None),
        ("session_refused", "user-42", "binding_mismatch"),
    ]
    assert told(lambda: sessions.verify("no token")) == [("session_refused", None, "malformed")]
    assert told(lambda: sessions.check_csrf(session, method="POST", token="x")) == [
        ("malicious_csrf", "user-42", "csrf_invalid")
    ]
    assert told(lambda: sessions.csrf_refused(session)) == [("malicious_csrf", "user-42", "csrf_invalid")]
    assert told(sessions.csrf_refused) == [("malicious_csrf", None, "csrf_invalid")]
    assert told(lambda: sessions.rotate(token, client=device)) == [("session_rotated", "user-42", None)]
    new = sessions.rotate(token, client=device).token
    assert told(lambda: sessions.elevate(new, client=device)) == [
        ("privilege_permissions_changed", "user-42", None)
    ]
    assert told(lambda: sessions.revoke_subject("user-42")) == [("authn_token_revoked", "user-42", None)]
    idle = sessions.issue("user-42").token
    clock.advance(1900)
    assert told(lambda: sessions.verify(idle)) == [("session_use_after_expire", "user-42", "expired")]


def test_an_event_names_the_session_so_that_nobody_else_can(make_sessions: MakeSessions) -> None:
    events: list[Event] = []
    sessions = make_sessions(observer=events.append)
    issued = sessions.issue("user-42")
    sessions.renew(issued.token)
    sessions.issue("user-42")
    first, again, other = events
    assert first.at == datetime.fromtimestamp(START, tz=timezone.utc)
    assert first.session == again.session != other.session
    assert first.session is not None
    assert issued.session.id not in first.session


def test_an_observer_that_raises_changes_nothing(
    make_sessions: MakeSessions, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    unraisable: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda what: unraisable.append(type(what.exc_value)))

    def observer(event: Event) -> None:
        raise ZeroDivisionError(event.kind)

    sessions = make_sessions("EdDSA", observer=observer)
    token = sessions.issue("user-42").token
    sessions.verify(sessions.rotate(token).token)
    clock.advance(10)
    with pytest.raises(Reused):
        sessions.verify(token)
    assert set(unraisable) == {ZeroDivisionError}
    assert len(unraisable) == 3


def test_an_observer_may_call_the_sessions(make_sessions: MakeSessions) -> None:
    seen: list[str] = []

    def observer(event: Event) -> None:
        if event.kind == "session_created":
            seen.append(sessions.policy.on_reuse)
            sessions.revoke_subject("somebody-else")
        else:
            seen.append(event.kind)

    sessions = make_sessions(observer=observer)
    sessions.issue("user-42")
    assert seen == ["revoke", "authn_token_revoked"]


def test_an_observer_is_callable(make_sessions: MakeSessions) -> None:
    with pytest.raises(TypeError, match="callable"):
        make_sessions(observer="print")


def test_a_memory_that_overflows_tells_and_refuses_more(make_sessions: MakeSessions) -> None:
    kinds: list[str] = []
    sessions = make_sessions(store=MemoryStore(quota=4), observer=lambda event: kinds.append(event.kind))
    issued = [sessions.issue("user-42") for _ in range(6)]
    for one in issued:
        sessions.revoke_session(one.session.id)
    assert kinds.count("revocations_overflowed") >= 1
    for one in issued:
        with pytest.raises(Revoked):
            sessions.verify(one.token)
