"""A store in a file: shared by objects, processes and their forks, over restarts."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import threading
import traceback
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sessera import (
    InvalidConfig,
    Keyring,
    MemoryStore,
    Reused,
    Revoked,
    SessionError,
    Sessions,
    SqliteStore,
    StoreUnavailable,
)
from tests.conftest import AUDIENCE, ISSUER

KEYRING = Keyring.generate("HS256")


def sessions_on(store: SqliteStore) -> Sessions:
    return Sessions(ISSUER, AUDIENCE, keyring=KEYRING, store=store)


def in_child(work: Callable[[], object]) -> None:
    """Runs `work` in a fork of this very process, and fails with it."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:  # noqa: BLE001  # whatever it is, it must not reach the parent's code
            traceback.print_exc()
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


def refuses(sessions: Sessions, token: str) -> None:
    with pytest.raises(Revoked):
        sessions.verify(token)


def test_the_file_is_private_and_is_told(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "sessions.db")
    assert store.path == tmp_path / "sessions.db"
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}
    assert repr(store) == f"<SqliteStore {store.path}>"
    assert store.doorbell in ("mapped", "polling")


def test_a_path_is_meant_from_where_it_was_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = SqliteStore("sessions.db")
    monkeypatch.chdir("/")
    sessions = sessions_on(store)
    issued = sessions.issue("ada")
    sessions.revoke_session(issued.session.id)
    refuses(sessions, issued.token)
    assert store.path == tmp_path / "sessions.db"


def test_several_sessions_share_one_store_or_one_file(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "sessions.db")
    first, second, third = sessions_on(store), sessions_on(store), sessions_on(SqliteStore(store.path))
    issued = first.issue("ada")
    for sessions in (second, third):
        assert sessions.verify(issued.token).subject == "ada"
    second.revoke_session(issued.session.id)
    for sessions in (first, second, third):
        refuses(sessions, issued.token)


def test_rotation_and_revocation_outlive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    before = sessions_on(SqliteStore(path))
    revoked, kept = before.issue("ada"), before.issue("ada")
    before.revoke_session(revoked.session.id)
    rotated = before.rotate(kept.token)
    again = before.rotate(rotated.token)
    del before
    after = sessions_on(SqliteStore(path))
    refuses(after, revoked.token)
    assert after.verify(again.token).generation == 2
    with pytest.raises(Reused):
        after.verify(kept.token)


def test_a_store_opened_before_a_fork_works_on_both_sides(tmp_path: Path) -> None:
    sessions = sessions_on(SqliteStore(tmp_path / "sessions.db"))
    by_parent, by_child, both = (sessions.issue("ada") for _ in range(3))
    sessions.revoke_session(by_parent.session.id)

    def child() -> None:
        refuses(sessions, by_parent.token)
        sessions.revoke_session(by_child.session.id)
        refuses(sessions, by_child.token)
        assert sessions.rotate(both.token).session.generation == 1
        # A fork of a fork.
        in_child(lambda: refuses(sessions, by_child.token))

    in_child(child)
    refuses(sessions, by_child.token)
    assert sessions.verify(both.token).superseded
    late = sessions.issue("ada")
    sessions.revoke_session(late.session.id)
    refuses(sessions, late.token)
    in_child(lambda: refuses(sessions, late.token))


def test_many_forks_write_at_once_and_lose_nothing(tmp_path: Path) -> None:
    sessions = sessions_on(SqliteStore(tmp_path / "sessions.db", busy_timeout=60))
    issued = [[sessions.issue("ada") for _ in range(20)] for _ in range(4)]
    context = multiprocessing.get_context("fork")

    def work(share: list[Any]) -> None:
        for session in share:
            sessions.revoke_session(session.session.id)

    workers = [context.Process(target=work, args=(share,)) for share in issued]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * len(workers)
    for share in issued:
        for session in share:
            refuses(sessions, session.token)

    def check() -> None:
        with closing(sqlite3.connect(tmp_path / "sessions.db")) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

    in_child(check)


def test_forks_that_see_each_other_at_once(tmp_path: Path) -> None:
    """A revocation in one process is seen by the next verify of the other: no waiting, no polling."""
    sessions = sessions_on(SqliteStore(tmp_path / "sessions.db"))
    ask, asked = multiprocessing.Pipe()
    context = multiprocessing.get_context("fork")

    def revoker() -> None:
        while (session := asked.recv()) is not None:
            sessions.revoke_session(session)
            asked.send("done")

    worker = context.Process(target=revoker)
    worker.start()
    for _ in range(100):
        issued = sessions.issue("ada")
        assert sessions.verify(issued.token)
        ask.send(issued.session.id)
        assert ask.recv()
        refuses(sessions, issued.token)
    ask.send(None)
    worker.join()
    assert worker.exitcode == 0


