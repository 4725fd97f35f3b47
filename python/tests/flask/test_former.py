"""Sessions from before are taken over once: nobody loses a cart, nobody is logged out by the move."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from cachelib import FileSystemCache
from flask import Flask, session
from flask_session import Session as ServerSide

from sessera import ManualClock
from sessera.flask import Sessera
from tests.flask.browser import COOKIE, has_cookie, send, set_cookies, subject_of, token_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask.testing import FlaskClient

    from tests.flask.conftest import MakeApp

pytestmark = pytest.mark.parametrize("store", ["memory", "data-in-store"], indirect=True)

SECRET = "the secret of the old application"


@pytest.fixture
def clock() -> ManualClock:
    """By the system's time, which Flask stamps its cookies with."""
    return ManualClock(datetime.now(timezone.utc).timestamp())


@pytest.fixture
def old() -> FlaskClient:
    """A browser that was at the old application."""
    return old_app().test_client()


def old_app(secret: str = SECRET, **config: Any) -> Flask:
    app = Flask("shop")
    app.config.update(SECRET_KEY=secret, **config)

    @app.post("/put")
    def put() -> str:
        session.update({"user_id": 42, "cart": ("tea", 2), "ticket": UUID(int=7)})
        return ""

    return app


def moved(make_app: MakeApp, secret: str = SECRET, until: Any = None, **settings: Any) -> Flask:
    def make(app: Flask) -> Flask:
        app.config.update(SECRET_KEY=secret)
        return app

    later = until or datetime.now(timezone.utc) + timedelta(days=30)
    return make_app(before=make, IMPORT_UNTIL=later, **settings)


def bring(old: FlaskClient, app: Flask, name: str = "session") -> FlaskClient:
    """The same browser, at the new application."""
    old.post("/put")
    cookie = old.get_cookie(name)
    assert cookie is not None
    client = app.test_client()
    client.set_cookie(name, cookie.value)
    return client


def test_what_was_in_the_old_session_is_in_ours(old: FlaskClient, make_app: MakeApp) -> None:
    app = moved(make_app)

    @app.get("/seen")
    def seen() -> str:
        return repr(sorted(session.items()))

    client = bring(old, app)
    answer = client.get("/seen")
    assert answer.text == repr([("cart", ("tea", 2)), ("ticket", UUID(int=7)), ("user_id", 42)])
    assert client.get_cookie("session") is None, "the old cookie goes"
    assert has_cookie(client)
    assert client.get("/seen").text == answer.text
    assert not set_cookies(client.get("/seen")), "and it happens once"


def test_a_fallback_key_reads_too(old: FlaskClient, make_app: MakeApp) -> None:
    def make(app: Flask) -> Flask:
        app.config.update(SECRET_KEY="a newer one", SECRET_KEY_FALLBACKS=[SECRET])
        return app

    later = datetime.now(timezone.utc) + timedelta(days=1)
    client = bring(old, make_app(before=make, IMPORT_UNTIL=later))
    assert client.get("/data").get_json()["user_id"] == 42


@pytest.mark.parametrize("subject", ["user_id", lambda contents: contents["user_id"]])
def test_who_was_logged_in_stays_logged_in(old: FlaskClient, make_app: MakeApp, subject: Any) -> None:
    client = bring(old, moved(make_app, IMPORT_SUBJECT=subject))
    assert client.get("/private").text == "42"
    assert client.get("/data").get_json()["user_id"] == 42
    token = token_in(client)
    client.post("/logout")
    assert client.get("/private").status_code == 401
    assert send(client.application, token, "/private").status_code == 401


def test_a_visitor_of_before_is_a_visitor(old: FlaskClient, make_app: MakeApp) -> None:
    client = bring(old, moved(make_app, IMPORT_SUBJECT="no such name"))
    assert client.get("/private").status_code == 401
    assert client.get("/data").get_json()["user_id"] == 42


def test_a_session_that_says_false_of_its_user_is_a_visitors(old: FlaskClient, make_app: MakeApp) -> None:
    client = bring(old, moved(make_app, IMPORT_SUBJECT=lambda _contents: False))
    assert client.get("/private").status_code == 401
    assert client.get("/data").get_json()["user_id"] == 42


def test_after_the_end_old_cookies_are_nobodys(
    old: FlaskClient, make_app: MakeApp, clock: ManualClock
) -> None:
    until = datetime.now(timezone.utc) + timedelta(minutes=5)
    client = bring(old, moved(make_app, until=until, IMPORT_SUBJECT="user_id"))
    clock.advance(301)
    assert client.get("/private").status_code == 401
    assert client.get("/data").json == {}
    assert not set_cookies(client.get("/data"))


def test_an_old_cookie_that_flask_would_refuse_is_refused(old: FlaskClient, make_app: MakeApp) -> None:
    app = moved(make_app, secret="of somebody else", IMPORT_SUBJECT="user_id")
    client = bring(old, app)
    assert client.get("/private").status_code == 401
    assert client.get("/data").json == {}
    client.set_cookie("session", "junk")
    assert client.get("/data").json == {}


