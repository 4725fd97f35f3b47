"""Flask-Login's functions over our sessions."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import flask_login
import pytest
from flask import Flask, jsonify, session
from flask_login import (
    UserMixin,
    confirm_login,
    current_user,
    fresh_login_required,
    login_required,
    login_user,
    logout_user,
    session_protected,
)

from sessera import ManualClock, RevocationsStale, StoreUnavailable
from sessera._web.visit import Visit
from sessera.flask import current_session, logout_everywhere
from sessera.flask.keeper import Keeper
from sessera.flask.login_manager import LoginManager
from sessera.flask.testing import SesseraClient
from tests.flask.browser import error_of, send, set_cookies, token_in

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from flask.typing import ResponseReturnValue

    from tests.flask.conftest import MakeApp

pytestmark = pytest.mark.parametrize("store", ["memory", "data-in-store"], indirect=True)

SECRET = "the secret of the application"
CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)


class User(UserMixin):  # type: ignore[misc]  # it has no types
    def __init__(self, name: str) -> None:
        self.id = name


def load(name: str) -> User | None:
    return None if name == "gone" else User(name)


def with_views(app: Flask, manager: flask_login.LoginManager) -> Flask:
    manager.user_loader(load)

    @app.post("/in/<name>")
    def enter(name: str) -> ResponseReturnValue:
        return jsonify(login_user(User(name)))

    @app.post("/in/<name>/remember")
    def enter_for_long(name: str) -> ResponseReturnValue:
        return jsonify(login_user(User(name), remember=True, duration=timedelta(days=9)))

    @app.post("/in/<name>/stale")
    def enter_stale(name: str) -> ResponseReturnValue:
        return jsonify(login_user(User(name), fresh=False))

    @app.post("/out")
    def leave() -> str:
        logout_user()
        return ""

    @app.post("/out-everywhere")
    def leave_everywhere() -> str:
        logout_everywhere()
        return ""

    @app.post("/confirm")
    def confirm() -> str:
        confirm_login()
        return ""

    @app.get("/me")
    def me() -> ResponseReturnValue:
        return jsonify(user=current_user.get_id())

    @app.get("/members")
    @login_required  # type: ignore[untyped-decorator]
    def members() -> str:
        return str(current_user.id)

    @app.get("/fresh")
    @fresh_login_required  # type: ignore[untyped-decorator]
    def fresh() -> str:
        return str(current_user.id)

    return app


def configured(app: Flask) -> Flask:
    app.config["SECRET_KEY"] = SECRET
    return app


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime.now(timezone.utc).timestamp())


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    app = make_app()
    return with_views(app, LoginManager(app))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def user_of(client: FlaskClient) -> Any:
    return client.get("/me").get_json()["user"]


def test_a_login_is_a_session_of_ours_and_says_who_it_is_only_there(client: FlaskClient) -> None:
    assert client.get("/members").status_code == 401
    assert client.post("/in/ada").json is True
    assert client.get("/members").text == "ada"
    assert client.get("/whoami").get_json()["subject"] == "ada"
    assert client.get("/data").json == {"_fresh": True}


def test_a_logout_revokes_the_token_and_leaves_the_rest_of_the_session(
    app: Flask, client: FlaskClient
) -> None:
    client.post("/in/ada")
    client.post("/data", json={"cart": ["tea"]})
    token = token_in(client)
    client.post("/out")
    assert user_of(client) is None
    assert client.get("/data").json == {"cart": ["tea"]}
    assert error_of(send(app, token)) == "revoked"


def test_a_logout_of_nobody_disturbs_nothing(client: FlaskClient) -> None:
    client.post("/data", json={"cart": ["tea"]})
    token = token_in(client)
    client.post("/out")
    assert token_in(client) == token
    assert client.get("/data").json == {"cart": ["tea"]}


def test_another_login_is_another_session_and_another_user(app: Flask, client: FlaskClient) -> None:
    client.post("/in/ada")
    token = token_in(client)
    client.post("/in/bob/stale")
    assert user_of(client) == "bob"
    assert client.get("/fresh").status_code == 401, "fresh as this login was, not as that of ada"
    client.post("/in/ada")
    assert client.get("/fresh").text == "ada"
    assert error_of(send(app, token)) == "revoked"


def test_out_everywhere_reaches_the_other_browser(app: Flask, client: FlaskClient) -> None:
    other = app.test_client()
    for browser in (client, other):
        browser.post("/in/ada")
    client.post("/out-everywhere")
    assert other.get("/members").status_code == 401


def test_a_user_who_is_gone_is_nobody(client: FlaskClient) -> None:
    client.post("/in/gone")
    assert client.get("/members").status_code == 401


def test_remember_is_a_cookie_that_outlives_the_browser_and_nothing_else(client: FlaskClient) -> None:
    (line,) = set_cookies(client.post("/in/ada/remember"))
    assert line.startswith("__Host-session=")
    assert "Max-Age=" in line
    assert client.get_cookie("remember_token") is None
    (line,) = set_cookies(client.post("/in/bob"))
    assert "Max-Age=" not in line


def test_a_stale_login_is_made_fresh_by_confirming_it(app: Flask, client: FlaskClient) -> None:
    client.post("/in/ada/stale")
    assert (client.get("/members").status_code, client.get("/fresh").status_code) == (200, 401)
    old = token_in(client)
    client.post("/confirm")
    assert client.get("/fresh").text == "ada"
    assert client.get("/whoami").get_json()["generation"] == 1
    assert error_of(send(app, old)) == "superseded"


def test_a_session_that_is_not_asked_for_is_not_opened(app: Flask, client: FlaskClient) -> None:
    client.post("/in/ada")
    assert "Vary" not in client.get("/untouched").headers


@pytest.mark.parametrize(
    ("mode", "members", "fresh"), [(None, 200, 200), ("basic", 200, 401), ("strong", 401, 401)]
)
def test_session_protection_goes_by_the_binding(
    make_app: MakeApp, mode: str | None, members: int, fresh: int
) -> None:
    app = make_app(before=lambda app: app.config.update(SESSION_PROTECTION=mode))
    client = with_views(app, LoginManager(app)).test_client()
    told: list[object] = []

    def note(sender: object) -> None:
        told.append(sender)

    client.post("/in/ada", headers={"User-Agent": CHROME})
    same = {"User-Agent": CHROME.replace("140", "141")}
    assert client.get("/fresh", headers=same).status_code == 200
    with session_protected.connected_to(note, app):
        assert client.get("/members", headers={"User-Agent": "curl/8"}).status_code == members
    assert len(told) == (mode is not None)
    assert client.get("/fresh", headers=same).status_code == fresh
    assert client.get("/members", headers=same).status_code == members


def moving(make_app: MakeApp, path: str, until: timedelta = timedelta(days=1)) -> FlaskClient:
    """A browser that logged in at the application before the move, and now comes to the new one."""
    before = configured(Flask("shop"))
    with_views(before, flask_login.LoginManager(before))
    old = before.test_client()
    old.post(path)
    app = make_app(before=configured, IMPORT_UNTIL=datetime.now(timezone.utc) + until)
    client = with_views(app, LoginManager(app)).test_client()
    for name in ("session", "remember_token"):
        if (cookie := old.get_cookie(name)) is not None:
            client.set_cookie(name, cookie.value)
    return client


def test_a_session_that_flask_login_began_before_the_move_goes_on(make_app: MakeApp) -> None:
    client = moving(make_app, "/in/ada")
    assert client.get("/fresh").text == "ada"
    assert client.get("/whoami").get_json()["subject"] == "ada"
    assert client.get_cookie("session") is None
    assert client.get("/data").json == {"_fresh": True}
    token = token_in(client)
    client.post("/out")
    assert error_of(send(client.application, token)) == "revoked"


def test_a_remember_cookie_from_before_becomes_a_session_that_is_not_fresh(make_app: MakeApp) -> None:
    client = moving(make_app, "/in/ada/remember")
    client.delete_cookie("session")
    answer = client.get("/members")
    assert answer.text == "ada"
    assert "Max-Age=" in next(line for line in set_cookies(answer) if line.startswith("__Host-session="))
    assert client.get_cookie("remember_token") is None, "it can't be revoked, so it goes"
    assert client.get("/fresh").status_code == 401
    assert client.get("/members").text == "ada"


def test_a_logout_takes_the_remember_cookie_along(make_app: MakeApp) -> None:
    client = moving(make_app, "/in/ada/remember")
    client.post("/out")
    assert client.get_cookie("remember_token") is None
    assert client.get("/members").status_code == 401


def test_a_remember_cookie_lets_nobody_in_again_whose_session_was_ended(make_app: MakeApp) -> None:
    client = moving(make_app, "/in/ada/remember")
    client.delete_cookie("session")
    left = client.get_cookie("remember_token")
    assert left is not None
    client.post("/in/ada")
    client.set_cookie("remember_token", left.value)
    with client.application.app_context():
        client.application.extensions["sessera"].sessions.revoke_subject("ada")
    assert client.get("/members").status_code == 401
    assert error_of(client.get("/whoami")) == "revoked"


def test_a_remember_cookie_is_worth_nothing_after_the_end_of_the_move(
    make_app: MakeApp, clock: ManualClock
) -> None:
    client = moving(make_app, "/in/ada/remember", timedelta(minutes=5))
    clock.advance(301)
    assert client.get("/members").status_code == 401


@pytest.mark.parametrize("path", ["/data", "/me"])
def test_who_comes_with_a_copy_of_an_old_cookie_sleeps_in_no_visitors_session(
    make_app: MakeApp, clock: ManualClock, path: str
) -> None:
    """A session that is taken over is its user's at once, even by a page that asks for no user."""
    thief = moving(make_app, "/in/ada", timedelta(minutes=5))
    thief.get(path)
    assert thief.get("/whoami").get_json()["subject"] == "ada"
    clock.advance(301)
    with thief.application.app_context():
        thief.application.extensions["sessera"].sessions.revoke_subject("ada")
    assert thief.get("/members").status_code == 401
    assert user_of(thief) is None


