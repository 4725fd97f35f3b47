"""The life of a session at the web door, the same in every framework."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sessera import Client, Policy

from .site import CHROME, FIREFOX

if TYPE_CHECKING:
    from pathlib import Path

    from sessera import ManualClock

    from .conftest import MakeSite
    from .site import Browser, Site


def test_a_logout_with_an_idle_token_ends_what_a_copy_kept_alive(site: Site, clock: ManualClock) -> None:
    owner = site.login()
    clock.advance(20 * 60)
    copy = site.sessions.renew(str(owner.token)).token
    clock.advance(11 * 60)
    assert site.code(owner.token) == "expired"
    assert owner.post("/logout").status == 200
    assert owner.token is None
    assert site.code(copy) == "revoked"


def test_a_login_ends_the_session_of_an_idle_token(site: Site, clock: ManualClock) -> None:
    owner = site.login()
    clock.advance(20 * 60)
    copy = site.sessions.renew(str(owner.token)).token
    clock.advance(11 * 60)
    owner.post("/login")
    assert site.code(owner.token) == "ok"
    assert site.code(copy) == "revoked"


def test_a_logout_everywhere_of_nobody_is_no_mere_logout(site: Site, clock: ManualClock) -> None:
    owner, other = site.login(), site.login()
    clock.advance(20 * 60)
    copy = site.sessions.renew(str(other.token)).token
    clock.advance(11 * 60)
    token = owner.token
    assert owner.post("/everywhere").status == 401
    assert owner.token == token, "the user can log in and try again"
    assert site.code(copy) == "ok"
    assert site.browser().post("/everywhere").status == 401


@pytest.mark.parametrize("owner_path", ["/read", "/write"])
@pytest.mark.parametrize("thief_path", ["/read", "/write"])
def test_a_theft_is_found_whether_sessions_are_read_or_written(
    site: Site, clock: ManualClock, owner_path: str, thief_path: str
) -> None:
    def ask(browser: Browser, path: str) -> object:
        return (browser.post(path) if path == "/write" else browser.get(path)).body

    owner = site.login()
    ask(owner, owner_path)
    thief = site.browser(token=owner.token)
    for _ in range(8):
        clock.advance(60)
        assert "error" not in str(ask(thief, thief_path))
    clock.advance(11)
    assert ask(owner, "/read") == {"subject": None, "error": "reused"}
    assert ask(thief, "/read") == {"subject": None, "error": "revoked"}


def test_a_session_that_is_written_rotates_as_one_that_is_read(site: Site, clock: ManualClock) -> None:
    reader, writer = site.login(), site.login()
    for _ in range(30):
        clock.advance(60)
        reader.get("/read")
        writer.post("/write")
    generations = [browser.get("/read").body["generation"] for browser in (reader, writer)]
    assert generations == [6, 6]


def test_a_reuse_is_found_also_when_the_token_went_idle(site: Site, clock: ManualClock) -> None:
    owner = site.login()
    thief = site.browser(token=owner.token)
    for _ in range(31):
        clock.advance(60)
        thief.get("/read")
    assert owner.get("/read").body == {"subject": None, "error": "reused"}
    assert thief.get("/read").body == {"subject": None, "error": "revoked"}


def test_a_lost_answer_is_no_theft(site: Site, clock: ManualClock) -> None:
    owner = site.login()
    before = owner.token
    clock.advance(301)
    lost = site.browser(token=before)
    lost.get("/read")
    for pause in (11, 600, 600):
        clock.advance(pause)
        again = site.browser(token=before)
        assert again.get("/read").body["subject"] is not None
        assert again.token == lost.token, "the same successor"


def test_a_slow_request_does_not_evade_the_detection(site: Site, clock: ManualClock) -> None:
    owner = site.login()
    copy = owner.token
    clock.advance(301)
    owner.get("/read")
    owner.get("/read")
    clock.advance(11)
    assert site.browser(token=copy).post("/slow").body == {"subject": None, "error": "reused"}
    assert owner.get("/read").body == {"subject": None, "error": "revoked"}


def test_a_slow_request_that_arrived_in_the_grace_is_served(site: Site, clock: ManualClock) -> None:
    owner = site.login()
    late = site.browser(token=owner.token)
    clock.advance(301)
    owner.get("/read")
    owner.get("/read")
    clock.advance(5)
    token = late.token
    assert late.post("/slow").body["subject"] is not None
    assert late.token == token, "it gets no successor"
    assert owner.get("/read").body["subject"] is not None


def test_a_late_request_does_not_end_an_elevated_session(site: Site, clock: ManualClock) -> None:
    owner = site.login()
    first = owner.token
    clock.advance(301)
    owner.get("/read")
    assert owner.post("/elevate").status == 200
    clock.advance(1)
    assert site.browser(token=first).get("/read").body == {"subject": None, "error": "superseded"}
    assert owner.get("/read").body["subject"] is not None


def test_what_looks_like_another_client_gets_no_successor(make_site: MakeSite, clock: ManualClock) -> None:
    site = make_site(Policy(binding={"user_agent": "report", "device": "report"}))
    owner = site.login()
    stolen = site.browser(token=owner.token, agent=CHROME)
    clock.advance(301)
    owner.get("/read")
    token = stolen.token
    # The network is the same in tests, so the browser alone is different: it still gets the successor.
    assert stolen.get("/read").body["subject"] is not None
    assert stolen.token != token


def test_visitors_leave_no_marks_and_are_no_session(site: Site) -> None:
    visitor = site.browser()
    visitor.post("/write")
    token = visitor.token
    assert site.code(token) == "wrong_type"
    visitor.post("/logout")
    visitor.post("/write")
    visitor.post("/login")
    assert site.sessions.status().marks == 0
    assert site.browser(token=token).get("/read").body["subject"] is None


def test_a_login_that_fails_leaves_a_visitor_what_they_had(make_site: MakeSite, tmp_path: Path) -> None:
    site = make_site(list_sessions=True)
    visitor = site.browser()
    visitor.post("/write")
    cart = visitor.token
    (tmp_path / "sessera.db").unlink()
    assert visitor.post("/login").status == 503, "a session that can't be listed does not begin"
    assert visitor.token == cart
    contents = site.sessions.verify(str(cart), client=Client(user_agent=FIREFOX), visitors=True).claims
    assert "visits" in str(contents)


def test_the_end_of_a_visitors_session_fails_no_login(site: Site, tmp_path: Path) -> None:
    visitor = site.browser()
    visitor.post("/write")
    (tmp_path / "sessera.db").unlink()
    assert visitor.post("/login").status == 200
    assert visitor.get("/read").body["subject"] is not None
    assert site.sessions.status().pending == 0
