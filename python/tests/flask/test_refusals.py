"""A bad token is nobody's session. It raises nothing, and it is never taken for another one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, jsonify

import sessera
from sessera import (
    BindingMismatch,
    CsrfInvalid,
    Keyring,
    ManualClock,
    Policy,
    ReauthenticationRequired,
    RevocationsStale,
    SessionError,
    Sessions,
    StoreUnavailable,
    Superseded,
)
from sessera.flask import current_session, session_required
from sessera.flask.keeper import Keeper
from tests.flask.browser import COOKIE, error_of, has_cookie, send, set_cookies, subject_of, token_in
from tests.flask.conftest import data_in_token

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from tests.flask.conftest import MakeApp


def refuse_with(error: SessionError, monkeypatch: pytest.MonkeyPatch) -> None:
    def token_of(_self: Keeper, _environ: object) -> None:
        raise error

    monkeypatch.setattr(Keeper, "token_of", token_of)


@pytest.mark.parametrize("place", range(3))
def test_a_tampered_token_is_nobodys(app: Flask, place: int) -> None:
    segments = app.test_client().post("/login/ada").get_json()["token"].split(".")
    first = segments[place][0]
    segments[place] = ("B" if first == "A" else "A") + segments[place][1:]
    response = send(app, ".".join(segments))
    assert response.status_code == 200
    assert error_of(response) in {"bad_signature", "malformed", "unsupported_algorithm", "unknown_key"}
    assert send(app, ".".join(segments), "/private").status_code == 401


def test_a_token_of_other_keys_is_nobodys(app: Flask) -> None:
    other = Sessions("http://localhost", "shop", keyring=Keyring.generate("HS256"))
    assert error_of(send(app, other.issue("ada").token)) == "unknown_key"


def test_two_cookies_of_our_name_are_refused(app: Flask) -> None:
    token = app.test_client().post("/login/ada").get_json()["token"]
    client = app.test_client(use_cookies=False)
    for second in (token, "x", ""):
        header = f"{COOKIE}={token}; {COOKIE}={second}"
        response = client.get("/whoami", headers={"Cookie": header})
        assert error_of(response) == "cookie_invalid"
        assert client.get("/private", headers={"Cookie": header}).status_code == 401


@pytest.mark.parametrize("value", ["\x00", '"a"', "é", "x" * 5000])
def test_a_hostile_cookie_is_nobodys(app: Flask, value: str) -> None:
    environ = {"HTTP_COOKIE": f"{COOKIE}={value}".encode().decode("latin-1")}
    response = app.test_client(use_cookies=False).get("/whoami", environ_overrides=environ)
    assert response.status_code == 200
    assert subject_of(response) is None
    assert error_of(response) in {"cookie_invalid", "too_large", "malformed"}


def test_cookies_of_others_do_not_matter(app: Flask) -> None:
    token = app.test_client().post("/login/ada").get_json()["token"]
    header = f"theme=dark; __host-session=x; session=y; {COOKIE}={token}; a=é".encode().decode("latin-1")
    response = app.test_client(use_cookies=False).get("/whoami", environ_overrides={"HTTP_COOKIE": header})
    assert subject_of(response) == "ada"


def test_a_failed_verify_never_deletes_the_cookie(app: Flask, clock: ManualClock) -> None:
    client = app.test_client()
    client.post("/login/ada")
    clock.advance(100_000)
    for path in ("/whoami", "/private", "/data"):
        assert not set_cookies(client.get(path))
    assert has_cookie(client)


def test_a_visitor_with_a_dead_token_can_have_data_again(app: Flask, clock: ManualClock) -> None:
    client = app.test_client()
    client.post("/login/ada")
    clock.advance(100_000)
    client.post("/data", json={"a": 1})
    assert client.get("/data").json == {"a": 1}
    assert subject_of(client.get("/whoami")) is None


def test_the_refusal_is_logged_without_the_token(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    token = app.test_client().post("/login/ada").get_json()["token"]
    with caplog.at_level(logging.INFO, logger="sessera"):
        send(app, token[:-2] + "AA")
    (record,) = caplog.records
    assert record.levelno == logging.INFO
    assert record.name == "sessera.flask"
    assert "bad_signature" in record.getMessage()
    for part in token.split("."):
        assert part[:20] not in record.getMessage()


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BindingMismatch("x"), 401),
        (ReauthenticationRequired("x"), 401),
        (Superseded("x"), 401),
        (CsrfInvalid("x"), 403),
        (RevocationsStale("x"), 503),
        (StoreUnavailable("x"), 503),
    ],
    ids=lambda value: getattr(value, "code", value),
)
def test_the_end_user_is_told_a_status_and_nothing_of_the_reason(
    app: Flask, monkeypatch: pytest.MonkeyPatch, error: SessionError, status: int
) -> None:
    plain = app.test_client().get("/private")
    refuse_with(error, monkeypatch)
    response = app.test_client().get("/private")
    assert response.status_code == status
    assert error.code not in response.text
    assert ("Retry-After" in response.headers) == (status == 503)
    if status == 401:
        assert response.text == plain.text


@pytest.mark.parametrize("error", [Superseded("x"), RevocationsStale("x"), StoreUnavailable("x")])
def test_what_may_be_a_good_session_is_not_replaced(
    app: Flask, monkeypatch: pytest.MonkeyPatch, error: SessionError
) -> None:
    refuse_with(error, monkeypatch)
    assert not set_cookies(app.test_client().post("/data", json={"a": 1}))
    assert len(set_cookies(app.test_client().post("/login/ada"))) == 1


@pytest.mark.parametrize("path", ["/logout", "/logout-everywhere", "/logout-everywhere?keep"])
def test_a_logout_that_could_end_nothing_says_so(
    app: Flask, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    client = app.test_client()
    client.post("/login/ada")
    refuse_with(RevocationsStale("x"), monkeypatch)
    answer = client.post(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert has_cookie(client), "it can be tried again"


def test_a_bearer_token_is_a_session_too(app: Flask) -> None:
    token = app.test_client().post("/login/ada").get_json()["token"]
    client = app.test_client()
    for scheme in ("Bearer", "bearer"):
        response = client.get("/private", headers={"Authorization": f"{scheme} {token}"})
        assert response.text == "ada"
        assert response.headers["Vary"] == "Cookie, Authorization"


def test_a_cookie_and_a_bearer_token_at_once_are_refused(app: Flask) -> None:
    client = app.test_client()
    token = client.post("/login/ada").get_json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert error_of(client.get("/whoami", headers=headers)) == "cookie_invalid"
    assert client.get("/private", headers=headers).status_code == 401
    basic = {"Authorization": "Basic YTpi"}
    assert subject_of(client.get("/whoami", headers=basic)) == "ada"


@data_in_token
def test_a_request_with_a_bearer_token_never_gets_a_cookie(
    app: Flask, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    token = app.test_client().post("/login/ada").get_json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    client = app.test_client()
    assert not set_cookies(client.post("/data", json={"a": 1}, headers=headers))
    assert "bearer" in caplog.text
    clock.advance(600)
    assert not set_cookies(client.get("/whoami", headers=headers))
    clock.advance(60)
    assert client.get("/whoami", headers=headers).get_json()["generation"] == 0
    assert not set_cookies(client.post("/elevate", headers=headers))
    response = client.post("/logout", headers={"Authorization": f"Bearer {token}"})
    assert not set_cookies(response)


def test_locations_that_are_off_are_not_looked_at(make_app: MakeApp) -> None:
    token = make_app().test_client().post("/login/ada").get_json()["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    only_cookie = make_app(LOCATIONS=["cookie"])
    assert subject_of(send(only_cookie, token)) == "ada"
    assert subject_of(only_cookie.test_client().get("/whoami", headers=bearer)) is None
    assert "WWW-Authenticate" not in only_cookie.test_client().get("/private").headers
    only_header = make_app(LOCATIONS=("header",))
    assert subject_of(send(only_header, token)) is None
    assert subject_of(only_header.test_client().get("/whoami", headers=bearer)) == "ada"
    assert only_header.test_client().get("/private").headers["WWW-Authenticate"].lower() == "bearer"
    for path in ("/login/bob", "/data", "/logout"):
        assert not set_cookies(only_header.test_client().post(path, json={"a": 1}))


def test_a_token_in_the_url_or_the_body_is_ignored(app: Flask) -> None:
    token = app.test_client().post("/login/ada").get_json()["token"]
    client = app.test_client()
    for name in (COOKIE, "session", "token", "access_token"):
        assert subject_of(client.get("/whoami", query_string={name: token})) is None
        assert subject_of(client.get("/whoami", data={name: token})) is None


def bound(app: Flask) -> None:
    @app.get("/binding")
    def binding() -> ResponseReturnValue:
        return jsonify(ip=current_session.binding.ip, user_agent=current_session.binding.user_agent)


FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.mark.parametrize(
    ("hops", "forwarded", "expected"),
    [
        (0, "198.51.100.9", "matched"),
        (1, "203.0.113.7", "matched"),
        (1, "203.0.113.7, 198.51.100.9", "differed"),
        (2, "203.0.113.7, 198.51.100.9", "matched"),
        (1, "junk", "absent"),
    ],
)
def test_the_clients_address_is_the_peers_unless_proxies_are_trusted(
    make_app: MakeApp, hops: int, forwarded: str, expected: str
) -> None:
    app = make_app(TRUSTED_HOPS=hops)
    bound(app)
    client = app.test_client()
    peer = {"REMOTE_ADDR": "203.0.113.7" if hops == 0 else "10.0.0.1"}
    client.post("/login/ada", environ_overrides=peer, headers={"X-Forwarded-For": "203.0.113.7, 203.0.113.7"})
    seen = client.get("/binding", environ_overrides=peer, headers={"X-Forwarded-For": forwarded})
    assert seen.get_json()["ip"] == expected


def test_the_user_agent_is_bound(app: Flask) -> None:
    bound(app)
    client = app.test_client()
    client.post("/login/ada", headers={"User-Agent": FIREFOX})
    newer = FIREFOX.replace("140", "141")
    assert client.get("/binding", headers={"User-Agent": newer}).get_json()["user_agent"] == "matched"
    assert client.get("/binding", headers={"User-Agent": "curl/8"}).get_json()["user_agent"] == "differed"


@pytest.mark.parametrize(
    ("mode", "code"), [("enforce", "binding_mismatch"), ("step_up", "reauthentication_required")]
)
def test_a_changed_client_is_refused_as_the_policy_says(make_app: MakeApp, mode: Any, code: str) -> None:
    app = make_app(POLICY=Policy(binding={"user_agent": mode}))
    client = app.test_client()
    client.post("/login/ada", headers={"User-Agent": FIREFOX})
    assert error_of(client.get("/whoami", headers={"User-Agent": "curl/8"})) == code
    assert subject_of(client.get("/whoami", headers={"User-Agent": FIREFOX})) == "ada"
    assert client.get("/private", headers={"User-Agent": "curl/8"}).status_code == 401


@pytest.mark.parametrize("address", ["", "unix:", "fe80::1%eth0"])
def test_a_peer_without_an_address_is_served(app: Flask, address: str) -> None:
    client = app.test_client()
    peer = {"REMOTE_ADDR": address}
    client.post("/login/ada", environ_overrides=peer)
    assert subject_of(client.get("/whoami", environ_overrides=peer)) == "ada"
    bare = app.test_client(use_cookies=False)
    bare.environ_base.clear()
    assert bare.get("/private").status_code == 401


def test_a_view_may_raise_what_the_library_raises(make_app: MakeApp) -> None:
    app = make_app()
    app.testing = False

    @app.get("/raises/<name>")
    def raises(name: str) -> str:
        raise getattr(sessera, name)("x")

    client = app.test_client()
    statuses = {
        "ReauthenticationRequired": 401,
        "CsrfInvalid": 403,
        "StoreUnavailable": 503,
        "InvalidClaim": 500,
    }
    for name, status in statuses.items():
        assert client.get(f"/raises/{name}").status_code == status, name


def test_the_application_answers_in_its_own_words(make_app: MakeApp) -> None:
    app = make_app()

    @app.errorhandler(401)
    def to_login(_error: Exception) -> ResponseReturnValue:
        return "", 302, {"Location": "/login"}

    @app.errorhandler(ReauthenticationRequired)
    def again(_error: ReauthenticationRequired) -> ResponseReturnValue:
        return "", 302, {"Location": "/again"}

    @app.get("/recent")
    @session_required(fresh=0)
    def recent() -> str:
        return ""

    client = app.test_client()
    assert client.get("/recent").headers["Location"] == "/login"
    client.post("/login/ada")
    assert token_in(client)
    assert client.get("/recent").status_code == 200
