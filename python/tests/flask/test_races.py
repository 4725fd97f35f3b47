"""Requests of one browser at the same moment: no late response undoes a logout or a login."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier, Event
from typing import TYPE_CHECKING

import pytest
from flask import Flask, session

from sessera.flask import current_session, elevate, login, logout, logout_everywhere
from tests.flask.browser import COOKIE, error_of, send, set_cookies, subject_of, token_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.test import TestResponse

    from sessera import ManualClock
    from tests.flask.conftest import MakeApp

#: How long a thread waits for another one before the test has failed, in seconds.
PATIENCE = 30

#: How many times two requests are let go at the same moment.
ROUNDS = 40

#: What the slow request does, each of which would give the browser a new token.
SLOW = ("renews", "changes", "renews and changes")


class SlowView:
    """A view that has looked at its session, and goes on when the test says so."""

    def __init__(self, app: Flask) -> None:
        self.looked, self.go_on = Event(), Event()
        app.add_url_rule("/slow/<how>", view_func=self.view, methods=["POST"])

    def view(self, how: str) -> str:
        subject = current_session.subject if current_session else "nobody"
        session.get("a")
        self.looked.set()
        assert self.go_on.wait(PATIENCE)
        if "changes" in how:
            session["late"] = how
        return subject


def slow_request(
    app: Flask, clock: ManualClock, how: str, meanwhile: Callable[[str], object]
) -> tuple[TestResponse, str]:
    """Let a request begin, do something else in its browser meanwhile, and let it end."""
    slow, client = SlowView(app), app.test_client()
    token = client.post("/login/ada").get_json()["token"]
    if "renews" in how:
        clock.advance(301)
    with ThreadPoolExecutor(1) as pool:
        response: Future[TestResponse] = pool.submit(send, app, token, f"/slow/{how}", "POST")
        try:
            assert slow.looked.wait(PATIENCE)
            meanwhile(token)
        finally:
            slow.go_on.set()
        return response.result(PATIENCE), token


@pytest.mark.parametrize("how", SLOW)
@pytest.mark.parametrize("path", ["/logout", "/logout-everywhere", "/logout-everywhere?keep=1", "/login/ada"])
def test_a_request_that_ends_after_its_session_sets_no_cookie(
    app: Flask, clock: ManualClock, how: str, path: str
) -> None:
    def meanwhile(token: str) -> None:
        assert send(app, token, path, "POST").status_code == 200

    response, token = slow_request(app, clock, how, meanwhile)
    assert (response.status_code, response.text) == (200, "ada")
    assert not set_cookies(response)
    assert error_of(send(app, token)) == "revoked"


@pytest.mark.parametrize("how", SLOW)
def test_a_login_in_another_tab_stays_after_the_slow_request(
    app: Flask, clock: ManualClock, how: str
) -> None:
    browser = app.test_client()

    def meanwhile(token: str) -> None:
        browser.set_cookie(COOKIE, token)
        browser.post("/login/bob")

    response, _ = slow_request(app, clock, how, meanwhile)
    assert not set_cookies(response)
    assert subject_of(browser.get("/whoami")) == "bob"


@pytest.mark.parametrize("how", SLOW)
def test_an_elevation_in_another_tab_stays_after_the_slow_request(
    app: Flask, clock: ManualClock, how: str
) -> None:
    browser = app.test_client()

    def meanwhile(token: str) -> None:
        browser.set_cookie(COOKIE, token)
        assert browser.post("/elevate").status_code == 200

    response, _ = slow_request(app, clock, how, meanwhile)
    assert not set_cookies(response)
    assert browser.get("/whoami").get_json()["claims"] == {"role": "admin"}


@pytest.mark.parametrize("how", SLOW)
def test_a_renewal_in_another_tab_stays_beside_the_slow_request(
    app: Flask, clock: ManualClock, how: str
) -> None:
    browser = app.test_client()

    def meanwhile(token: str) -> None:
        browser.set_cookie(COOKIE, token)
        browser.post("/data", json={"a": 1})

    response, _ = slow_request(app, clock, how, meanwhile)
    newest = [line.partition(";")[0].partition("=")[2] for line in set_cookies(response)]
    clock.advance(11)
    for token in (token_in(browser), *newest):
        assert subject_of(send(app, token)) == "ada"


def at_once(*requests: Callable[[], TestResponse]) -> list[TestResponse]:
    """Send requests from as many threads, let go at the same moment."""
    barrier = Barrier(len(requests))

    def run(request: Callable[[], TestResponse]) -> TestResponse:
        barrier.wait(PATIENCE)
        return request()

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(run, requests))


def token_of(response: TestResponse) -> str | None:
    """The token that this response sets, if it does."""
    values = [line.partition(";")[0].partition("=")[2] for line in set_cookies(response)]
    return next((value for value in values if value), None)


@pytest.mark.parametrize("path", ["/logout", "/logout-everywhere", "/login/bob"])
def test_of_a_renewal_and_an_end_at_once_the_end_wins(app: Flask, clock: ManualClock, path: str) -> None:
    for number in range(ROUNDS):
        token = app.test_client().post("/login/ada").get_json()["token"]
        clock.advance(301)
        change = {"number": number}
        renewals = [
            lambda: send(app, token, "/whoami"),  # noqa: B023  # run at once
            lambda: changing(app, token, change),  # noqa: B023
        ]
        *renewed, ended = at_once(*renewals, lambda: send(app, token, path, "POST"))  # noqa: B023
        for response in renewed:
            assert response.status_code == 200
            late = token_of(response)
            # Whichever comes last to the browser: it was not set, or is worthless.
            assert late is None or error_of(send(app, late)) == "revoked"
        assert error_of(send(app, token)) == "revoked"
        newer = token_of(ended)
        assert (newer is None) == path.startswith("/logout")
        assert newer is None or subject_of(send(app, newer)) == "bob"


def changing(app: Flask, token: str, change: dict[str, int]) -> TestResponse:
    client = app.test_client(use_cookies=False)
    return client.post("/data", json=change, headers={"Cookie": f"{COOKIE}={token}"})


def test_a_request_that_comes_just_after_a_login_begins_nothing_in_its_place(
    app: Flask, clock: ManualClock
) -> None:
    browser = app.test_client()
    browser.post("/login/ada")
    clock.advance(301)
    browser.get("/whoami")
    clock.advance(60)
    old = token_in(browser)
    browser.post("/login/bob")
    # Another tab sent this before it had bob's cookie; it would have had a visitor's session.
    late = changing(app, old, {"a": 1})
    assert error_of(send(app, old)) == "revoked"
    assert not set_cookies(late)
    clock.advance(10)
    assert len(set_cookies(changing(app, old, {"a": 1}))) == 1


def test_tabs_that_renew_and_change_at_once_all_stay_logged_in(app: Flask, clock: ManualClock) -> None:
    for _ in range(ROUNDS // 4):
        token = app.test_client().post("/login/ada").get_json()["token"]
        clock.advance(301)
        reads = [lambda: send(app, token)] * 4  # noqa: B023
        changes = [lambda: changing(app, token, {"a": 1})] * 4  # noqa: B023
        tokens = {token_of(response) for response in at_once(*reads, *changes)} - {None}
        assert tokens
        clock.advance(11)
        for newest in tokens:
            assert newest is not None
            assert subject_of(send(app, newest)) == "ada"


@pytest.mark.parametrize("verb", [logout, logout_everywhere, lambda: login("bob"), elevate])
def test_a_verb_of_a_slow_view_is_the_last_word_in_its_own_response(
    make_app: MakeApp, clock: ManualClock, verb: Callable[[], object]
) -> None:
    app = make_app()

    @app.post("/changes-and-ends")
    def view() -> str:
        session["a"] = 1
        verb()
        return ""

    client = app.test_client()
    token = client.post("/login/ada").get_json()["token"]
    clock.advance(301)
    assert len(set_cookies(client.post("/changes-and-ends"))) == 1
    assert error_of(send(app, token)) in ("revoked", "superseded")
