"""A user sees the own sessions on all devices, ends them, and has no more than the application allows."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest
from flask import Flask, jsonify, request

from sessera import InvalidConfig, ReauthenticationRequired
from sessera.flask import ANYONE, UserSession, current_session, login, revoke, session_required, sessions_of
from tests.flask.browser import COOKIE, error_of, has_cookie, set_cookies, subject_of

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from flask.typing import ResponseReturnValue

    from sessera import ManualClock
    from tests.flask.conftest import MakeApp

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def listing(make_app: MakeApp, **settings: object) -> Flask:
    app = make_app(**settings)

    @app.get("/sessions")
    @session_required
    def sessions() -> ResponseReturnValue:
        return jsonify([[listed.id, listed.current] for listed in sessions_of()])

    @app.post("/revoke/<sid>")
    @session_required
    def end(sid: str) -> ResponseReturnValue:
        if "any" in request.args:
            return jsonify(revoke(sid, of=ANYONE))
        return jsonify(revoke(sid))

    @app.post("/remember/<subject>")
    def remember(subject: str) -> str:
        login(subject, remember=True)
        return current_session.id

    return app


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return listing(make_app, LIST_SESSIONS=True)


def logged_in(app: Flask, subject: str = "ada", user_agent: str = FIREFOX) -> tuple[FlaskClient, str]:
    client = app.test_client()
    response = client.post(f"/login/{subject}", headers={"User-Agent": user_agent})
    return client, response.get_json()["id"]


def ids(app: Flask, subject: str = "ada") -> list[str]:
    with app.app_context():
        return [listed.id for listed in sessions_of(subject)]


def test_a_user_sees_all_sessions_and_which_one_this_is(app: Flask, clock: ManualClock) -> None:
    phone, first = logged_in(app)
    clock.advance(60)
    laptop, second = logged_in(app)
    logged_in(app, "bob")
    assert phone.get("/sessions").json == [[first, True], [second, False]]
    assert laptop.get("/sessions").json == [[first, False], [second, True]]
    with app.app_context():
        assert [listed.current for listed in sessions_of("ada")] == [False, False]


def test_a_session_is_listed_by_its_times_and_software(make_app: MakeApp, clock: ManualClock) -> None:
    app = make_app(LIST_SESSIONS=True)
    client, sid = logged_in(app)
    clock.advance(301)
    client.get("/whoami", headers={"User-Agent": FIREFOX})

    def at(seconds: int) -> datetime:
        return datetime.fromtimestamp(1_800_000_000 + seconds, tz=timezone.utc)

    with app.app_context():
        (listed,) = sessions_of("ada")
    assert listed == UserSession(
        id=sid,
        started_at=at(0),
        last_seen=at(301),
        expires_at=at(301 + 1830),
        label="firefox/linux",
        network=None,
        current=False,
    )


def test_networks_are_listed_only_where_the_settings_say_so(make_app: MakeApp) -> None:
    app = make_app(LIST_NETWORKS=True)
    app.test_client().post("/login/ada", environ_overrides={"REMOTE_ADDR": "203.0.113.7"})
    with app.app_context():
        (listed,) = sessions_of("ada")
    assert listed.network == "203.0.113.0/24"


def test_a_user_ends_another_session_of_the_own(app: Flask) -> None:
    phone, lost = logged_in(app)
    laptop, own = logged_in(app)
    assert laptop.post(f"/revoke/{lost}").json is True
    assert error_of(phone.get("/whoami")) == "revoked"
    assert laptop.get("/sessions").get_json() == [[own, True]]
    assert subject_of(laptop.get("/whoami")) == "ada"


def test_the_session_of_this_request_ends_as_with_a_logout(app: Flask) -> None:
    client, own = logged_in(app)
    response = client.post(f"/revoke/{own}")
    assert response.json is True
    assert "Clear-Site-Data" in response.headers
    assert not has_cookie(client)
    assert ids(app) == []


def test_nobody_ends_the_session_of_another_user(app: Flask) -> None:
    bob, bobs = logged_in(app, "bob")
    client, _ = logged_in(app)
    for sid in (bobs, "no id", "A" * 22):
        response = client.post(f"/revoke/{sid}")
        assert response.json is False
        assert not set_cookies(response)
    assert subject_of(bob.get("/whoami")) == "bob"


def test_a_visitor_is_no_administrator(app: Flask) -> None:
    @app.post("/end-any/<sid>")
    def end_by_name(sid: str) -> ResponseReturnValue:
        # As an application has it that forgot to ask for a login: nobody's name is None.
        name = current_session.subject if current_session else None
        return jsonify(revoke(sid, of=name))

    bob, bobs = logged_in(app, "bob")
    assert app.test_client().post(f"/end-any/{bobs}").json is False
    with app.app_context():
        assert not revoke(bobs, of=None)
    assert subject_of(bob.get("/whoami")) == "bob"
    assert bob.post(f"/end-any/{bobs}").json is True
    assert error_of(bob.get("/whoami")) is None


def test_an_administrator_ends_any(app: Flask) -> None:
    bob, bobs = logged_in(app, "bob")
    client, _ = logged_in(app)
    assert client.post(f"/revoke/{bobs}?any").json is True
    assert error_of(bob.get("/whoami")) == "revoked"
    with app.app_context():
        assert not revoke("no id", of=ANYONE)


def test_what_has_ended_is_not_listed(app: Flask, clock: ManualClock) -> None:
    client, _ = logged_in(app)
    _, second = logged_in(app)
    client.post("/logout")
    assert ids(app) == [second]
    clock.advance(1831)
    assert ids(app) == []
    logged_in(app)
    client, _ = logged_in(app)
    client.post("/logout-everywhere?keep=1")
    assert client.get("/sessions").get_json() == [[ids(app)[0], True]]


def test_a_login_beyond_the_limit_ends_the_oldest_session(make_app: MakeApp, clock: ManualClock) -> None:
    app = listing(make_app, MAX_SESSIONS=2)
    oldest, _ = logged_in(app)
    clock.advance(1)
    remembered = app.test_client()
    first = remembered.post("/remember/ada").text
    clock.advance(1)
    _, second = logged_in(app)
    assert ids(app) == [first, second]
    assert error_of(oldest.get("/whoami")) == "revoked"
    clock.advance(1)
    _, third = logged_in(app)
    assert ids(app) == [second, third]
    assert error_of(remembered.get("/whoami")) == "revoked"
    logged_in(app, "bob")
    assert len(ids(app)) == 2


def test_visitors_are_neither_listed_nor_limited(make_app: MakeApp, clock: ManualClock) -> None:
    app = make_app(MAX_SESSIONS=1)
    visitors = [app.test_client() for _ in range(3)]
    for number, visitor in enumerate(visitors):
        visitor.post("/data", json={"number": number})
    clock.advance(301)
    for number, visitor in enumerate(visitors):
        assert visitor.get("/data").json == {"number": number}
        visitor.post("/data", json={"number": number, "changed": True})
        assert visitor.get("/data").get_json()["changed"]
    assert ids(app, "~anonymous") == []


def test_what_is_not_listed_says_which_setting_is_missing(make_app: MakeApp) -> None:
    app = make_app()
    with app.test_request_context():
        login("ada")
        with pytest.raises(InvalidConfig, match="SESSERA_LIST_SESSIONS"):
            sessions_of()
        with pytest.raises(InvalidConfig, match="SESSERA_LIST_SESSIONS"):
            revoke(current_session.id, of="ada")
        revoke(current_session.id)
        assert not current_session
        with pytest.raises(ReauthenticationRequired):
            sessions_of()
    with app.app_context(), pytest.raises(ReauthenticationRequired):
        sessions_of()


def test_a_session_is_ended_outside_of_a_request_too(app: Flask) -> None:
    client, sid = logged_in(app)
    with app.app_context():
        assert revoke(sid, of=ANYONE)
        with pytest.raises(ReauthenticationRequired):
            revoke(sid)
    assert error_of(client.get("/whoami")) == "revoked"
    assert client.get_cookie(COOKIE) is not None
