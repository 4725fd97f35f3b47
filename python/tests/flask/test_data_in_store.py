"""`SESSERA_DATA="store"`: the contents of `flask.session` are in the store, and go with the session."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, Response, session

from sessera import MemoryStore, SqliteStore
from tests.flask.browser import COOKIE, send, set_cookies, subject_of, token_in

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from flask.typing import ResponseReturnValue

    from sessera import ManualClock
    from tests.flask.conftest import MakeApp

BIG = {f"k{number}": "x" * 10_000 for number in range(10)}


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    kept = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "sessera.db")
    return {"SESSERA_STORE": kept, "SESSERA_DATA": "store"}


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def claims_in(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def test_the_token_carries_nothing_of_it(client: FlaskClient) -> None:
    client.post("/data", json={"private": 1})
    assert "flask" not in claims_in(token_in(client))
    client.post("/login/ada")
    assert "flask" not in claims_in(token_in(client))
    assert client.get("/data").json == {"private": 1}


def test_it_may_be_larger_than_any_cookie_and_deeper_than_any_token(client: FlaskClient) -> None:
    client.post("/login/ada")
    deep: Any = "bottom"
    for _ in range(50):
        deep = [deep]
    client.post("/data", json=BIG | {"deep": deep})
    assert client.get("/data").json == BIG | {"deep": deep}


def test_a_change_sets_no_cookie(client: FlaskClient) -> None:
    client.post("/login/ada")
    assert not set_cookies(client.post("/data", json={"a": 1}))
    assert client.get("/data").json == {"a": 1}


def test_all_processes_read_the_same(make_app: MakeApp, tmp_path: Path) -> None:
    here, there = (make_app(STORE=tmp_path / "shared.db") for _ in range(2))
    client = here.test_client()
    client.post("/data", json={"cart": ["tea"]})
    assert send(there, token_in(client), "/data").json == {"cart": ["tea"]}


def test_a_login_takes_it_along_and_the_old_session_has_nothing_left(
    app: Flask, client: FlaskClient, clock: ManualClock
) -> None:
    client.post("/data", json={"cart": ["tea"]})
    before = token_in(client)
    client.post("/login/ada")
    assert client.get("/data").json == {"cart": ["tea"]}
    assert send(app, before, "/data").json == {}


def test_a_login_of_somebody_else_takes_nothing_along(client: FlaskClient) -> None:
    client.post("/login/ada")
    client.post("/data", json={"secret": 1})
    client.post("/login/bob")
    assert client.get("/data").json == {}


def test_keeping_this_session_only_keeps_what_is_in_it(client: FlaskClient) -> None:
    client.post("/login/ada")
    client.post("/data", json={"cart": ["tea"]})
    before = token_in(client)
    client.post("/logout-everywhere?keep")
    assert token_in(client) != before
    assert client.get("/data").json == {"cart": ["tea"]}


def test_it_stays_over_elevation_and_rotation(client: FlaskClient, clock: ManualClock) -> None:
    client.post("/login/ada")
    client.post("/data", json={"cart": ["tea"]})
    client.post("/elevate")
    clock.advance(400)
    assert subject_of(client.get("/whoami")) == "ada"
    assert client.get("/whoami").get_json()["generation"] == 2
    assert client.get("/data").json == {"cart": ["tea"]}


def test_a_logout_ends_it(app: Flask, client: FlaskClient) -> None:
    client.post("/login/ada")
    client.post("/data", json={"secret": 1})
    token = token_in(client)
    client.post("/logout")
    assert client.get("/data").json == {}
    assert send(app, token, "/data").json == {}


def test_parallel_changes_leave_the_last_one_for_all(app: Flask, client: FlaskClient) -> None:
    client.post("/login/ada")
    tab = app.test_client()
    tab.set_cookie(COOKIE, token_in(client))
    client.post("/data", json={"a": 1})
    tab.post("/data", json={"a": 2})
    assert client.get("/data").json == tab.get("/data").json == {"a": 2}


def test_a_client_with_a_bearer_token_has_it_too(app: Flask) -> None:
    token = app.test_client().post("/login/ada").get_json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    client = app.test_client(use_cookies=False)
    assert not set_cookies(client.post("/data", json={"a": 1}, headers=headers))
    assert client.get("/data", headers=headers).json == {"a": 1}


def test_what_a_token_carried_before_the_change_of_the_setting_is_still_there(make_app: MakeApp) -> None:
    client = make_app(DATA="token").test_client()
    client.post("/login/ada")
    client.post("/data", json={"a": 1})
    token = token_in(client)
    app = make_app()
    assert send(app, token, "/data").json == {"a": 1}
    later = app.test_client()
    later.set_cookie(COOKIE, token)
    later.post("/data", json={"a": 2})
    assert later.get("/data").json == {"a": 2}


def test_a_request_that_never_asks_for_it_does_not_read_it(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app(STORE=tmp_path / "gone.db")
    client = app.test_client()
    client.post("/login/ada")
    (tmp_path / "gone.db").unlink()
    assert client.get("/private").status_code == 200


def test_a_store_that_is_gone_is_503_and_loses_nothing_in_silence(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app(STORE=tmp_path / "gone.db")

    @app.post("/late")
    def late() -> ResponseReturnValue:
        session["a"] = 1
        (tmp_path / "gone.db").unlink()
        return Response(iter(["put into", " the cart"]), 201, {"Location": "/cart", "ETag": '"1"'})

    client = app.test_client()
    client.post("/login/ada")
    answer = client.post("/late")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.headers["Cache-Control"] == "no-store"
    assert not {"Location", "ETag"} & set(answer.headers.keys())
    assert "put into" not in answer.text
    assert "Service Unavailable" in answer.text
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert client.get("/data").status_code == 503
    assert client.post("/data", json={"a": 1}).status_code == 503
    # The end of a session is in force here, and written when the store is back.
    assert client.post("/logout").status_code == 200
    assert not client.get_cookie(COOKIE)


def test_it_is_said_in_the_words_of_the_application(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app(STORE=tmp_path / "gone.db")

    @app.post("/late")
    def late() -> str:
        session["a"] = 1
        (tmp_path / "gone.db").unlink()
        return "put into the cart"

    @app.errorhandler(503)
    def later(_error: Exception) -> ResponseReturnValue:
        return "come back", 503, {"X-Ours": "1"}

    client = app.test_client()
    client.post("/login/ada")
    answer = client.post("/late")
    assert (answer.status_code, answer.text, answer.headers["X-Ours"]) == (503, "come back", "1")
