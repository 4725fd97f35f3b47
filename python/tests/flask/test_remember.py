"""A user who asks to be remembered stays logged in for longer, to an end of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from flask import Flask, request, session

from sessera import InvalidClaim, InvalidConfig
from sessera.flask import current_session, login, session_required
from tests.flask.browser import COOKIE, error_of, send, set_cookies, subject_of, token_in

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from sessera import ManualClock
    from tests.flask.conftest import MakeApp

HOUR, DAY = 3600, 86400


def remembering(make_app: MakeApp, **settings: object) -> Flask:
    app = make_app(**settings)

    @app.post("/remember/<subject>")
    def remember(subject: str) -> str:
        return login(subject, {"role": "editor"}, remember="not" not in request.args).token

    @app.get("/remembered")
    def remembered() -> list[object]:
        return [current_session.remembered, dict(current_session.claims)]

    @app.get("/recent")
    @session_required(fresh=timedelta(minutes=5))
    def recent() -> str:
        return "recent"

    @app.post("/permanent")
    def permanent() -> str:
        session.permanent = True
        return ""

    return app


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return remembering(make_app)


def lasts(client: FlaskClient, path: str, method: str = "POST") -> int | None:
    """The `Max-Age` of the cookie that this request sets."""
    (line,) = set_cookies(client.open(path, method=method, json={"a": method}))
    return int(line.partition("Max-Age=")[2].partition(";")[0]) if "Max-Age" in line else None


def test_the_cookie_outlives_the_browser(app: Flask, clock: ManualClock) -> None:
    client = app.test_client()
    assert lasts(client, "/remember/ada") == 30 * DAY
    clock.advance(DAY)
    assert lasts(client, "/whoami", "GET") == 29 * DAY
    assert lasts(client, "/remember/ada?not") is None


def test_it_lasts_unused_for_as_long_as_the_setting_says(app: Flask, clock: ManualClock) -> None:
    client = app.test_client()
    client.post("/remember/ada")
    clock.advance(29 * DAY)
    assert client.get("/remembered").json == [True, {"role": "editor"}]
    clock.advance(DAY - 1)
    assert subject_of(client.get("/whoami")) == "ada"
    clock.advance(31)
    assert error_of(client.get("/whoami")) == "ended"


def test_use_extends_it_no_further(app: Flask, clock: ManualClock) -> None:
    client = app.test_client()
    client.post("/remember/ada")
    for _ in range(30):
        assert subject_of(client.get("/whoami")) == "ada"
        clock.advance(DAY)
    clock.advance(31)
    assert error_of(client.get("/whoami")) == "ended"


def test_others_go_as_ever(app: Flask, clock: ManualClock) -> None:
    client = app.test_client()
    client.post("/remember/ada?not")
    assert client.get("/remembered").json == [False, {"role": "editor"}]
    clock.advance(1831)
    assert error_of(client.get("/whoami")) == "expired"


@pytest.mark.parametrize(
    "how", ["GET /whoami", "POST /data", "POST /elevate", "POST /logout-everywhere?keep"]
)
def test_whatever_becomes_of_the_token_the_user_stays_remembered(
    app: Flask, clock: ManualClock, how: str
) -> None:
    client = app.test_client()
    method, _, path = how.partition(" ")
    client.post("/remember/ada")
    for due in (301, 0):
        clock.advance(due)
        client.open(path, method=method, json={"a": due})
    token = token_in(client)
    clock.advance(3 * DAY)
    remembered, claims = send(app, token, "/remembered").get_json()
    assert remembered
    assert claims["role"] in ("editor", "admin")
    assert lasts(client, "/data") == 27 * DAY - 301


def test_a_stolen_token_is_found_out_as_soon_as_any(app: Flask, clock: ManualClock) -> None:
    client = app.test_client()
    token = client.post("/remember/ada").text
    clock.advance(301)
    client.get("/whoami")
    client.get("/whoami")
    clock.advance(11)
    assert error_of(send(app, token)) == "reused"
    assert error_of(client.get("/whoami")) == "revoked"


def test_after_a_logout_it_stays_refused_for_as_long_as_it_could_have_lasted(
    app: Flask, clock: ManualClock
) -> None:
    client, other = app.test_client(), app.test_client()
    token, others = client.post("/remember/ada").text, other.post("/remember/bob").text
    client.post("/logout")
    other.post("/logout-everywhere")
    for _ in range(29 * 4):
        clock.advance(6 * HOUR)
        app.test_client().post("/login/eve")
        app.test_client().post("/logout")
    assert error_of(send(app, token)) == "revoked"
    assert error_of(send(app, others)) == "revoked"


def test_what_needs_a_recent_authentication_asks_for_it(app: Flask, clock: ManualClock) -> None:
    client = app.test_client()
    client.post("/remember/ada")
    assert client.get("/recent").text == "recent"
    clock.advance(DAY)
    assert client.get("/recent").status_code == 401
    assert client.get("/private").text == "ada"


def test_a_setting_that_became_shorter_holds_for_those_who_are_remembered(
    make_app: MakeApp, clock: ManualClock
) -> None:
    client = remembering(make_app).test_client()
    token = client.post("/remember/ada").text
    shorter, nobody = make_app(REMEMBER_FOR=timedelta(days=2)), make_app(REMEMBER_FOR=None)
    clock.advance(DAY)
    assert subject_of(send(shorter, token)) == "ada"
    assert error_of(send(nobody, token)) == "ended"
    clock.advance(DAY + 31)
    assert error_of(send(shorter, token)) == "ended"


def test_where_nobody_is_remembered_asking_for_it_is_an_error(make_app: MakeApp) -> None:
    app = make_app(REMEMBER_FOR=None)
    with app.test_request_context(), pytest.raises(InvalidConfig, match="SESSERA_REMEMBER_FOR"):
        login("ada", remember=True)


def test_it_is_no_claim_of_the_applications(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(InvalidClaim, match="remember"):
        login("ada", {"remembered": True})
    client = app.test_client()
    client.post("/remember/ada")
    assert client.get("/whoami").get_json()["claims"] == {"role": "editor"}


def test_without_a_store_it_lasts_as_long(make_app: MakeApp, clock: ManualClock) -> None:
    app = remembering(make_app, STORE=None)
    client = app.test_client()
    client.post("/remember/ada")
    clock.advance(DAY)
    assert lasts(client, "/data") == 29 * DAY
    clock.advance(28 * DAY)
    assert subject_of(client.get("/whoami")) == "ada"
    assert client.get_cookie(COOKIE) is not None
