"""Factories, several applications, streams, threads, test clients: as with Flask's own sessions."""

from __future__ import annotations

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from flask import Blueprint, Flask, Response, copy_current_request_context, session, stream_with_context
from werkzeug.middleware.dispatcher import DispatcherMiddleware

import sessera.flask
from sessera import Keyring, ManualClock
from sessera.flask import Sessera, current_session, login, logout, session_required
from tests.flask.browser import COOKIE, has_cookie, set_cookies, subject_of, token_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.flask.conftest import MakeApp


def test_one_extension_serves_several_applications_of_a_factory(keyring: Keyring) -> None:
    extension = Sessera()

    def create(name: str) -> Flask:
        app = Flask(name)
        app.config.update(SESSERA_KEYRING=keyring, TESTING=True)
        extension.init_app(app)

        @app.post("/in")
        def log_in() -> str:
            return login("ada").token

        @app.get("/private")
        @session_required
        def private() -> str:
            return current_session.subject

        return app

    shop, blog = create("shop"), create("blog")
    client = shop.test_client()
    token = client.post("/in").text
    assert client.get("/private").text == "ada"
    stranger = blog.test_client()
    stranger.set_cookie(COOKIE, token)
    assert stranger.get("/private").status_code == 401
    with shop.app_context():
        shops = extension.sessions
    with blog.app_context():
        assert extension.sessions is not shops


def test_applications_below_one_host_each_have_a_cookie_of_their_own(keyring: Keyring) -> None:
    def create(name: str) -> Flask:
        app = Flask(name)
        app.config.update(SESSERA_KEYRING=keyring, SESSERA_STORE="memory", TESTING=True)
        app.config["SESSERA_COOKIE_NAME"] = f"__Host-{name}"
        app.config["SESSERA_DEVICE_COOKIE"] = f"__Host-{name}-device"
        Sessera(app)

        @app.post("/in/<subject>")
        def log_in(subject: str) -> str:
            login(subject)
            return ""

        @app.post("/out")
        def log_out() -> str:
            logout()
            return ""

        @app.get("/who")
        def who() -> str:
            return current_session.subject if current_session else "nobody"

        return app

    shop, blog = create("shop"), create("blog")
    shop.wsgi_app = DispatcherMiddleware(shop.wsgi_app, {"/blog": blog})  # type: ignore[method-assign]
    browser = shop.test_client()
    browser.post("/in/ada")
    assert (browser.get("/who").text, browser.get("/blog/who").text) == ("ada", "nobody")
    browser.post("/blog/in/bob")
    assert (browser.get("/who").text, browser.get("/blog/who").text) == ("ada", "bob")
    browser.post("/out")
    assert (browser.get("/who").text, browser.get("/blog/who").text) == ("nobody", "bob")


def test_one_view_may_ask_another_application(make_app: MakeApp) -> None:
    shop, blog = make_app(), make_app(AUDIENCE="blog")

    @shop.get("/both")
    @session_required
    def both() -> list[str]:
        with blog.test_request_context():
            login("bob")
            inner = current_session.subject
        return [current_session.subject, inner]

    client = shop.test_client()
    client.post("/login/ada")
    assert client.get("/both").json == ["ada", "bob"]


def test_blueprints_of_blueprints_share_the_session(make_app: MakeApp) -> None:
    app = make_app()
    outer, inner = Blueprint("outer", __name__), Blueprint("inner", __name__)

    @outer.before_request
    def greet() -> None:
        session.setdefault("seen", []).append("outer")
        session.modified = True

    @inner.get("/inner")
    @session_required
    def view() -> list[str]:
        session["seen"].append(current_session.subject)
        return list(session["seen"])

    @inner.after_request
    def count(response: Response) -> Response:
        response.headers["X-Seen"] = str(len(session["seen"]))
        return response

    outer.register_blueprint(inner, url_prefix="/deep")
    app.register_blueprint(outer, url_prefix="/very")
    client = app.test_client()
    client.post("/login/ada")
    response = client.get("/very/deep/inner")
    assert (response.json, response.headers["X-Seen"]) == (["outer", "ada"], "2")
    assert client.get("/data").json == {"seen": ["outer", "ada"]}


def test_an_application_that_was_not_set_up_says_so() -> None:
    app = Flask("plain")
    app.secret_key = "x" * 32
    with app.test_request_context():
        with pytest.raises(RuntimeError, match="Sessera"):
            login("ada")
        with pytest.raises(RuntimeError, match="Sessera"):
            _ = Sessera().sessions


