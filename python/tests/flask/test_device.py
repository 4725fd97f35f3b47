"""A login is bound to a secret in a cookie of its own, where the application asks for that."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from flask import Flask, flash, get_flashed_messages

from sessera.flask import current_session, login, logout
from tests.flask.browser import COOKIE, error_of, set_cookies, subject_of, token_in

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from sessera import ManualClock
    from tests.flask.conftest import MakeApp

DEVICE = "__Host-device"


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(DEVICE_COOKIE=True)


def device_in(client: FlaskClient) -> str | None:
    cookie = client.get_cookie(DEVICE)
    return None if cookie is None else cookie.value


def show(app: Flask, *cookies: str, path: str = "/whoami") -> TestResponse:
    """One request with these cookies, from a client that keeps nothing."""
    return app.test_client(use_cookies=False).get(path, headers={"Cookie": "; ".join(cookies)})


def test_a_login_gives_the_device_a_secret(app: Flask) -> None:
    client = app.test_client()
    session, device = set_cookies(client.post("/login/ada"))
    assert session.startswith(f"{COOKIE}=")
    name, _, rest = device.partition("=")
    secret, _, attributes = rest.partition("; ")
    assert name == DEVICE
    assert re.fullmatch("[A-Za-z0-9_-]{43}", secret)
    assert attributes == "Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=43200"


def test_a_token_without_its_device_is_refused(app: Flask) -> None:
    client = app.test_client()
    client.post("/login/ada")
    token, device = f"{COOKIE}={token_in(client)}", f"{DEVICE}={device_in(client)}"
    assert subject_of(show(app, token, device)) == "ada"
    other = app.test_client()
    other.post("/login/ada")
    for shown in ([], [f"{DEVICE}={device_in(other)}"], [f"{DEVICE}="], [device, device], [f"{DEVICE}=x y"]):
        response = show(app, token, *shown)
        assert error_of(response) == "binding_mismatch"
        assert not set_cookies(response)
        assert show(app, token, *shown, path="/private").status_code == 401
    assert subject_of(show(app, token, device)) == "ada"


def test_every_login_has_a_new_secret_and_adopts_none(app: Flask) -> None:
    client = app.test_client()
    planted = "A" * 43
    client.set_cookie(DEVICE, planted)
    client.post("/login/ada")
    first = device_in(client)
    client.post("/login/ada")
    assert len({planted, first, device_in(client)}) == 3
    assert subject_of(client.get("/whoami")) == "ada"


def test_only_a_login_sets_the_secret(app: Flask, clock: ManualClock) -> None:
    client = app.test_client()
    client.post("/login/ada")
    secret = device_in(client)
    for path in ("/whoami", "/data", "/elevate", "/logout-everywhere?keep=1"):
        clock.advance(301)
        method = "GET" if path == "/whoami" else "POST"
        (line,) = set_cookies(client.open(path, method=method, json={"a": 1}))
        assert line.startswith(f"{COOKIE}=")
        assert subject_of(client.get("/whoami")) == "ada"
        without = show(app, f"{COOKIE}={token_in(client)}")
        assert error_of(without) == "binding_mismatch"
    assert device_in(client) == secret


def test_a_verb_after_the_login_knows_the_new_secret(make_app: MakeApp) -> None:
    app = make_app(DEVICE_COOKIE=True)

    @app.post("/twice")
    def twice() -> str:
        login("ada")
        login("ada", {"second": True})
        return current_session.subject

    client = app.test_client()
    client.post("/login/ada")
    assert len(set_cookies(client.post("/twice"))) == 2
    client.post("/data", json={"a": 1})
    assert client.get("/whoami").get_json()["claims"] == {"second": True}


def test_a_logout_takes_the_secret_away_and_keeps_what_it_says(make_app: MakeApp) -> None:
    app = make_app(DEVICE_COOKIE=True)

    @app.post("/out")
    def out() -> str:
        logout()
        flash("See you")
        return ""

    @app.get("/flashed")
    def flashed() -> list[str]:
        return [str(message) for message in get_flashed_messages()]

    client = app.test_client()
    client.post("/login/ada")
    client.post("/out")
    assert device_in(client) is None
    assert client.get("/flashed").json == ["See you"]
    client.post("/login/ada")
    client.post("/logout")
    assert device_in(client) is None
    assert client.get_cookie(COOKIE) is None


def test_visitors_get_no_secret_and_are_not_bound_to_one(app: Flask) -> None:
    client = app.test_client()
    client.set_cookie(DEVICE, "A" * 43)
    (line,) = set_cookies(client.post("/data", json={"a": 1}))
    assert line.startswith(f"{COOKIE}=")
    client.delete_cookie(DEVICE)
    assert client.get("/data").json == {"a": 1}


def test_a_client_that_keeps_its_token_logs_in_without(make_app: MakeApp) -> None:
    app = make_app(DEVICE_COOKIE=True)

    @app.post("/api/login")
    def log_in() -> str:
        return login("ada", device=False).token

    client = app.test_client(use_cookies=False)
    response = client.post("/api/login")
    assert all(line.startswith(f"{COOKIE}=") for line in set_cookies(response))
    headers = {"Authorization": f"Bearer {response.text}"}
    assert client.get("/private", headers=headers).text == "ada"
    again = client.post("/login/bob", headers=headers)
    assert not set_cookies(again)
    headers = {"Authorization": f"Bearer {again.get_json()['token']}"}
    assert client.get("/private", headers=headers).text == "bob"


def test_without_the_setting_there_is_no_secret(make_app: MakeApp) -> None:
    assert len(set_cookies(make_app().test_client().post("/login/ada"))) == 1


def test_the_cookie_is_named_and_reported_as_the_settings_say(make_app: MakeApp) -> None:
    (_, line) = set_cookies(make_app(DEVICE_COOKIE=True, DEV=True).test_client().post("/login/ada"))
    assert line.startswith("device=")
    assert "Secure" not in line
    app = make_app(DEVICE_COOKIE="__Host-shop-device", BINDING={"device": "report"})

    @app.get("/verdict")
    def verdict() -> str:
        return current_session.binding.device

    client = app.test_client()
    (_, line) = set_cookies(client.post("/login/ada"))
    assert line.startswith("__Host-shop-device=")
    assert client.get("/verdict").text == "matched"
    assert show(app, f"{COOKIE}={token_in(client)}", path="/verdict").text == "absent"
