"""Many threads at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

import pytest

from sessera import (
    Client,
    DpopKey,
    DpopVerifier,
    Event,
    Keyring,
    MemoryStore,
    SessionError,
    Sessions,
    SqliteStore,
    Superseded,
)

from .conftest import MakeSessions

THREADS = 50
T = TypeVar("T")


def at_once(work: Callable[[], T]) -> list[T]:
    """What each of the threads got, which all began together."""
    ready = threading.Barrier(THREADS)

    def run(_: int) -> T:
        ready.wait()
        return work()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def test_rotations_at_once_have_one_successor(make_sessions: MakeSessions, algorithm: str) -> None:
    events: list[Event] = []
    sessions = make_sessions(algorithm, observer=events.append)
    token = sessions.issue("user-42", claims={"roles": ["editor"]}).token
    successors = at_once(lambda: sessions.rotate(token))
    assert {issued.session.generation for issued in successors} == {1}
    assert [event.kind for event in events].count("session_rotated") == 1
    if algorithm == "ES256":  # its signatures are random, so the claims are compared
        assert len({issued.token.split(".")[1] for issued in successors}) == 1
    else:
        assert len({issued.token for issued in successors}) == 1
    assert all(sessions.verify(issued.token).subject == "user-42" for issued in successors)


def test_of_elevations_at_once_one_wins(make_sessions: MakeSessions) -> None:
    sessions = make_sessions("EdDSA")
    token = sessions.issue("user-42").token

    def elevate() -> str | None:
        try:
            return sessions.elevate(token).token
        except Superseded:
            return None

    won = [token for token in at_once(elevate) if token]
    assert len(won) == 1
    assert sessions.verify(won[0]).generation == 1


@pytest.mark.parametrize("kind", [MemoryStore, SqliteStore])
def test_everything_may_be_used_from_every_thread(
    make_sessions: MakeSessions, client: Client, tmp_path: Path, algorithm: str, kind: type
) -> None:
    store = SqliteStore(tmp_path / "sessions.db", busy_timeout=60) if kind is SqliteStore else MemoryStore()
    sessions: Sessions = make_sessions(
        algorithm, observer=lambda event: event.kind, store=store, list_sessions=True
    )
    watched = sessions.issue("nobody").session
    proofs, verifier = DpopKey.generate(), DpopVerifier()
    ended: SimpleQueue[SessionError] = SimpleQueue()

    def live() -> None:
        issued = sessions.issue("user-42", claims={"a": [1]}, client=client)
        watch = sessions.watch(issued.session, ended.put)
        assert sessions.verify(issued.token, client=client).claims == {"a": [1]}
        token = sessions.renew(issued.token, client=client, claims={"a": [2]}).token
        rotated = sessions.rotate(token, client=client)
        sessions.recheck(issued.session, live=True)
        sessions.put_data(rotated.session, b"cart")
        assert sessions.data(rotated.session) == b"cart"
        assert issued.session.id in {listed.id for listed in sessions.sessions_of("user-42")}
        sessions.check_csrf(rotated.session, method="POST", token=sessions.csrf_token(rotated.session))
        sessions.elevate(rotated.token, client=client)
        sessions.revoke_session(issued.session.id)
        assert not watch.check()
        with sessions.watch(watched, ended.put):
            sessions.replace_keyring(sessions.keyring)
        verifier.verify(proofs.proof("GET", "https://a/"), method="GET", url="https://a/")

    at_once(live)
    assert {ended.get(timeout=30).code for _ in range(THREADS)} <= {"superseded", "revoked"}
    assert ended.empty()


def test_the_claims_of_one_session_are_made_once_for_all_threads(sessions: Sessions) -> None:
    session = sessions.issue("user-42", claims={"a": list(range(100))}).session
    assert len({id(claims) for claims in at_once(lambda: session.claims)}) == 1


def test_a_ring_that_is_rotated_by_many_loses_no_key() -> None:
    keyring = Keyring.generate("HS256")
    with ThreadPoolExecutor(8) as pool:
        kids = set(pool.map(lambda _: keyring.rotate(), range(20)))
    assert kids < {key.kid for key in keyring.keys()}