def test_without_the_setting_nothing_is_taken_over(old: FlaskClient, make_app: MakeApp) -> None:
    client = bring(old, make_app())
    assert client.get("/data").json == {}
    assert client.get_cookie("session") is not None


def test_our_own_session_goes_before_an_old_one(old: FlaskClient, make_app: MakeApp) -> None:
    app = moved(make_app, IMPORT_SUBJECT="user_id")
    client = app.test_client()
    client.post("/login/ada")
    old.post("/put")
    cookie = old.get_cookie("session")
    assert cookie is not None
    client.set_cookie("session", cookie.value)
    assert subject_of(client.get("/whoami")) == "ada"
    assert client.get("/data").json == {}
    client.post("/logout")
    assert client.get_cookie("session") is None, "a logout must not lead back to the old session"
    assert client.get("/private").status_code == 401


def test_a_session_of_ours_that_was_revoked_does_not_fall_back(
    old: FlaskClient, make_app: MakeApp, clock: ManualClock
) -> None:
    app = moved(make_app, IMPORT_SUBJECT="user_id")
    client = app.test_client()
    client.post("/login/ada")
    with app.app_context():
        Sessera().sessions.revoke_subject("ada")
    clock.advance(120)
    old.post("/put")
    cookie = old.get_cookie("session")
    assert cookie is not None
    client.set_cookie("session", cookie.value)
    assert client.get("/private").status_code == 401


def test_a_login_takes_the_old_contents_along(old: FlaskClient, make_app: MakeApp) -> None:
    client = bring(old, moved(make_app))
    client.post("/login/ada")
    assert client.get("/data").get_json()["user_id"] == 42
    assert client.get_cookie("session") is None


def test_in_development_both_cookies_have_one_name(old: FlaskClient, make_app: MakeApp) -> None:
    client = bring(old, moved(make_app, DEV=True, IMPORT_SUBJECT="user_id"))
    assert client.get("/private").text == "42"
    cookie = client.get_cookie("session")
    assert cookie is not None
    assert len(cookie.value.split(".")) == 3
    assert client.get("/data").get_json()["user_id"] == 42
    client.post("/logout")
    assert client.get("/private").status_code == 401


def test_a_bearer_token_has_no_session_from_before(old: FlaskClient, make_app: MakeApp) -> None:
    app = moved(make_app, IMPORT_SUBJECT="user_id")
    client = bring(old, app)
    assert client.get("/private", headers={"Authorization": "Bearer x"}).status_code == 401
    assert client.get_cookie("session") is not None


def test_what_does_not_fit_is_told_and_left_behind(
    make_app: MakeApp, store: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    old = old_app()

    @old.post("/put-much")
    def put_much() -> str:
        session["much"] = "x" * 3000
        return ""

    browser = old.test_client()
    browser.post("/put-much")
    app = moved(make_app)
    client = app.test_client()
    cookie = browser.get_cookie("session")
    assert cookie is not None
    client.set_cookie("session", cookie.value)
    answer = client.get("/data")
    assert answer.status_code == 200
    if "SESSERA_DATA" in store:
        assert len(answer.get_json()["much"]) == 3000
    else:
        assert answer.json == {}
        assert "taken over" in caplog.text
        assert not set_cookies(answer)


def server_side(folder: Path) -> Callable[[Flask], Flask]:
    def make(app: Flask) -> Flask:
        app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=FileSystemCache(str(folder)))
        ServerSide(app)
        return app

    return make


def test_sessions_of_flask_session_are_taken_over_and_removed(make_app: MakeApp, tmp_path: Path) -> None:
    folder = tmp_path / "old-sessions"
    before = server_side(folder)(Flask("shop"))

    @before.post("/put")
    def put() -> str:
        session.update({"user_id": 42, "cart": ["tea"]})
        return ""

    later = datetime.now(timezone.utc) + timedelta(days=1)
    app = make_app(before=server_side(folder), IMPORT_UNTIL=later, IMPORT_SUBJECT="user_id")
    client = bring(before.test_client(), app)
    replay = client.get_cookie("session")
    assert replay is not None
    assert client.get("/private").text == "42"
    assert client.get("/data").json == {"user_id": 42, "cart": ["tea"], "_permanent": True}
    assert client.get_cookie("session") is None
    thief = app.test_client()
    thief.set_cookie("session", replay.value)
    assert thief.get("/private").status_code == 401, "the record of the old session is gone"


def test_a_copy_of_an_old_cookie_of_flasks_works_until_the_end(old: FlaskClient, make_app: MakeApp) -> None:
    """What SESSERA_IMPORT_UNTIL is for: nothing can revoke what Flask has signed."""
    app = moved(make_app, IMPORT_SUBJECT="user_id")
    client = bring(old, app)
    copy = client.get_cookie("session")
    assert copy is not None
    client.get("/private")
    client.post("/logout")
    thief = app.test_client()
    thief.set_cookie("session", copy.value)
    assert thief.get("/private").text == "42"


def test_a_request_without_an_old_cookie_gets_none_expired(make_app: MakeApp) -> None:
    client = moved(make_app).test_client()
    (line,) = set_cookies(client.post("/login/ada"))
    assert line.startswith(COOKIE)
