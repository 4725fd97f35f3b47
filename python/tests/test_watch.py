"""Being told of the end of a session that no request shows any more."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from sessera import (
    Ended,
    Expired,
    Keyring,
    ManualClock,
    MemoryStore,
    Revoked,
    SessionError,
    Sessions,
    SqliteStore,
    Superseded,
    Watch,
)

from .conftest import AUDIENCE, ISSUER, MakeSessions

PATIENCE = 30


class Told:
    """What `on_end` was called with, and on which thread."""

    def __init__(self) -> None:
        self.errors: list[SessionError] = []
        self.threads: list[threading.Thread] = []
        self.event = threading.Event()

    def __call__(self, error: SessionError) -> None:
        self.errors.append(error)
        self.threads.append(threading.current_thread())
        self.event.set()


def watchers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "sessera-watch"]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    gc.collect()
    wait_until(lambda: not watchers())


def test_an_expiry_fires_once(make_sessions: MakeSessions, clock: ManualClock) -> None:
    for settings in ({}, {"store": None}):
        sessions, told = make_sessions(**settings), Told()
        watch = sessions.watch(sessions.issue("user-42").session, told)
        assert watch.check()
        assert (watch.active, watch.error) == (True, None)
        clock.advance(timedelta(minutes=31))
        assert [watch.check(), watch.check()] == [False, False]
        assert told.event.wait(PATIENCE)
        assert [type(error) for error in told.errors] == [Expired]
        assert (watch.active, watch.error) == (False, told.errors[0])


def test_whatever_ends_a_session_is_told(make_sessions: MakeSessions, clock: ManualClock) -> None:
    sessions = make_sessions()
    ways: list[tuple[type[SessionError], Callable[[str, str], object]]] = [
        (Revoked, lambda sid, token: sessions.revoke_session(sid)),
        (Revoked, lambda sid, token: sessions.revoke_subject("user-42")),
        (Revoked, lambda sid, token: sessions.revoke_all()),
        (Superseded, lambda sid, token: sessions.elevate(token)),
        (Ended, lambda sid, token: clock.advance(timedelta(hours=13))),
    ]
    for kind, end in ways:
        issued, told = sessions.issue("user-42"), Told()
        watch = sessions.watch(issued.session, told)
        end(issued.session.id, issued.token)
        watch.check()
        assert told.event.wait(PATIENCE)
        assert [type(error) for error in told.errors] == [kind]
        clock.advance(1)


def test_a_rotation_is_followed_and_a_renewal_told(make_sessions: MakeSessions, clock: ManualClock) -> None:
    sessions, told = make_sessions(), Told()
    issued = sessions.issue("user-42")
    with sessions.watch(issued.session, told) as watch:
        clock.advance(timedelta(minutes=20))
        rotated = sessions.rotate(issued.token)
        clock.advance(timedelta(minutes=20))
        assert watch.check()
        renewed = sessions.renew(rotated.token)
        watch.renewed(renewed.session)
        assert watch.session is renewed.session
        clock.advance(timedelta(minutes=20))
        assert watch.check()
        with pytest.raises(ValueError, match="its own session"):
            watch.renewed(sessions.issue("user-42").session)
    assert not told.errors


def test_what_was_cancelled_is_not_told(make_sessions: MakeSessions) -> None:
    sessions, told = make_sessions(), Told()
    session = sessions.issue("user-42").session
    with sessions.watch(session, told) as inside:
        pass
    outside = sessions.watch(session, told)
    outside.cancel()
    outside.cancel()
    sessions.revoke_all()
    for watch in (inside, outside):
        assert not watch.check()
        assert not watch.active
    assert not told.errors


def revoke_in_another_process(path: str, jwks: str, sid: str) -> None:
    sessions = Sessions(ISSUER, AUDIENCE, keyring=Keyring.from_jwks(jwks), store=SqliteStore(path))
    sessions.revoke_session(sid)


def test_the_thread_hears_of_another_process(tmp_path: Path) -> None:
    keyring, path = Keyring.generate("HS256"), tmp_path / "sessions.db"
    sessions, told = Sessions(ISSUER, AUDIENCE, keyring=keyring, store=SqliteStore(path)), Told()
    sessions.watch(sessions.issue("another").session, told)
    session = sessions.issue("user-42").session
    sessions.watch(session, told)
    arguments = (str(path), keyring.private_jwks(), session.id)
    process = multiprocessing.get_context("spawn").Process(target=revoke_in_another_process, args=arguments)
    process.start()
    assert told.event.wait(PATIENCE)
    process.join()
    assert [type(error) for error in told.errors] == [Revoked]
    assert told.threads == watchers()
    assert told.threads[0].daemon


def test_all_watches_of_sessions_share_a_thread_that_ends_with_them(make_sessions: MakeSessions) -> None:
    sessions = make_sessions()
    assert not watchers()
    watches = [sessions.watch(sessions.issue("user-42").session, Told()) for _ in range(100)]
    assert len(watchers()) == 1
    for watch in watches:
        watch.cancel()
    wait_until(lambda: not watchers())
    again = sessions.watch(sessions.issue("user-42").session, Told())
    assert len(watchers()) == 1
    again.cancel()


def test_sessions_that_are_dropped_end_their_thread(make_sessions: MakeSessions) -> None:
    sessions, told = make_sessions(), Told()
    watch = sessions.watch(sessions.issue("user-42").session, told)
    gone = weakref.ref(sessions)
    del sessions
    wait_until(lambda: gone() is None)
    wait_until(lambda: not watchers())
    assert not watch.active
    assert not told.errors


def test_what_on_end_raises_ends_nothing_else(
    make_sessions: MakeSessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports: list[SimpleNamespace] = []
    monkeypatch.setattr(sys, "unraisablehook", reports.append)
    sessions, told = make_sessions(), Told()

    def broken(error: SessionError) -> None:
        raise RuntimeError(error.code)

    watches = [sessions.watch(sessions.issue("user-42").session, on_end) for on_end in (broken, told)]
    sessions.revoke_all()
    for watch in watches:
        watch.check()
    assert told.event.wait(PATIENCE)
    wait_until(lambda: len(reports) == 1)
    assert (reports[0].exc_type, str(reports[0].exc_value), reports[0].object) == (
        RuntimeError, "revoked", broken,
    )  # fmt: skip


def test_on_end_may_watch_cancel_and_drop(make_sessions: MakeSessions) -> None:
    sessions, told = make_sessions(), Told()
    other = sessions.issue("another").session
    watches: list[Watch] = []

    def on_end(error: SessionError) -> None:
        watches[0].cancel()
        watches[0].check()
        watches.append(sessions.watch(other, told))
        sessions.revoke_session(other.id)

    session = sessions.issue("user-42").session
    watches.append(sessions.watch(session, on_end))
    sessions.revoke_session(session.id)
    assert told.event.wait(PATIENCE)
    assert len(watches) == 2


def test_an_on_end_that_waits_holds_nobody_up(make_sessions: MakeSessions) -> None:
    sessions = make_sessions()
    one, other = (sessions.issue("user-42").session for _ in range(2))
    begun, cancelled, waited = threading.Event(), threading.Event(), threading.Event()

    def on_end(_: SessionError) -> None:
        begun.set()
        if cancelled.wait(PATIENCE):
            waited.set()

    def cancel(watch: Watch) -> None:
        begun.wait(PATIENCE)
        watch.cancel()
        cancelled.set()

    threading.Thread(target=cancel, args=[sessions.watch(other, print)]).start()
    sessions.watch(one, on_end)
    sessions.revoke_session(one.id)
    assert waited.wait(2 * PATIENCE)


def test_who_cannot_be_called_is_refused(make_sessions: MakeSessions) -> None:
    sessions = make_sessions()
    session = sessions.issue("user-42").session
    for wrong in (None, "on_end"):
        with pytest.raises(TypeError, match="callable"):
            sessions.watch(session, wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        sessions.watch("session", print)  # type: ignore[arg-type]


def test_a_fork_watches_nothing_until_it_is_asked_to(make_sessions: MakeSessions) -> None:
    sessions, told, stop = make_sessions(), Told(), threading.Event()
    session = sessions.issue("user-42").session
    watch = sessions.watch(session, told)

    def look_all_the_time() -> None:
        while not stop.is_set():
            watch.check()

    busy = threading.Thread(target=look_all_the_time)
    busy.start()
    try:
        for _ in range(20):
            child = os.fork()
            if child == 0:
                own = Told()
                good = not watch.active and not watch.check() and not watchers()
                sessions.watch(session, own)
                good = good and len(watchers()) == 1
                sessions.revoke_session(session.id)
                good = good and own.event.wait(PATIENCE) and not told.errors
                os._exit(0 if good else 1)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        stop.set()
        busy.join()
    assert watch.check()
    assert not told.errors
    watch.cancel()


def test_asyncio_awaits_the_end(make_sessions: MakeSessions) -> None:
    sessions = make_sessions()
    session = sessions.issue("user-42").session

    async def until_revoked() -> SessionError:
        end = asyncio.ensure_future(sessions.ended(session))
        done, _ = await asyncio.wait([end], timeout=0)
        assert not done
        sessions.revoke_session(session.id)
        return await asyncio.wait_for(end, PATIENCE)

    assert isinstance(asyncio.run(until_revoked()), Revoked)


def test_a_cancelled_task_watches_no_more(make_sessions: MakeSessions) -> None:
    sessions = make_sessions()
    session = sessions.issue("user-42").session

    async def give_up() -> None:
        end = asyncio.ensure_future(sessions.ended(session))
        await asyncio.sleep(0)
        assert len(watchers()) == 1
        end.cancel()
        with pytest.raises(asyncio.CancelledError):
            await end

    asyncio.run(give_up())
    wait_until(lambda: not watchers())


def test_the_store_that_sessions_share_tells_all_of_them(make_sessions: MakeSessions) -> None:
    store, told = MemoryStore(), Told()
    keyring = Keyring.generate("HS256")
    first, second = (make_sessions(store=store, keyring=keyring) for _ in range(2))
    session = first.issue("user-42").session
    second.watch(session, told)
    first.revoke_session(session.id)
    assert told.event.wait(PATIENCE)
    assert isinstance(told.errors[0], Revoked)