def test_an_application_is_set_up_once(app: Flask) -> None:
    with pytest.raises(RuntimeError, match="before"):
        Sessera(app)


def test_sessions_are_revoked_through_the_extension(make_app: MakeApp) -> None:
    app = make_app()
    client = app.test_client()
    body = client.post("/login/ada").get_json()
    with app.app_context():
        Sessera().sessions.revoke_session(body["id"])
    assert subject_of(client.get("/whoami")) is None


def test_a_stream_reads_the_session_it_began_with(make_app: MakeApp) -> None:
    app = make_app()

    @app.get("/stream")
    def stream() -> Response:
        def parts() -> Iterator[str]:
            yield current_session.subject
            yield str(session["a"])
            session["late"] = 1

        assert current_session
        return Response(stream_with_context(parts()))

    client = app.test_client()
    client.post("/login/ada")
    client.post("/data", json={"a": 1})
    response = client.get("/stream")
    assert response.text == "ada1"
    assert response.headers["Vary"] == "Cookie, Authorization"
    assert not set_cookies(response)


def test_a_stream_of_a_due_session_renews_it_before_it_begins(make_app: MakeApp, clock: ManualClock) -> None:
    app = make_app()

    @app.get("/stream")
    @session_required
    def stream() -> Response:
        return Response(stream_with_context(iter(["a", "b"])))

    client = app.test_client()
    client.post("/login/ada")
    clock.advance(301)
    response = client.get("/stream")
    assert len(set_cookies(response)) == 1
    assert response.text == "ab"


def test_a_copied_context_shares_the_session(make_app: MakeApp) -> None:
    app = make_app()

    @app.get("/thread")
    @session_required
    def thread() -> str:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(copy_current_request_context(lambda: current_session.subject)).result()

    client = app.test_client()
    client.post("/login/ada")
    assert client.get("/thread").text == "ada"


def test_threads_do_not_mix_up_their_sessions(app: Flask) -> None:
    def visit(number: int) -> bool:
        client = app.test_client()
        name = f"user-{number}"
        client.post(f"/login/{name}")
        for turn in range(5):
            client.post("/data", json={"name": name, "turn": turn})
            if client.get("/data").json != {"name": name, "turn": turn}:
                return False
            if subject_of(client.get("/whoami")) != name:
                return False
        client.post("/logout")
        return not has_cookie(client)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(visit, range(40)))


def test_session_transaction_reads_and_writes(app: Flask) -> None:
    client = app.test_client()
    with client.session_transaction() as data:
        data["a"] = 1
    assert client.get("/data").json == {"a": 1}
    client.post("/login/ada")
    with client.session_transaction() as data:
        assert data["a"] == 1
        data["b"] = 2
    assert client.get("/data").json == {"a": 1, "b": 2}
    assert subject_of(client.get("/whoami")) == "ada"
    before = token_in(client)
    with client.session_transaction() as data:
        assert data["b"] == 2
    assert token_in(client) == before


def test_a_test_client_sees_the_session_after_the_request(app: Flask) -> None:
    with app.test_client() as client:
        client.post("/login/ada")
        client.post("/data", json={"a": 1})
        assert session["a"] == 1
        assert current_session.subject == "ada"


def test_the_interface_tells_others_of_its_cookie(make_app: MakeApp) -> None:
    app = make_app(COOKIE_NAME="__Host-shop", COOKIE_SAMESITE="Strict")
    interface = app.session_interface
    assert interface.get_cookie_name(app) == "__Host-shop"
    assert interface.get_cookie_domain(app) is None
    assert interface.get_cookie_path(app) == "/"
    assert interface.get_cookie_httponly(app)
    assert interface.get_cookie_secure(app)
    assert interface.get_cookie_samesite(app) == "Strict"
    assert not interface.get_cookie_partitioned(app)


def test_every_name_is_documented() -> None:
    for name in sessera.flask.__all__:
        assert getattr(sessera.flask, name).__doc__, name


def test_an_application_goes_when_nobody_holds_it(keyring: Keyring) -> None:
    app = Flask("shop")
    app.config["SESSERA_KEYRING"] = keyring
    Sessera(app)
    weak = weakref.ref(app)
    del app
    gc.collect()
    assert weak() is None
