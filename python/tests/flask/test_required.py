"""`session_required` lets in who is logged in, recently and strongly enough."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from flask import Blueprint, Flask

from sessera import InvalidConfig, ManualClock, MemoryStore, Revoked, Sessions
from sessera._web.visit import Visit
from sessera.flask import current_session, elevate, login, session_required
from tests.flask.browser import send

if TYPE_CHECKING:
    from tests.flask.conftest import MakeApp


@pytest.fixture
def guarded(make_app: MakeApp) -> Flask:
    app = make_app()

    @app.post("/in/<acr>/<amr>")
    def log_in(acr: str, amr: str) -> str:
        login("ada", acr=acr, amr=amr.split(","))
        return ""

    @app.get("/called")
    @session_required()
    def called() -> str:
        return "in"

    @app.get("/recent")
    @session_required(fresh=timedelta(minutes=5))
    def recent() -> str:
        return "in"

    @app.get("/strong")
    @session_required(acr=["aal2", "aal3"])
    def strong() -> str:
        return "in"

    @app.get("/one")
    @session_required(acr="aal2")
    def one() -> str:
        return "in"

    @app.get("/methods")
    @session_required(amr=("pwd", "otp"))
    def methods() -> str:
        return "in"

    @app.get("/live")
    @session_required(live=True)
    def live() -> str:
        return "in"

    @app.post("/again")
    @session_required
    def again() -> str:
        elevate(acr="aal2", amr=["pwd", "otp"])
        return ""

    return app


PATHS = ("/called", "/recent", "/strong", "/one", "/methods", "/live")


def test_nobody_gets_in(guarded: Flask) -> None:
    client = guarded.test_client()
    client.post("/data", json={"anonymous": True})
    for path in PATHS:
        assert client.get(path).status_code == 401


def test_a_strong_and_recent_login_gets_in_everywhere(guarded: Flask) -> None:
    client = guarded.test_client()
    client.post("/in/aal2/pwd,otp")
    for path in PATHS:
        assert client.get(path).text == "in"


def test_an_old_or_weak_login_gets_in_after_an_elevation(guarded: Flask, clock: ManualClock) -> None:
    client = guarded.test_client()
    client.post("/in/aal1/pwd")
    for path in ("/strong", "/one", "/methods"):
        assert client.get(path).status_code == 401
    clock.advance(301)
    assert client.get("/recent").status_code == 401
    assert client.get("/called").text == "in"
    client.post("/again")
    for path in PATHS:
        assert client.get(path).text == "in"


@pytest.fixture
def public(make_app: MakeApp) -> Flask:
    """An application with a page for everybody, in two strengths."""
    app = make_app()

    @app.get("/optional")
    @session_required(optional=True)
    def optional() -> str:
        return current_session.subject if current_session else "a visitor"

    @app.get("/optional-recent")
    @session_required(optional=True, fresh=60, live=True)
    def recent() -> str:
        return current_session.subject if current_session else "a visitor"

    return app


def test_where_it_is_optional_everybody_gets_in(public: Flask, clock: ManualClock) -> None:
    client = public.test_client()
    for path in ("/optional", "/optional-recent"):
        assert client.get(path).text == "a visitor"
    client.post("/login/ada")
    for path in ("/optional", "/optional-recent"):
        assert client.get(path).text == "ada"
    clock.advance(100_000)
    for path in ("/optional", "/optional-recent"):
        response = client.get(path)
        assert (response.text, response.headers["Vary"]) == ("a visitor", "Cookie, Authorization")


def test_where_it_is_optional_who_is_logged_in_is_asked_for_the_rest(
    public: Flask, clock: ManualClock
) -> None:
    client = public.test_client()
    client.post("/login/ada")
    clock.advance(61)
    assert client.get("/optional").text == "ada"
    assert client.get("/optional-recent").status_code == 401


def test_where_it_is_optional_a_bad_bearer_token_is_told_so(public: Flask) -> None:
    token = public.test_client().post("/login/ada").get_json()["token"]
    client = public.test_client()
    for path in ("/optional", "/optional-recent"):
        assert client.get(path, headers={"Authorization": f"Bearer {token}"}).text == "ada"
        assert client.get(path, headers={"Authorization": "Bearer x.y.z"}).status_code == 401
        assert client.get(path, headers={"Authorization": "Basic YTpi"}).text == "a visitor"


def test_a_session_that_a_live_look_finds_dead_is_nobodys(
    public: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dead(_self: Visit) -> None:
        raise Revoked("x")

    client = public.test_client()
    client.post("/login/ada")
    monkeypatch.setattr(Visit, "recheck_live", dead)
    assert client.get("/optional-recent").text == "a visitor"
    assert client.get("/optional").text == "ada"


def test_live_needs_a_store(make_app: MakeApp) -> None:
    app = make_app(STORE=None)

    @app.get("/live")
    @session_required(live=True)
    def live() -> str:
        return ""

    client = app.test_client()
    client.post("/login/ada")
    with pytest.raises(InvalidConfig):
        client.get("/live")


def test_a_session_revoked_by_another_part_of_the_process_is_refused(make_app: MakeApp) -> None:
    store = MemoryStore()
    app = make_app(STORE=store)
    client = app.test_client()
    body = client.post("/login/ada").get_json()
    keeper = app.extensions["sessera"]
    other = Sessions("http://localhost", "shop", keyring=keeper.settings.keyring, store=store)
    other.revoke_session(body["id"])
    assert client.get("/private").status_code == 401


def test_async_views_are_guarded(make_app: MakeApp) -> None:
    app = make_app()

    @app.get("/async")
    @session_required
    async def view() -> str:
        return current_session.subject

    @app.get("/async-strong")
    @session_required(acr="aal2")
    async def strong() -> str:
        return current_session.subject

    @app.post("/async-login")
    async def log_in() -> str:
        login("ada")
        return ""

    client = app.test_client()
    assert client.get("/async").status_code == 401
    client.post("/async-login")
    assert client.get("/async").text == "ada"
    assert client.get("/async-strong").status_code == 401


def test_the_view_keeps_its_name_and_arguments(make_app: MakeApp) -> None:
    app = make_app()

    @app.get("/item/<int:number>")
    @session_required
    def item(number: int) -> str:
        """Shows an item."""
        return str(number)

    assert (item.__name__, item.__doc__) == ("item", "Shows an item.")
    client = app.test_client()
    client.post("/login/ada")
    assert client.get("/item/7").text == "7"


def test_a_blueprint_is_guarded_as_a_whole_and_answers_itself(make_app: MakeApp) -> None:
    app = make_app()
    admin = Blueprint("admin", __name__, url_prefix="/admin")

    @admin.before_request
    @session_required
    def guard() -> None:
        return None

    @admin.get("/")
    def home() -> str:
        return "admin"

    @admin.errorhandler(401)
    def nobody(_error: Exception) -> tuple[str, int]:
        return "log in first", 401

    app.register_blueprint(admin)
    client = app.test_client()
    assert client.get("/admin/").text == "log in first"
    token = client.post("/login/ada").get_json()["token"]
    assert client.get("/admin/").text == "admin"
    assert send(app, token, "/admin/").text == "admin"


def test_a_preflight_passes_to_a_view_that_takes_options(app: Flask) -> None:
    @app.route("/api", methods=["GET", "OPTIONS"])
    @session_required(live=True, acr="aal2")
    def api() -> tuple[str, dict[str, str]]:
        allowed = {"Access-Control-Allow-Origin": "https://other.example"}
        return (current_session.subject if current_session else "nobody"), allowed

    client = app.test_client()
    preflight = client.options("/api", headers={"Origin": "https://other.example"})
    assert (preflight.status_code, preflight.text) == (200, "nobody")
    assert preflight.headers["Access-Control-Allow-Origin"] == "https://other.example"
    assert client.get("/api").status_code == 401


def test_the_challenge_says_why_a_token_is_not_enough(app: Flask) -> None:
    @app.get("/strong")
    @session_required(acr="aal2")
    def strong() -> str:
        return "strong"

    client = app.test_client()
    assert client.get("/private").headers["WWW-Authenticate"] == "Bearer"
    bad = client.get("/private", headers={"Authorization": "Bearer a.b.c"})
    assert bad.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    client.post("/login/ada")
    weak = client.get("/strong")
    assert weak.headers["WWW-Authenticate"] == 'Bearer error="insufficient_user_authentication"'
    client.post("/logout")
    assert client.get("/strong").headers["WWW-Authenticate"] == "Bearer"


def test_where_no_header_is_read_there_is_no_challenge(make_app: MakeApp) -> None:
    answer = make_app(LOCATIONS=("cookie",)).test_client().get("/private")
    assert (answer.status_code, "WWW-Authenticate" in answer.headers) == (401, False)
