"""Sessions that are used go on, under new tokens, and no request in parallel is logged out by that."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from flask import Flask, jsonify, session

from sessera import ManualClock, MemoryStore, StoreUnavailable
from sessera._web.visit import Visit
from sessera.flask import current_session
from tests.flask.browser import COOKIE, error_of, has_cookie, send, set_cookies, subject_of, token_in
from tests.flask.conftest import data_in_token

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from tests.flask.conftest import MakeApp


def test_a_response_that_neither_renews_nor_changes_sets_no_cookie(app: Flask, clock: ManualClock) -> None:
    client = app.test_client()
    client.post("/login/ada")
    clock.advance(299)
    for path in ("/whoami", "/data", "/private"):
        assert not set_cookies(client.get(path))


def test_a_session_in_use_gets_a_new_generation(app: Flask, clock: ManualClock) -> None:
    client = app.test_client()
    client.post("/login/ada", json={"a": 1})
    client.post("/data", json={"cart": ["tea"]})
    for generation in (1, 2, 3):
        clock.advance(301)
        assert len(set_cookies(client.get("/whoami"))) == 1
        session = client.get("/whoami").get_json()
        assert session["generation"] == generation
        assert session["claims"] == {"a": 1}
        assert client.get("/data").json == {"cart": ["tea"]}


def test_an_untouched_request_renews_nothing(app: Flask, clock: ManualClock) -> None:
    client = app.test_client()
    client.post("/login/ada")
    clock.advance(301)
    assert not set_cookies(client.get("/untouched"))


def test_changed_data_of_a_due_session_rotates_and_is_kept(app: Flask, clock: ManualClock) -> None:
    client = app.test_client()
    client.post("/login/ada")
    clock.advance(301)
    assert len(set_cookies(client.post("/data", json={"a": 1}))) == 1
    assert client.get("/whoami").get_json()["generation"] == 1
    assert client.get("/data").json == {"a": 1}


def test_changed_data_of_a_fresh_session_keeps_the_generation(app: Flask) -> None:
    client = app.test_client()
    client.post("/login/ada")
    client.post("/data", json={"a": 1})
    assert client.get("/whoami").get_json()["generation"] == 0


def test_without_a_store_the_idle_limit_slides(make_app: MakeApp, clock: ManualClock) -> None:
    client = make_app(STORE=None).test_client()
    client.post("/login/ada")
    for _ in range(20):
        clock.advance(1000)
        session = client.get("/whoami").get_json()
        assert (session["subject"], session["generation"]) == ("ada", 0)


def test_a_visitor_in_use_keeps_the_data(app: Flask, clock: ManualClock) -> None:
    client = app.test_client()
    client.post("/data", json={"a": 1})
    for _ in range(5):
        clock.advance(1000)
        assert client.get("/data").json == {"a": 1}


def test_no_use_makes_a_session_last_longer_than_the_policy_allows(
    make_app: MakeApp, clock: ManualClock
) -> None:
    client = make_app(IDLE_TIMEOUT=600, ABSOLUTE_TIMEOUT=3600).test_client()
    client.post("/login/ada")
    for _ in range(7):
        clock.advance(500)
        assert subject_of(client.get("/whoami")) == "ada"
    clock.advance(131)
    assert error_of(client.get("/whoami")) == "ended"


def test_an_idle_session_expires_and_keeps_its_cookie(app: Flask, clock: ManualClock) -> None:
    client = app.test_client()
    client.post("/login/ada")
    clock.advance(1831)
    response = client.get("/whoami")
    assert error_of(response) == "expired"
    assert not set_cookies(response)


def test_parallel_requests_around_a_renewal_get_one_token_and_log_nobody_out(
    app: Flask, clock: ManualClock
) -> None:
    client = app.test_client()
    old = client.post("/login/ada").get_json()["token"]
    clock.advance(301)
    with ThreadPoolExecutor(16) as pool:
        responses = list(pool.map(lambda _: send(app, old), range(50)))
    assert {subject_of(response) for response in responses} == {"ada"}
    cookies = {cookie for response in responses for cookie in set_cookies(response)}
    assert len(cookies) == 1
    assert all(len(set_cookies(response)) == 1 for response in responses)
    clock.advance(9)
    assert set_cookies(send(app, old)) == list(cookies)
    new = cookies.pop().partition(";")[0].removeprefix(f"{COOKIE}=")
    clock.advance(200)
    assert subject_of(send(app, new)) == "ada"


@data_in_token
def test_parallel_changes_around_a_renewal_log_nobody_out(app: Flask, clock: ManualClock) -> None:
    client = app.test_client()
    old = client.post("/login/ada").get_json()["token"]
    clock.advance(301)

    def change(number: int) -> str:
        tab = app.test_client()
        tab.set_cookie(COOKIE, old)
        tab.post("/data", json={"number": number})
        return token_in(tab)

    with ThreadPoolExecutor(16) as pool:
        tokens = list(pool.map(change, range(50)))
    clock.advance(11)
    for number, token in enumerate(tokens):
        assert subject_of(send(app, token)) == "ada"
        assert send(app, token, "/data").json == {"number": number}


def test_a_rotated_token_used_after_the_grace_ends_the_session(app: Flask, clock: ManualClock) -> None:
    client = app.test_client()
    old = client.post("/login/ada").get_json()["token"]
    clock.advance(301)
    client.get("/whoami")
    client.get("/whoami")
    clock.advance(11)
    assert error_of(send(app, old)) == "reused"
    assert error_of(client.get("/whoami")) == "revoked"


@pytest.mark.parametrize("changes", [False, True])
def test_a_view_slower_than_the_grace_logs_nobody_out(
    make_app: MakeApp, clock: ManualClock, *, changes: bool
) -> None:
    app = make_app()
    client = app.test_client()

    @app.post("/slow")
    def slow() -> str:
        assert current_session.generation == 0
        # Meanwhile another tab gets the next generation, and its grace goes by.
        other = app.test_client()
        other.set_cookie(COOKIE, token_in(client))
        generations = [other.get("/whoami").get_json()["generation"] for _ in range(2)]
        assert generations == [0, 1]
        clock.advance(60)
        if changes:
            session["late"] = True
        return ""

    client.post("/login/ada")
    clock.advance(301)
    tab = app.test_client()
    tab.set_cookie(COOKIE, token_in(client))
    response = tab.post("/slow")
    assert response.status_code == 200
    assert not set_cookies(response)


@pytest.mark.parametrize("asks_first", [True, False])
def test_the_other_tab_lives_on_after_the_slow_view(
    make_app: MakeApp, clock: ManualClock, *, asks_first: bool
) -> None:
    app = make_app()
    client = app.test_client()

    @app.post("/slow")
    def slow() -> ResponseReturnValue:
        if asks_first:
            assert current_session
        tab = app.test_client()
        tab.set_cookie(COOKIE, token_in(client))
        tab.get("/whoami")
        tab.get("/whoami")
        clock.advance(60)
        session["late"] = True
        return jsonify(newer=token_in(tab), logged_in=bool(current_session), error=current_session.error)

    client.post("/login/ada")
    clock.advance(301)
    body = client.post("/slow").get_json()
    # The token was good when the request arrived, whenever the view asks.
    assert (body["logged_in"], body["error"]) == (True, None)
    assert subject_of(send(app, body["newer"])) == "ada"


def test_a_change_that_comes_after_the_grace_of_another_tabs_renewal_ends_nothing(
    make_app: MakeApp, clock: ManualClock
) -> None:
    app = make_app()
    client = app.test_client()

    @app.post("/slow")
    def slow() -> str:
        assert current_session.generation == 0
        # Not due yet; by the time that it ends, another tab's token is.
        clock.advance(2)
        client.get("/whoami")
        clock.advance(11)
        session["late"] = True
        return ""

    client.post("/login/ada")
    clock.advance(299)
    tab = app.test_client()
    tab.set_cookie(COOKIE, token_in(client))
    tab.post("/slow")
    assert client.get("/whoami").get_json() | {"id": ""} == {
        "subject": "ada",
        "id": "",
        "generation": 1,
        "acr": None,
        "amr": [],
        "claims": {},
    }


def test_a_store_that_fails_leaves_the_generation_and_renews(
    app: Flask, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rotate(_self: Visit) -> None:
        raise StoreUnavailable("down")

    client = app.test_client()
    client.post("/login/ada")
    clock.advance(301)
    monkeypatch.setattr(Visit, "rotate", rotate)
    for method in ("GET", "POST"):
        clock.advance(301)
        assert len(set_cookies(client.open("/data", method=method, json={"a": 1}))) == 1
    assert client.get("/data").json == {"a": 1}
    assert client.get("/whoami").get_json()["generation"] == 0


@data_in_token
def test_data_too_long_for_a_due_session_leaves_the_client_with_the_new_generation(
    app: Flask, clock: ManualClock
) -> None:
    app.testing = False
    client = app.test_client()
    client.post("/login/ada")
    clock.advance(301)
    response = client.post("/data", json={f"k{at}": "x" * 1000 for at in range(4)})
    assert response.status_code == 500
    assert len(set_cookies(response)) == 1
    clock.advance(60)
    assert client.get("/whoami").get_json()["generation"] == 1
    assert client.get("/data").json == {}


@data_in_token
def test_two_processes_without_shared_state_serve_each_others_sessions(
    make_app: MakeApp, clock: ManualClock
) -> None:
    workers = [make_app(STORE=MemoryStore()) for _ in range(2)]
    first = workers[0].test_client()
    first.post("/login/ada")
    first.post("/data", json={"cart": ["tea"]})
    token = token_in(first)
    for turn in range(20):
        clock.advance(400)
        client = workers[turn % 2].test_client()
        client.set_cookie(COOKIE, token)
        assert subject_of(client.get("/whoami")) == "ada"
        assert client.get("/data").json == {"cart": ["tea"]}
        token = token_in(client)


def test_a_restart_logs_nobody_out(make_app: MakeApp) -> None:
    client = make_app().test_client()
    client.post("/login/ada")
    assert subject_of(send(make_app(), token_in(client))) == "ada"


def test_a_late_anonymous_response_does_not_undo_a_login(make_app: MakeApp) -> None:
    app = make_app()
    client = app.test_client()

    @app.post("/slow/<how>")
    def slow(how: str) -> str:
        if how == "clear":
            session.clear()
        else:
            session["late"] = True
        assert client.post("/login/ada").status_code == 200
        return ""

    for how in ("clear", "change"):
        client = app.test_client()
        client.post("/data", json={"a": 1})
        tab = app.test_client()
        tab.set_cookie(COOKIE, token_in(client))
        assert not set_cookies(tab.post(f"/slow/{how}"))
        assert subject_of(client.get("/whoami")) == "ada"
        assert has_cookie(client)
