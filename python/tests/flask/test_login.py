"""A login always begins a new session, and ends the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from flask import session

from sessera import InvalidClaim, Keyring, Sessions
from sessera._web.visit import ANONYMOUS
from sessera.flask import current_session, login
from tests.flask.browser import COOKIE, error_of, send, set_cookies, subject_of, token_in

if TYPE_CHECKING:
    from flask import Flask

    from tests.flask.conftest import MakeApp


def test_a_login_shows_in_the_same_request_and_in_the_next(make_app: MakeApp) -> None:
    app = make_app()

    @app.post("/in")
    def log_in() -> str:
        before = bool(current_session)
        login("ada", {"roles": ["editor"]}, acr="aal1", amr=["pwd"])
        return f"{before} {bool(current_session)} {current_session.subject}"

    client = app.test_client()
    assert client.post("/in").text == "False True ada"
    session = client.get("/whoami").get_json()
    assert (session["subject"], session["generation"], session["acr"], session["amr"]) == (
        "ada",
        0,
        "aal1",
        ["pwd"],
    )
    assert session["claims"] == {"roles": ["editor"]}


def test_a_second_login_has_another_id_and_the_first_is_dead(app: Flask) -> None:
    client = app.test_client()
    first = client.post("/login/ada").get_json()
    second = client.post("/login/ada").get_json()
    assert first["id"] != second["id"]
    assert error_of(send(app, first["token"])) == "revoked"
    assert subject_of(client.get("/whoami")) == "ada"


def test_a_visitors_token_is_no_session_after_the_login_either(app: Flask) -> None:
    client = app.test_client()
    client.post("/data", json={"cart": ["tea"]})
    anonymous = token_in(client)
    client.post("/login/ada")
    assert send(app, anonymous).get_json()["subject"] is None


def test_the_cart_survives_the_login(app: Flask) -> None:
    client = app.test_client()
    client.post("/data", json={"cart": ["tea"]})
    response = client.post("/login/ada")
    assert len(set_cookies(response)) == 1
    assert client.get("/data").json == {"cart": ["tea"]}
    assert client.get("/whoami").get_json()["claims"] == {}


def test_the_same_user_keeps_the_data_at_a_second_login(app: Flask) -> None:
    client = app.test_client()
    client.post("/login/ada")
    client.post("/data", json={"a": 1})
    client.post("/login/ada")
    assert client.get("/data").json == {"a": 1}


def test_another_user_does_not_get_the_data_of_the_one_before(app: Flask) -> None:
    client = app.test_client()
    client.post("/login/ada")
    client.post("/data", json={"secret": 1})
    client.post("/login/bob")
    assert client.get("/data").json == {}


def test_data_put_in_around_the_login_is_kept(make_app: MakeApp) -> None:
    app = make_app()

    @app.post("/around")
    def around() -> str:
        session["before"] = 1
        login("ada")
        session["after"] = 2
        return ""

    client = app.test_client()
    assert len(set_cookies(client.post("/around"))) == 1
    assert client.get("/data").json == {"before": 1, "after": 2}
    assert subject_of(client.get("/whoami")) == "ada"


def test_a_planted_cookie_is_never_adopted(app: Flask) -> None:
    thief = app.test_client()
    planted = {
        "forged": "eyJhbGciOiJIUzI1NiJ9.e30.AAAA",
        "anonymous": "",
        "logged in": thief.post("/login/mallory").get_json()["token"],
    }
    thief = app.test_client()
    thief.post("/data", json={"a": 1})
    planted["anonymous"] = token_in(thief)
    for name, token in planted.items():
        client = app.test_client()
        client.set_cookie(COOKIE, token)
        planted_id = client.get("/whoami").get_json().get("id")
        session = client.post("/login/ada").get_json()
        assert session["id"] != planted_id, name
        assert session["token"] != token, name
        assert subject_of(client.get("/whoami")) == "ada"
        assert subject_of(send(app, token)) is None, name


def test_a_token_of_another_application_is_refused(app: Flask, keyring: Keyring) -> None:
    foreign = Sessions("https://other.example", "other", keyring=keyring)
    assert error_of(send(app, foreign.issue("ada").token)) == "wrong_issuer"


def test_the_reserved_subject_and_claims_cannot_log_in(app: Flask) -> None:
    with app.test_request_context():
        with pytest.raises(InvalidClaim):
            login(ANONYMOUS)
        with pytest.raises(InvalidClaim):
            login("")
        for name in ("flask", "sub", "exp"):
            with pytest.raises(InvalidClaim):
                login("ada", {name: {}})
        assert not current_session


def test_claims_are_seen_without_the_data_and_cannot_be_changed_in_place(app: Flask) -> None:
    with app.test_request_context():
        login("ada", {"roles": ["editor"]})
        assert dict(current_session.claims) == {"roles": ["editor"]}
        current_session.claims["roles"].append("admin")
    client = app.test_client()
    client.post("/login/ada", json={"roles": ["editor"]})

    with client:
        client.post("/data", json={"a": 1})
        assert dict(current_session.claims) == {"roles": ["editor"]}


def test_a_claim_changed_in_place_is_never_signed(make_app: MakeApp) -> None:
    app = make_app()

    @app.post("/tamper")
    def tamper() -> str:
        current_session.claims["roles"].append("admin")
        session["a"] = 1
        return ""

    client = app.test_client()
    client.post("/login/ada", json={"roles": ["editor"]})
    client.post("/tamper")
    assert client.get("/whoami").get_json()["claims"] == {"roles": ["editor"]}


def test_facts_of_nobody_are_errors_that_templates_take_for_undefined(app: Flask) -> None:
    with app.test_request_context():
        assert not current_session
        assert dict(current_session.claims) == {}
        assert not hasattr(current_session, "subject")
        with pytest.raises(AttributeError, match="nobody is logged in"):
            _ = current_session.id
        assert app.jinja_env.from_string("{{ s.subject }}").render(s=current_session) == ""


def test_outside_of_a_request_nobody_is_logged_in() -> None:
    assert not current_session


def test_the_session_never_shows_its_token(app: Flask) -> None:
    with app.test_request_context():
        issued = login("ada")
        shown = f"{current_session!r} {issued!r} {current_session}"
    assert issued.token not in shown
    assert issued.token.split(".")[2] not in shown


def test_without_a_store_the_login_works_too(make_app: MakeApp) -> None:
    client = make_app(STORE=None).test_client()
    client.post("/data", json={"a": 1})
    client.post("/login/ada")
    assert subject_of(client.get("/whoami")) == "ada"
    assert client.get("/data").json == {"a": 1}