@pytest.mark.parametrize("cookie", ["session", "remember_token"])
@pytest.mark.parametrize("path", ["/data", "/me"])
def test_whom_the_loader_does_not_know_is_not_let_in_after_the_move(
    make_app: MakeApp, clock: ManualClock, cookie: str, path: str
) -> None:
    client = moving(make_app, "/in/ada/remember", timedelta(minutes=5))
    client.delete_cookie("remember_token" if cookie == "session" else "session")
    manager = client.application.login_manager  # type: ignore[attr-defined]  # Flask-Login's
    manager.user_loader(lambda _name: None)
    client.get(path)
    clock.advance(301)
    manager.user_loader(load)
    assert client.get("/members").status_code == 401
    assert not set(client.get("/data").get_json()) & {"_user_id", "_id"}


def test_who_cannot_be_taken_over_now_is_nobody_and_keeps_the_old_cookie(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = moving(make_app, "/in/ada")
    app = client.application

    @app.get("/both")
    def both() -> ResponseReturnValue:
        return jsonify(data=dict(session), user=current_user.get_id())

    def away(_self: Visit, *_args: object, **_kwargs: object) -> None:
        raise StoreUnavailable("the store is away")

    monkeypatch.setattr(Visit, "login", away)
    for path in ("/both", "/me"):
        answer = client.get(path)
        assert answer.get_json()["user"] is None
        assert not set_cookies(answer)
    monkeypatch.undo()
    assert client.get("/both").get_json()["user"] == "ada"


def test_a_session_that_another_client_brings_is_protected_as_before(make_app: MakeApp) -> None:
    client = moving(make_app, "/in/ada")
    client.application.config["SESSION_PROTECTION"] = "strong"
    client.get("/data", headers={"User-Agent": "curl/8"})
    assert client.get("/members").status_code == 401


def test_without_the_setting_a_remember_cookie_is_worth_nothing(app: Flask, make_app: MakeApp) -> None:
    cookie = moving(make_app, "/in/ada/remember").get_cookie("remember_token")
    assert cookie is not None
    app.config["SECRET_KEY"] = SECRET
    client = app.test_client()
    client.set_cookie("remember_token", cookie.value)
    assert client.get("/members").status_code == 401


def test_a_request_loader_still_finds_who_brings_something_else(make_app: MakeApp) -> None:
    app = make_app()
    manager = LoginManager(app)
    with_views(app, manager)

    @manager.request_loader  # type: ignore[untyped-decorator]
    def by_key(request: Any) -> User | None:
        return User("robot") if request.headers.get("X-Key") == "k" else None

    client = app.test_client()
    assert client.get("/members", headers={"X-Key": "k"}).text == "robot"
    assert client.get("/members").status_code == 401
    client.post("/in/ada")
    assert client.get("/members", headers={"X-Key": "k"}).text == "ada"


def test_who_cannot_be_known_just_now_is_not_sent_to_the_login(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    manager = LoginManager(app)
    manager.login_view = "/enter"
    client = with_views(app, manager).test_client()
    client.post("/in/ada")

    def token_of(_self: Keeper, _environ: object) -> None:
        raise RevocationsStale("x")

    monkeypatch.setattr(Keeper, "token_of", token_of)
    for path in ("/members", "/fresh"):
        refused = client.get(path)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
        assert not set_cookies(refused)
    assert user_of(client) is None
    monkeypatch.undo()
    assert client.get("/members").text == "ada"


def test_a_logout_that_could_end_nothing_says_so(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = app.test_client()
    client.post("/in/ada")

    def token_of(_self: Keeper, _environ: object) -> None:
        raise RevocationsStale("x")

    monkeypatch.setattr(Keeper, "token_of", token_of)
    assert client.post("/out").status_code == 503


def test_the_test_client_is_a_user_too(app: Flask) -> None:
    app.test_client_class = SesseraClient
    client = app.test_client(user="ada", session={"_fresh": True})
    assert client.get("/fresh").text == "ada"


def test_the_test_client_of_flask_login_still_works(app: Flask) -> None:
    app.test_client_class = flask_login.FlaskLoginClient
    client = app.test_client(user=User("ada"))
    assert client.get("/members").text == "ada"
    assert client.get("/whoami").get_json()["subject"] == "ada"


def test_a_bearer_token_is_a_user_too(app: Flask, client: FlaskClient) -> None:
    token = client.post("/login/ada").get_json()["token"]
    bearer = app.test_client(use_cookies=False)
    assert bearer.get("/members", headers={"Authorization": f"Bearer {token}"}).text == "ada"


def test_current_user_and_current_session_agree_within_the_request_of_the_login(app: Flask) -> None:
    @app.post("/both/<name>")
    def both(name: str) -> ResponseReturnValue:
        login_user(User(name))
        seen = [current_user.id, current_session.subject]
        logout_user()
        return jsonify([*seen, current_user.is_authenticated, bool(current_session), dict(session)])

    assert app.test_client().post("/both/ada").json == ["ada", "ada", False, False, {}]
