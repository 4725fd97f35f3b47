"""The test client for users' own tests: it is somebody, by real cookies and tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, request

from sessera import InvalidClaim, Policy
from sessera.flask import current_session
from sessera.flask.testing import SesseraClient
from tests.flask.browser import error_of, has_cookie, send, subject_of, token_in

if TYPE_CHECKING:
    from sessera import ManualClock
    from tests.flask.conftest import MakeApp

pytestmark = pytest.mark.parametrize("store", ["memory", "data-in-store"], indirect=True)


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    app = make_app(CSRF="token")
    app.test_client_class = SesseraClient
    return app


def test_it_is_who_it_is_told_to_be(app: Flask) -> None:
    with app.test_client(
        user="ada", claims={"role": "admin"}, acr="aal2", amr=["pwd", "otp"], session={"cart": [1]}
    ) as client:
        seen = client.get("/whoami").get_json()
        assert current_session.subject == "ada", "the context of the request is kept, as with Flask's"
    assert (seen["subject"], seen["claims"], seen["acr"], seen["amr"]) == (
        "ada",
        {"role": "admin"},
        "aal2",
        ["pwd", "otp"],
    )
    assert client.get("/data").json == {"cart": [1]}


def test_without_a_user_it_is_a_visitor(app: Flask) -> None:
    assert subject_of(app.test_client().get("/whoami")) is None
    assert not has_cookie(app.test_client())
    visitor = app.test_client(session={"cart": [1]})
    assert visitor.get("/data").json == {"cart": [1]}
    assert visitor.get("/private").status_code == 401


def test_two_clients_are_two_people(app: Flask) -> None:
    ada, bob = app.test_client(user="ada"), app.test_client(user="bob")
    assert [subject_of(client.get("/whoami")) for client in (ada, bob)] == ["ada", "bob"]


def test_it_logs_in_and_out_on_its_way(app: Flask) -> None:
    client = app.test_client()
    assert isinstance(client, SesseraClient)
    issued = client.log_in("ada")
    assert issued.token == token_in(client)
    assert subject_of(client.get("/whoami")) == "ada"
    client.log_in("bob", session={"a": 1})
    assert client.get("/data").json == {"a": 1}
    assert error_of(send(app, issued.token)) == "revoked", "one login ends the session before it"
    token = token_in(client)
    client.log_out()
    assert subject_of(client.get("/whoami")) is None
    assert error_of(send(app, token)) == "revoked"


def test_its_session_ages_as_any_other(app: Flask, clock: ManualClock) -> None:
    client = app.test_client(user="ada")
    clock.advance(31 * 60)
    assert error_of(client.get("/whoami")) == "expired"


def test_what_login_refuses_it_refuses(app: Flask) -> None:
    with pytest.raises(InvalidClaim):
        app.test_client(user="")


def test_its_forms_are_those_of_our_pages(app: Flask) -> None:
    for client in (app.test_client(), app.test_client(user="ada")):
        assert client.post("/data", json={"a": 1}).status_code == 200
        assert client.delete("/data").status_code == 405
        assert client.post("/data", json={}, headers={"X-CSRF-Token": "x"}).status_code == 403
    stranger = app.test_client(user="ada", csrf=False)
    assert stranger.post("/data", json={"a": 1}).status_code == 403
    assert stranger.get("/data").json == {}


def test_it_makes_no_session_where_no_token_is_asked_for(make_app: MakeApp) -> None:
    app = make_app()
    app.test_client_class = SesseraClient

    @app.post("/untouched")
    def untouched() -> str:
        return request.headers.get("X-CSRF-Token", "")

    client = app.test_client()
    assert client.post("/untouched").text == ""
    assert not has_cookie(client)


def test_without_cookies_it_shows_its_token_in_a_header(app: Flask) -> None:
    client = app.test_client(user="ada", use_cookies=False)
    assert client.get("/private").text == "ada"
    assert client.post("/clear").status_code == 200
    assert isinstance(client, SesseraClient)
    client.log_out()
    assert client.get("/private").status_code == 401


def test_it_is_the_same_client_for_the_binding(make_app: MakeApp) -> None:
    app = make_app(POLICY=Policy(binding={"user_agent": "enforce", "ip": "enforce"}))
    app.test_client_class = SesseraClient
    assert app.test_client(user="ada").get("/private").text == "ada"


def test_an_application_without_sessera_says_so(store: dict[str, Any]) -> None:
    assert store
    app = Flask("plain")
    app.secret_key = "x" * 32
    app.test_client_class = SesseraClient
    with pytest.raises(TypeError, match="Sessera"):
        app.test_client(user="ada")
