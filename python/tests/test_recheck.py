"""What a verified session is worth later, without its token."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sessera import Ended, Expired, InvalidConfig, ManualClock, Revoked, Superseded

from .conftest import MakeSessions

IDLE = timedelta(minutes=30)
LEEWAY = timedelta(seconds=30)


def test_it_tells_how_long_the_session_is_accepted_still(
    make_sessions: MakeSessions, clock: ManualClock
) -> None:
    for settings in ({}, {"store": None}):
        sessions = make_sessions(**settings)
        session = sessions.verify(sessions.issue("user-42").token)
        assert sessions.recheck(session) == IDLE + LEEWAY
        clock.advance(IDLE + LEEWAY - timedelta(milliseconds=1))
        assert sessions.recheck(session) == timedelta(milliseconds=1)
        clock.advance(timedelta(milliseconds=1))
        with pytest.raises(Expired):
            sessions.recheck(session)
        clock.advance(timedelta(hours=12))
        with pytest.raises(Ended):
            sessions.recheck(session)


def test_a_revocation_is_seen_and_a_rotation_followed(
    make_sessions: MakeSessions, clock: ManualClock
) -> None:
    sessions = make_sessions()
    issued = sessions.issue("user-42")
    clock.advance(timedelta(minutes=20))
    newer = sessions.rotate(issued.token)
    clock.advance(timedelta(minutes=20))
    assert sessions.recheck(issued.session) == sessions.recheck(newer.session) == IDLE / 3 + LEEWAY
    elevated = sessions.elevate(newer.token)
    with pytest.raises(Superseded):
        sessions.recheck(newer.session)
    sessions.revoke_subject("user-42")
    with pytest.raises(Revoked):
        sessions.recheck(elevated.session)


def test_a_live_look_needs_a_store(make_sessions: MakeSessions) -> None:
    sessions = make_sessions()
    assert sessions.recheck(sessions.issue("user-42").session, live=True) == IDLE + LEEWAY
    sessions = make_sessions(store=None)
    with pytest.raises(InvalidConfig, match="store"):
        sessions.recheck(sessions.issue("user-42").session, live=True)
