"""A logout ends the session for whoever holds its token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from flask import Flask, flash, get_flashed_messages, session

from sessera import InvalidConfig
from sessera.flask import current_session, login, logout, logout_everywhere
from tests.flask.browser import COOKIE, error_of, has_cookie, send, set_cookies, subject_of, token_in

if TYPE_CHECKING:
    from tests.flask.conftest import MakeApp


def test_a_saved_token_gets_401_after_the_logout(app: Flask) -> None:
    client = app.test_client()
    token = client.post("/login/ada").get_json()["token"]
    assert send(app, token, "/private").status_code == 200
    client.post("/logout")
    assert send(app, token, "/private").status_code == 401
    assert error_of(send(app, token)) == "revoked"


def test_the_cookie_is_expired_by_name_path_and_attributes(app: Flask) -> None:
    client = app.test_client()
    (given,) = set_cookies(client.post("/login/ada"))
    (gone,) = set_cookies(client.post("/logout"))
    attributes = given.partition(";")[2]
    assert gone == f"{COOKIE}=;{attributes}; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
    assert not has_cookie(client)


def test_the_browser_is_told_to_clear_what_it_stored(make_app: MakeApp) -> None:
    response = make_app().test_client().post("/logout")
    assert response.headers["Clear-Site-Data"] == '"cache", "storage"'
    response = make_app(CLEAR_SITE_DATA=False).test_client().post("/logout")
    assert "Clear-Site-Data" not in response.headers


def test_the_data_is_gone(app: Flask) -> None:
    client = app.test_client()
    client.post("/login/ada")
    client.post("/data", json={"a": 1})
    client.post("/logout")
    assert client.get("/data").json == {}


def test_a_message_after_the_logout_reaches_the_next_page(make_app: MakeApp) -> None:
    app = make_app()

    @app.post("/out")
    def out() -> str:
        logout()
        assert not current_session
        flash("See you")
        return ""

    @app.get("/flashed")
    def flashed() -> list[str]:
        return [str(message) for message in get_flashed_messages()]

    client = app.test_client()
    token = client.post("/login/ada").get_json()["token"]
    response = client.post("/out")
    assert len(set_cookies(response)) == 1
    assert "Clear-Site-Data" in response.headers
    assert client.get("/flashed").json == ["See you"]
    assert subject_of(client.get("/whoami")) is None
    assert error_of(send(app, token)) == "revoked"


def test_logging_in_and_out_in_one_request_ends_both_sessions(make_app: MakeApp) -> None:
    app = make_app()

    @app.post("/in-and-out")
    def in_and_out() -> str:
        token = login("bob").token
        logout()
        return token

    client = app.test_client()
    first = client.post("/login/ada").get_json()["token"]
    second = client.post("/in-and-out").text
    assert not has_cookie(client)
    assert [error_of(send(app, token)) for token in (first, second)] == ["revoked", "revoked"]


def test_logging_out_and_in_again_in_one_request_sets_one_cookie(make_app: MakeApp) -> None:
    app = make_app()

    @app.post("/switch")
    def switch() -> str:
        logout()
        login("bob")
        return ""

    client = app.test_client()
    client.post("/login/ada")
    assert len(set_cookies(client.post("/switch"))) == 1
    assert subject_of(client.get("/whoami")) == "bob"


def test_nobody_can_log_out(app: Flask) -> None:
    client = app.test_client()
    assert client.post("/logout").status_code == 200
    assert client.post("/logout-everywhere").status_code == 401


def test_a_logout_with_a_refused_token_expires_the_cookie(app: Flask) -> None:
    client = app.test_client()
    client.set_cookie(COOKIE, "x.y.z")
    client.post("/logout")
    assert not has_cookie(client)


def test_a_late_response_of_a_logged_out_session_sets_no_cookie(make_app: MakeApp) -> None:
    app = make_app()
    client = app.test_client()

    @app.post("/slow")
    def slow() -> str:
        session["late"] = True
        # Meanwhile, in another tab:
        send(app, token_in(client), "/logout", "POST")
        return ""

    client.post("/login/ada")
    response = client.post("/slow")
    assert response.status_code == 200
    assert not set_cookies(response)


def test_logging_out_everywhere_ends_all_sessions_of_the_user(app: Flask) -> None:
    phone, laptop, other = app.test_client(), app.test_client(), app.test_client()
    token = phone.post("/login/ada").get_json()["token"]
    laptop.post("/login/ada")
    other.post("/login/bob")
    laptop.post("/logout-everywhere")
    assert not has_cookie(laptop)
    assert error_of(send(app, token)) == "revoked"
    assert subject_of(other.get("/whoami")) == "bob"
    assert phone.post("/login/ada").status_code == 200
    assert subject_of(phone.get("/whoami")) == "ada"


def test_this_session_can_be_kept_when_all_others_end(app: Flask) -> None:
    phone, laptop = app.test_client(), app.test_client()
    phone.post("/login/ada")
    first = laptop.post("/login/ada", json={"role": "admin"}).get_json()
    laptop.post("/data", json={"cart": ["tea"]})
    response = laptop.post("/logout-everywhere?keep=1")
    assert len(set_cookies(response)) == 1
    assert "Clear-Site-Data" not in response.headers
    session = laptop.get("/whoami").get_json()
    assert (session["subject"], session["claims"]) == ("ada", {"role": "admin"})
    assert session["id"] != first["id"]
    assert laptop.get("/data").json == {"cart": ["tea"]}
    assert error_of(phone.get("/whoami")) == "revoked"
    assert error_of(send(app, first["token"])) == "revoked"


def test_without_a_store_the_cookie_goes_and_nothing_can_end_elsewhere(make_app: MakeApp) -> None:
    app = make_app(STORE=None)
    client = app.test_client()
    token = client.post("/login/ada").get_json()["token"]
    client.post("/logout")
    assert not has_cookie(client)
    assert subject_of(send(app, token)) == "ada"
    with app.test_request_context(), pytest.raises(InvalidConfig, match="SESSERA_STORE"):
        logout_everywhere()


def test_when_the_headers_are_made_nothing_can_change(app: Flask) -> None:
    client = app.test_client()
    with client:
        client.get("/whoami")
        for verb in (logout, logout_everywhere, lambda: login("ada")):
            with pytest.raises(RuntimeError, match="headers"):
                verb()
