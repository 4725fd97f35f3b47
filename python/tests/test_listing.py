"""The list of a subject's sessions, and their number."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from sessera import Client, InvalidConfig, ManualClock, Revoked

from .conftest import START, MakeSessions


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(START + seconds, timezone.utc)


def test_a_subject_sees_and_ends_its_sessions(
    make_sessions: MakeSessions, clock: ManualClock, client: Client
) -> None:
    sessions = make_sessions(list_sessions=True)
    first = sessions.issue("user-42", client=client)
    clock.advance(60)
    second = sessions.issue("user-42")
    sessions.issue("user-7")
    clock.advance(60)
    sessions.renew(first.token, client=client)
    one, two = sessions.sessions_of("user-42")
    assert (one.id, one.started_at, one.last_seen) == (first.session.id, at(0), at(120))
    assert (one.label, one.network) == ("firefox/linux", None)
    assert (two.id, two.started_at, two.last_seen, two.label) == (second.session.id, at(60), at(60), None)
    assert two.expires_at == at(60) + timedelta(minutes=30, seconds=30)
    sessions.revoke_session(one.id)
    assert sessions.sessions_of("user-42") == [two]
    assert sessions.sessions_of("nobody") == []


def test_networks_are_listed_only_where_that_is_wanted(make_sessions: MakeSessions, client: Client) -> None:
    sessions = make_sessions(list_networks=True)
    sessions.issue("user-42", client=client)
    assert [listed.network for listed in sessions.sessions_of("user-42")] == ["203.0.113.0/24"]


def test_a_login_too_many_ends_the_oldest(make_sessions: MakeSessions, clock: ManualClock) -> None:
    sessions = make_sessions(max_sessions=2)
    tokens = []
    for _ in range(3):
        clock.advance(1)
        tokens.append(sessions.issue("user-42").token)
    with pytest.raises(Revoked):
        sessions.verify(tokens[0])
    assert len(sessions.sessions_of("user-42")) == 2
    for token in tokens[1:]:
        sessions.verify(token)


def test_a_list_that_cannot_be_kept_is_told(make_sessions: MakeSessions) -> None:
    with pytest.raises(InvalidConfig, match="listed"):
        make_sessions().sessions_of("user-42")
    for settings in ({"list_sessions": True}, {"list_networks": True}, {"max_sessions": 3}):
        with pytest.raises(InvalidConfig, match="without a store"):
            make_sessions(store=None, **settings)
    with pytest.raises(InvalidConfig, match="max_sessions"):
        make_sessions(max_sessions=0)


def test_the_skew_of_clocks_moves_a_cut_ahead(make_sessions: MakeSessions, clock: ManualClock) -> None:
    for skew in (5, timedelta(seconds=5)):
        sessions = make_sessions(clock_skew=skew)
        sessions.revoke_subject("user-42")
        token = sessions.issue("user-42").token
        assert sessions.verify(token).started_at - at(0) == timedelta(seconds=10, milliseconds=1)
    with pytest.raises(InvalidConfig, match="clock_skew"):
        make_sessions(clock_skew=31)


def test_a_memory_of_no_tokens_is_one_setting(make_sessions: MakeSessions, algorithm: str) -> None:
    for remembered in (0, 1, 2048):
        sessions = make_sessions(algorithm, remembered_tokens=remembered)
        token = sessions.issue("user-42").token
        assert all(sessions.verify(token).subject == "user-42" for _ in range(3))
    for wrong in (-1, 1.5, "many"):
        with pytest.raises((TypeError, OverflowError)):
            make_sessions(remembered_tokens=wrong)
