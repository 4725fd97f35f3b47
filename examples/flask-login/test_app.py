"""The notebook, as members use it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from flask import Flask
from flask.testing import FlaskClient

COOKIE = "session"


@pytest.fixture
def app(load: Callable[[str], ModuleType], tmp_path: Path) -> Flask:
    app: Flask = load("app").create_app(str(tmp_path))
    return app


def submit(client: FlaskClient, page: str, action: str = "", **fields: str) -> int:
    """Fills in the form of a page."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).text)
    assert token is not None
    return client.post(action or page, data={**fields, "csrf_token": token[1]}).status_code


def log_in(client: FlaskClient, **more: str) -> None:
    assert submit(client, "/login", name="ada", password="difference engine", **more) == 302


def test_a_stranger_is_sent_to_the_login_and_a_member_has_notes(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/").headers["Location"].startswith("/login")
    assert submit(client, "/login", name="ada", password="wrong") == 401
    log_in(client)
    assert submit(client, "/", "/notes", text="Bernoulli numbers") == 302
    assert "Bernoulli numbers" in client.get("/").text


def test_a_logout_ends_the_copies_of_the_cookie_too(app: Flask) -> None:
    client, thief = app.test_client(), app.test_client()
    log_in(client)
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    thief.set_cookie(COOKIE, cookie.value)
    assert thief.get("/").status_code == 200
    assert submit(client, "/", "/logout") == 302
    assert thief.get("/").status_code == 302


def test_logging_out_everywhere_reaches_the_other_browser(app: Flask) -> None:
    here, there = app.test_client(), app.test_client()
    log_in(here)
    log_in(there, remember="on")
    assert submit(here, "/", "/logout-everywhere") == 302
    assert there.get("/").status_code == 302


def test_what_cannot_be_undone_asks_for_a_fresh_login(app: Flask) -> None:
    client = app.test_client()
    log_in(client)
    submit(client, "/", "/notes", text="Bernoulli numbers")
    with client.session_transaction() as session:
        session["_fresh"] = False
    assert client.get("/erase").headers["Location"].startswith("/confirm")
    assert submit(client, "/confirm", password="wrong") == 403
    assert submit(client, "/confirm", password="difference engine") == 302
    assert submit(client, "/erase") == 302
    assert "Bernoulli numbers" not in client.get("/").text


def test_remember_me_is_one_cookie_that_lasts(app: Flask) -> None:
    client = app.test_client()
    log_in(client, remember="on")
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    assert cookie.max_age is not None
    assert cookie.max_age > 29 * 24 * 3600
    assert client.get_cookie("remember_token") is None
