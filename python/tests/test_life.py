"""The life of a session: what each verb does, and what it leaves of the tokens before."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from sessera import (
    Client,
    Ended,
    Expired,
    InvalidConfig,
    Keyring,
    ManualClock,
    MemoryStore,
    Policy,
    ReauthenticationRequired,
    Reused,
    Revoked,
    Sessions,
    Superseded,
)

from .conftest import START, MakeSessions


def test_what_is_issued_is_what_is_verified(
    make_sessions: MakeSessions, algorithm: str, client: Client
) -> None:
    sessions = make_sessions(algorithm)
    issued = sessions.issue(
        "user-42", claims={"roles": ["editor"]}, client=client, acr="aal2", amr=["pwd", "otp"]
    )
    for session in (issued.session, sessions.verify(issued.token, client=client)):
        assert (session.subject, session.generation) == ("user-42", 0)
        assert len(session.id) == 22
        assert session.claims == {"roles": ["editor"]}
        assert (session.acr, session.amr) == ("aal2", ["pwd", "otp"])
        assert not session.superseded
        assert not session.renew_due


def test_the_times_are_aware_and_those_of_the_policy(sessions: Sessions) -> None:
    session = sessions.issue("user-42").session
    start = datetime.fromtimestamp(START, tz=timezone.utc)
    assert session.issued_at == session.started_at == session.authenticated_at == start
    assert session.expires_at == start + timedelta(minutes=30)
    assert session.ends_at == start + timedelta(hours=12)
    assert {time.tzinfo for time in (session.issued_at, session.started_at, session.ends_at)} == {
        timezone.utc
    }


def test_a_session_keeps_milliseconds_of_its_start(sessions: Sessions, clock: ManualClock) -> None:
    clock.set(START + 0.25)
    assert sessions.issue("user-42").session.started_at.microsecond == 250_000


def test_an_idle_session_expires_and_a_used_one_ends(sessions: Sessions, clock: ManualClock) -> None:
    idle = issued = sessions.issue("user-42")
    clock.advance(timedelta(minutes=29))
    issued = sessions.renew(issued.token)
    clock.advance(timedelta(minutes=2))
    with pytest.raises(Expired):
        sessions.verify(idle.token)
    issued = sessions.renew(issued.token)
    while issued.session.expires_at < issued.session.ends_at:
        clock.advance(timedelta(minutes=29))
        issued = sessions.renew(issued.token)
    clock.advance(timedelta(minutes=31))
    with pytest.raises(Ended):
        sessions.verify(issued.token)


def test_a_renewal_is_due_after_a_sixth_of_the_idle_timeout(sessions: Sessions, clock: ManualClock) -> None:
    token = sessions.issue("user-42").token
    clock.advance(299)
    assert not sessions.verify(token).renew_due
    clock.advance(1)
    assert sessions.verify(token).renew_due
    assert not sessions.verify(sessions.renew(token).token).renew_due


def test_a_renewal_keeps_claims_or_replaces_all_of_them(sessions: Sessions) -> None:
    token = sessions.issue("user-42", claims={"cart": 1, "theme": "dark"}).token
    assert sessions.renew(token).session.claims == {"cart": 1, "theme": "dark"}
    assert sessions.renew(token, claims={"cart": 2}).session.claims == {"cart": 2}
    assert sessions.renew(token, claims={}).session.claims == {}


def test_a_rotated_token_works_for_the_grace_and_then_ends_the_session(
    sessions: Sessions, clock: ManualClock
) -> None:
    old = sessions.issue("user-42", claims={"a": 1})
    new = sessions.rotate(old.token)
    assert (new.session.id, new.session.generation) == (old.session.id, 1)
    assert new.session.claims == {"a": 1}
    assert sessions.verify(old.token).superseded
    assert sessions.rotate(old.token).token == new.token
    sessions.verify(new.token)
    clock.advance(10)
    with pytest.raises(Reused):
        sessions.verify(old.token)
    with pytest.raises(Revoked):
        sessions.verify(new.token)


def test_reuse_may_refuse_the_token_only(make_sessions: MakeSessions, clock: ManualClock) -> None:
    sessions = make_sessions(policy=Policy(on_reuse="refuse"))
    old = sessions.issue("user-42").token
    new = sessions.rotate(old).token
    sessions.verify(new)
    clock.advance(10)
    with pytest.raises(Reused):
        sessions.verify(old)
    assert sessions.verify(new).generation == 1


def test_an_elevation_adds_claims_and_leaves_no_grace(
    sessions: Sessions, clock: ManualClock, client: Client
) -> None:
    old = sessions.issue("user-42", claims={"role": "user", "theme": "dark"}, acr="aal1", amr=["pwd"])
    clock.advance(60)
    new = sessions.elevate(old.token, client=client, claims={"role": "admin"}, acr="aal2", amr=["pwd", "otp"])
    assert new.session.claims == {"role": "admin", "theme": "dark"}
    assert (new.session.acr, new.session.amr) == ("aal2", ["pwd", "otp"])
    assert new.session.authenticated_at == old.session.authenticated_at + timedelta(minutes=1)
    with pytest.raises(Superseded):
        sessions.verify(old.token)
    assert sessions.verify(new.token, client=client).binding.ip == "matched"


def test_revoking_ends_one_session_all_of_a_subject_or_all(sessions: Sessions, clock: ManualClock) -> None:
    def logged_in() -> list[str]:
        clock.advance(1)
        return [sessions.issue(subject).token for subject in ("ann", "ann", "bob")]

    def alive(tokens: list[str]) -> list[bool]:
        return [_accepts(sessions, token) for token in tokens]

    tokens = logged_in()
    sessions.revoke_session(sessions.verify(tokens[0]).id)
    assert alive(tokens) == [False, True, True]
    sessions.revoke_subject("ann")
    assert alive(tokens) == [False, False, True]
    sessions.revoke_all()
    assert alive(tokens) == [False, False, False]
    assert alive(logged_in()) == [True, True, True]


def test_revoking_a_key_ends_what_it_signed(sessions: Sessions) -> None:
    token = sessions.issue("user-42").token
    sessions.revoke_key(sessions.keyring.keys()[0].kid)
    assert not _accepts(sessions, token)


def test_revoking_others_spares_the_session_that_asks(sessions: Sessions) -> None:
    here, there = (sessions.issue("ann", claims={"a": 1}) for _ in range(2))
    new = sessions.revoke_others(here.token)
    assert [_accepts(sessions, token) for token in (here.token, there.token, new.token)] == [
        False,
        False,
        True,
    ]
    assert new.session.id != here.session.id
    assert new.session.claims == {"a": 1}


def test_a_login_revokes_the_session_that_it_replaces(sessions: Sessions) -> None:
    anonymous = sessions.issue("anonymous")
    sessions.issue("user-42", replaces=anonymous.token)
    assert not _accepts(sessions, anonymous.token)


def test_a_live_check_needs_a_store(sessions: Sessions, make_sessions: MakeSessions) -> None:
    token = sessions.issue("user-42").token
    assert sessions.verify(token, live=True).subject == "user-42"
    stateless = make_sessions(store=None)
    assert (sessions.has_store, stateless.has_store) == (True, False)
    token = stateless.issue("user-42").token
    for needs_store in (lambda: stateless.verify(token, live=True), lambda: stateless.rotate(token)):
        with pytest.raises(InvalidConfig, match="store"):
            needs_store()


def test_an_action_may_ask_for_a_recent_and_strong_login(sessions: Sessions, clock: ManualClock) -> None:
    session = sessions.issue("user-42", acr="aal2", amr=["pwd", "otp"]).session
    clock.advance(300)
    sessions.require(session, max_age=timedelta(minutes=5), acr=["aal2", "aal3"], amr=["otp"])
    sessions.require(session, acr="aal2")
    sessions.require(session)
    clock.advance(1)
    with pytest.raises(ReauthenticationRequired):
        sessions.require(session, max_age=300)
    with pytest.raises(ReauthenticationRequired):
        sessions.require(session, acr="aal3")
    with pytest.raises(ReauthenticationRequired):
        sessions.require(session, amr=["hwk"])


def test_sealed_tokens_show_nothing(make_sessions: MakeSessions) -> None:
    sessions = make_sessions(sealed=True)
    token = sessions.issue("user-42", claims={"a": 1}).token
    assert token.count(".") == 4
    assert sessions.verify(token).claims == {"a": 1}


def _accepts(sessions: Sessions, token: str) -> bool:
    try:
        sessions.verify(token)
    except Revoked:
        return False
    return True


def test_a_store_is_shared_by_policies_of_different_lengths(
    make_sessions: MakeSessions, clock: ManualClock
) -> None:
    keyring, store = Keyring.generate("HS256"), MemoryStore()
    shared = {"keyring": keyring, "store": store, "longest_session": timedelta(days=30)}
    short = make_sessions(**shared)
    month = timedelta(days=30)
    long = make_sessions(**shared, policy=Policy(idle_timeout=month, absolute_timeout=month))
    unaware = make_sessions(keyring=keyring, store=store)
    token = long.issue("user-42").token
    clock.advance(timedelta(days=29))
    for sessions in (long, short):
        assert sessions.verify(token).subject == "user-42"
    with pytest.raises(Ended):
        unaware.verify(token)
    with pytest.raises(InvalidConfig, match="400 days"):
        make_sessions(longest_session=timedelta(days=401))
