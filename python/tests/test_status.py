"""What is known of revocations, and what a revocation waits for."""

from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from sessera import InvalidConfig, Keyring, MemoryStore, Revoked, Sessions, SqliteStore


def sessions(store: MemoryStore | SqliteStore | None) -> Sessions:
    keyring = Keyring.generate("HS256")
    return Sessions("https://app.example", "web", keyring=keyring, store=store)


def test_a_status_says_how_old_the_knowledge_is_and_whether_to_send_requests(tmp_path: Path) -> None:
    for store in (MemoryStore(), SqliteStore(tmp_path / "sessions.db")):
        app = sessions(store)
        assert app.status().marks == 0
        app.revoke_subject("user-42")
        status = app.status()
        assert (status.freshness, status.ready, status.age) == ("fresh", True, timedelta())
        assert (status.marks, status.overflows, status.refused, status.problem) == (1, 0, 0, None)
        assert status.memory > 0
        assert repr(status) == "<Status fresh, ready, 1 marks>"


def test_without_a_store_there_is_nothing_to_know() -> None:
    status = sessions(None).status()
    assert (status.freshness, status.ready, status.marks) == ("fresh", True, 0)
    assert (status.applied, status.epoch) == (0, 0)


def test_a_revocation_waits_for_what_its_call_says() -> None:
    app = sessions(MemoryStore())
    waits: tuple[Literal["stored", "confirmed"] | None, ...] = ("stored", "confirmed", None)
    for wait in waits:
        issued = app.issue("user-42")
        app.revoke_session(issued.session.id, wait=wait)
        with pytest.raises(Revoked):
            app.verify(issued.token)
    app.revoke_subject("user-42", wait="confirmed")
    app.revoke_all(wait="stored")
    app.revoke_key("leaked", wait="confirmed")


def test_a_wait_that_a_store_does_not_know_is_refused() -> None:
    app = sessions(MemoryStore())
    for wait in (1, -1, 1 << 40, "soon"):
        with pytest.raises(InvalidConfig):
            app.revoke_all(wait=wait)  # type: ignore[arg-type]
    for wrong in (True, 1.5, object()):
        with pytest.raises(TypeError):
            app.revoke_all(wait=wrong)  # type: ignore[arg-type]
    assert app.status().marks == 0