def test_other_threads_run_while_a_write_waits(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "sessions.db", busy_timeout=60)
    sessions = sessions_on(store)
    issued = sessions.issue("ada")
    held, release = multiprocessing.Event(), multiprocessing.Event()

    def hold() -> None:
        with closing(sqlite3.connect(store.path)) as other:
            other.execute("BEGIN IMMEDIATE")
            held.set()
            release.wait()

    holder = multiprocessing.get_context("fork").Process(target=hold)
    holder.start()
    held.wait()
    writer = threading.Thread(target=sessions.revoke_session, args=(issued.session.id,))
    writer.start()
    assert sessions.verify(issued.token).subject == "ada"
    assert writer.is_alive()
    release.set()
    writer.join()
    holder.join()
    refuses(sessions, issued.token)


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_data_live_and_end_with_their_session(tmp_path: Path, kind: str) -> None:
    store = MemoryStore() if kind == "memory" else SqliteStore(tmp_path / "sessions.db")
    sessions, same = (Sessions(ISSUER, AUDIENCE, keyring=KEYRING, store=store) for _ in range(2))
    session, other = sessions.issue("ada").session, sessions.issue("ada").session
    assert sessions.data(session) is None
    sessions.put_data(session, b"first")
    sessions.put_data(session, b"\x00\xff")
    assert same.data(session) == b"\x00\xff"
    assert sessions.data(other) is None
    sessions.put_data(other, b"other")
    sessions.remove_data(other)
    assert sessions.data(other) is None
    sessions.revoke_session(session.id)
    assert same.data(session) is None
    with pytest.raises(Revoked):
        sessions.put_data(session, b"late")


def test_without_a_store_there_is_no_place_for_data() -> None:
    sessions = Sessions(ISSUER, AUDIENCE, keyring=KEYRING)
    session = sessions.issue("ada").session
    with pytest.raises(InvalidConfig):
        sessions.put_data(session, b"")
    with pytest.raises(InvalidConfig):
        sessions.data(session)


@pytest.mark.parametrize("busy_timeout", [-1, "5", True])
def test_a_wrong_timeout_is_refused(tmp_path: Path, busy_timeout: Any) -> None:
    with pytest.raises((TypeError, InvalidConfig)):
        SqliteStore(tmp_path / "sessions.db", busy_timeout=busy_timeout)


def test_a_timeout_is_a_timedelta_or_seconds(tmp_path: Path) -> None:
    for busy_timeout in (0, 1.5, timedelta(seconds=1)):
        SqliteStore(tmp_path / "sessions.db", busy_timeout=busy_timeout)


def test_what_cannot_be_opened_is_an_error_that_says_why(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="directory"):
        SqliteStore(tmp_path / "missing" / "sessions.db")
    with pytest.raises(StoreUnavailable):
        SqliteStore(tmp_path)
    with pytest.raises(InvalidConfig, match="MemoryStore"):
        SqliteStore(":memory:")
    (tmp_path / "notes").write_text("no database at all, but a text that is long enough" * 100)
    with pytest.raises(SessionError):
        SqliteStore(tmp_path / "notes")


def test_another_applications_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE things (name TEXT)")
    before = (tmp_path / "other.db").read_bytes()
    with pytest.raises(InvalidConfig):
        SqliteStore(tmp_path / "other.db")
    assert (tmp_path / "other.db").read_bytes() == before


def test_a_file_that_is_gone_leaves_revocations_pending(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    sessions = sessions_on(SqliteStore(path))
    issued = sessions.issue("ada")
    path.unlink()
    assert sessions.revoke_session(issued.session.id) == "pending"
    assert sessions.status().pending == 1
    with pytest.raises(Revoked):
        sessions.verify(issued.token)
    with pytest.raises(StoreUnavailable):
        sessions.verify(issued.token, live=True)
    assert not path.exists()


def test_without_the_doorbell_others_are_heard_too(tmp_path: Path) -> None:
    stores = [SqliteStore(tmp_path / "sessions.db", doorbell=bell) for bell in (False, True)]
    assert stores[0].doorbell == "polling"
    one, other = (sessions_on(store) for store in stores)
    issued = one.issue("user-42")
    other.revoke_session(issued.session.id)
    refuses(one, issued.token)
