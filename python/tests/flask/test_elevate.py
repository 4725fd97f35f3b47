"""More rights mean a new generation, and the old token is dead at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from flask import session

from sessera import InvalidClaim, InvalidConfig, ManualClock, ReauthenticationRequired
from sessera.flask import current_session, elevate, login
from tests.flask.browser import error_of, send, set_cookies, subject_of, token_in

if TYPE_CHECKING:
    from flask import Flask

    from tests.flask.conftest import MakeApp


def test_rights_rise_and_the_rest_stays(app: Flask, clock: ManualClock) -> None:
    client = app.test_client()
    login_id = client.post("/login/ada", json={"a": 1, "role": "user"}).get_json()["id"]
    client.post("/data", json={"cart": ["tea"]})
    clock.advance(60)
    assert len(set_cookies(client.post("/elevate"))) == 1
    session = client.get("/whoami").get_json()
    assert session["id"] == login_id
    assert session["generation"] == 1
    assert session["claims"] == {"a": 1, "role": "admin"}
    assert (session["acr"], session["amr"]) == ("aal2", ["pwd", "otp"])
    assert client.get("/data").json == {"cart": ["tea"]}


def test_the_old_token_is_refused_at_once_and_its_refusal_disturbs_nothing(app: Flask) -> None:
    client = app.test_client()
    old = client.post("/login/ada").get_json()["token"]
    client.post("/elevate")
    assert error_of(send(app, old)) == "superseded"
    assert subject_of(client.get("/whoami")) == "ada"


def test_a_late_request_with_the_old_token_gets_no_cookie_in_place_of_the_new_one(app: Flask) -> None:
    client = app.test_client()
    old = client.post("/login/ada").get_json()["token"]
    client.post("/elevate")
    late = app.test_client()
    late.set_cookie("__Host-session", old)
    response = late.post("/data", json={"flashed": "please log in"})
    assert response.status_code == 200
    assert not set_cookies(response)


def test_a_request_of_a_rotated_token_can_elevate_in_its_grace(app: Flask, clock: ManualClock) -> None:
    client, tab = app.test_client(), app.test_client()
    client.post("/login/ada")
    tab.set_cookie("__Host-session", token_in(client))
    clock.advance(600)
    client.get("/whoami")
    clock.advance(5)
    assert tab.post("/elevate").status_code == 200
    assert tab.get("/whoami").get_json()["generation"] == 2


def test_an_elevation_that_lost_the_race_is_401(make_app: MakeApp) -> None:
    app = make_app()
    client = app.test_client()

    @app.post("/race")
    def race() -> str:
        assert current_session
        assert send(app, token_in(client), "/elevate", "POST").status_code == 200
        elevate(claims={"role": "admin"})
        return ""

    client.post("/login/ada")
    response = client.post("/race")
    assert response.status_code == 401
    assert not set_cookies(response)


def test_data_put_in_beside_is_kept(make_app: MakeApp) -> None:
    app = make_app()

    @app.post("/both")
    def both() -> str:
        session["before"] = 1
        elevate(claims={"role": "admin"})
        session["after"] = 2
        return ""

    client = app.test_client()
    client.post("/login/ada")
    assert len(set_cookies(client.post("/both"))) == 1
    assert client.get("/data").json == {"before": 1, "after": 2}
    assert client.get("/whoami").get_json()["claims"] == {"role": "admin"}


def test_nobody_must_log_in_first(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(ReauthenticationRequired):
        elevate()


def test_the_claim_of_flask_session_is_not_the_views(app: Flask) -> None:
    with app.test_request_context():
        login("ada")
        with pytest.raises(InvalidClaim):
            elevate(claims={"flask": {}})


def test_without_a_store_it_is_an_error_of_the_configuration(make_app: MakeApp) -> None:
    with make_app(STORE=None).test_request_context():
        login("ada")
        with pytest.raises(InvalidConfig):
            elevate()
