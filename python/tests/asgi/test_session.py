"""A request's session in Starlette: found, changed, renewed, ended."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route
from starlette.websockets import WebSocketDisconnect

from sessera import (
    InvalidClaim,
    InvalidConfig,
    Keyring,
    MemoryStore,
    Policy,
    RedisStore,
    StoreUnavailable,
    TooLarge,
)
from sessera.asgi import Sessera, SesseraMiddleware, current_session
from tests.asgi.conftest import BOTH, COOKIE, ORIGIN, browser, token_in
from tests.away import Away

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

    from sessera import ManualClock
    from tests.asgi.conftest import MakeApp


def test_a_login_holds_from_the_next_request_on_and_a_logout_ends_it_everywhere(app: Starlette) -> None:
    client = browser(app)
    assert client.get("/whoami").json()["subject"] is None
    client.post("/login/ada")
    session = client.get("/whoami").json()
    assert (session["subject"], session["claims"]) == ("ada", {"roles": ["editor"]})
    copied = token_in(client)
    assert client.post("/logout").headers["clear-site-data"]
    assert token_in(client) is None
    client.cookies.set(COOKIE, copied or "", domain="app.example")
    assert client.get("/whoami").json() == {"subject": None, "error": "revoked"}


def test_request_session_keeps_what_is_put_into_it(app: Starlette) -> None:
    client = browser(app)
    client.post("/data", json={"cart": ["tea"]})
    assert client.get("/data").json() == {"cart": ["tea"]}
    client.post("/login/ada")
    assert client.get("/data").json() == {"cart": ["tea"]}
    assert client.get("/whoami").json()["claims"] == {"roles": ["editor"]}
    client.post("/logout")
    assert client.get("/data").json() == {}


def test_what_another_site_posts_replaces_no_cookie_that_was_left_at_home(make_app: MakeApp) -> None:
    foreign = {"sec-fetch-site": "cross-site"}
    for same_site, begins in (("Lax", False), ("Strict", False), ("None", True)):
        app = make_app(csrf="off", same_site=same_site)
        answer = browser(app).post("/data", json={"paid": True}, headers=foreign)
        assert ("set-cookie" in answer.headers) is begins, same_site
        assert "set-cookie" in browser(app).post("/data", json={"paid": True}).headers
        assert "set-cookie" in browser(app).post("/login/ada", headers=foreign).headers


def test_another_user_does_not_get_the_contents(app: Starlette) -> None:
    client = browser(app)
    client.post("/login/ada")
    client.post("/data", json={"secret": 1})
    client.post("/login/bob")
    assert client.get("/data").json() == {}


def test_an_anonymous_session_that_is_emptied_takes_its_cookie_along(app: Starlette) -> None:
    client = browser(app)
    client.post("/data", json={"a": 1})
    assert token_in(client)
    client.post("/clear")
    assert token_in(client) is None


def test_an_untouched_request_verifies_nothing_and_adds_no_header(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looked(_self: Sessera, _scope: object) -> Any:
        raise AssertionError("the session was looked at")

    app = make_app(data="token")
    monkeypatch.setattr(Sessera, "token_of", looked)
    response = browser(app, cookie=f"{COOKIE}=x.y.z").get("/untouched")
    assert response.text == "untouched"
    assert not {"vary", "set-cookie", "cache-control"} & set(response.headers)


def test_a_touched_response_varies_and_one_that_sets_the_cookie_is_not_stored(app: Starlette) -> None:
    client = browser(app)
    read = client.get("/whoami").headers
    assert (read["vary"], "set-cookie" in read, "cache-control" in read) == (BOTH, False, False)
    wrote = client.post("/login/ada").headers
    assert (wrote["vary"], wrote["cache-control"]) == (BOTH, "no-store")
    for part in ("__Host-session=", "Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert part in wrote["set-cookie"]
    again = client.get("/whoami").headers
    assert ("set-cookie" in again, again["cache-control"]) == (False, "no-store")


@pytest.mark.parametrize(("locations", "vary"), [(["cookie"], "Cookie"), (["header"], "Authorization")])
def test_a_response_varies_by_where_a_token_is_looked_for(
    make_app: MakeApp, locations: list[str], vary: str
) -> None:
    app = make_app(locations=locations)
    bearer = {"authorization": "Bearer x"}
    for headers in ({}, bearer, {**bearer, "cookie": f"{COOKIE}=y"}):
        assert browser(app).get("/whoami", headers=headers).headers["vary"] == vary


def test_a_view_may_let_what_it_made_for_a_user_be_kept(make_app: MakeApp) -> None:
    async def kept(request: Request) -> Response:
        subject = current_session(request).subject
        return PlainTextResponse(subject, headers={"cache-control": "private, max-age=60"})

    client = browser(make_app(routes=[Route("/kept", kept)]))
    client.post("/login/ada")
    assert client.get("/kept").headers["cache-control"] == "private, max-age=60"


def test_a_second_login_is_another_session_and_the_first_is_dead(app: Starlette) -> None:
    client = browser(app)
    first = client.post("/login/ada").json()
    second = client.post("/login/ada").json()
    assert first["id"] != second["id"]
    with_bearer = browser(app, authorization=f"Bearer {first['token']}")
    assert with_bearer.get("/whoami").json()["error"] == "revoked"


def test_a_bearer_token_is_taken_and_answered_without_a_cookie(app: Starlette, clock: ManualClock) -> None:
    token = browser(app).post("/login/ada").json()["token"]
    clock.advance(400)
    response = browser(app, authorization=f"Bearer {token}").get("/whoami")
    assert response.json()["subject"] == "ada"
    assert response.headers["vary"] == BOTH
    assert "set-cookie" not in response.headers


def test_cookie_and_bearer_at_once_are_refused(app: Starlette) -> None:
    client = browser(app)
    token = client.post("/login/ada").json()["token"]
    response = client.get("/whoami", headers={"authorization": f"Bearer {token}"})
    assert response.json() == {"subject": None, "error": "cookie_invalid"}


def test_a_header_is_ignored_where_only_cookies_are_taken(make_app: MakeApp) -> None:
    app = make_app(locations=["cookie"])
    token = browser(app).post("/login/ada").json()["token"]
    refused = browser(app, authorization=f"Bearer {token}").get("/private")
    assert refused.status_code == 401
    assert "www-authenticate" not in refused.headers


def test_a_due_renewal_rotates_and_the_old_token_dies_after_the_grace(
    app: Starlette, clock: ManualClock
) -> None:
    client = browser(app)
    client.post("/login/ada")
    old = token_in(client)
    clock.advance(301)
    assert client.get("/whoami").json()["generation"] == 0
    assert token_in(client) != old
    assert client.get("/whoami").json()["generation"] == 1
    clock.advance(11)
    thief = browser(app, cookie=f"{COOKIE}={old}")
    assert thief.get("/whoami").json()["error"] == "reused"
    assert client.get("/whoami").json()["error"] == "revoked"


def test_many_renewals_at_once_give_one_successor_and_log_nobody_out(
    app: Starlette, clock: ManualClock
) -> None:
    async def send_all() -> list[httpx2.Response]:
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            token = (await client.post("/login/ada")).json()["token"]
            clock.advance(301)
            cookie = {"cookie": f"{COOKIE}={token}"}
            client.cookies.clear()
            return await asyncio.gather(*(client.get("/whoami", headers=cookie) for _ in range(50)))

    responses = asyncio.run(send_all())
    assert {response.json()["subject"] for response in responses} == {"ada"}
    assert len({response.headers["set-cookie"] for response in responses}) == 1


def test_a_slow_request_whose_token_was_rotated_meanwhile_ends_nothing(
    make_app: MakeApp, clock: ManualClock
) -> None:
    async def slow(request: Request) -> Response:
        subject = current_session(request).subject
        # The answer of a faster request carries the new token, and the next request shows it.
        faster = browser(app, cookie=request.headers["cookie"]).get("/whoami")
        browser(app, cookie=faster.headers["set-cookie"].partition(";")[0]).get("/whoami")
        clock.advance(11)
        return PlainTextResponse(subject)

    app = make_app(routes=[Route("/slow", slow)])
    client = browser(app)
    client.post("/login/ada")
    clock.advance(301)
    response = client.get("/slow")
    assert (response.text, "set-cookie" in response.headers) == ("ada", False)


def test_rotate_moves_on_and_elevate_raises_rights_and_kills_the_old_token(app: Starlette) -> None:
    client = browser(app)
    client.post("/login/ada")
    client.post("/rotate")
    assert client.get("/whoami").json()["generation"] == 1
    old = token_in(client)
    client.post("/elevate")
    session = client.get("/whoami").json()
    assert (session["generation"], session["claims"]["role"]) == (2, "admin")
    assert browser(app, cookie=f"{COOKIE}={old}").get("/whoami").json()["error"] == "superseded"


def test_logging_out_everywhere_can_keep_this_session(app: Starlette) -> None:
    here, there = browser(app), browser(app)
    for client in (here, there):
        client.post("/login/ada")
    here.post("/logout-everywhere?keep")
    assert here.get("/whoami").json()["subject"] == "ada"
    assert there.get("/whoami").json()["error"] == "revoked"
    here.post("/logout-everywhere")
    assert here.get("/whoami").json()["subject"] is None


def test_what_lets_nobody_in_is_answered_with_401(app: Starlette, clock: ManualClock) -> None:
    client = browser(app)
    refused = client.get("/private")
    assert (refused.status_code, refused.text) == (401, "Unauthorized")
    assert (refused.headers["www-authenticate"], refused.headers["vary"]) == ("Bearer", BOTH)
    client.post("/login/ada")
    assert client.get("/private").text == "ada"
    assert client.get("/live").text == "live"
    assert client.get("/fresh").text == "fresh"
    clock.advance(61)
    assert client.get("/fresh").status_code == 401
    assert client.get("/private").text == "ada"
    for path in ("/elevate", "/rotate"):
        assert browser(app).post(path).status_code == 401


@pytest.mark.parametrize(
    "cookie", ["garbage", "a.b.c", '"quoted"', "a; __Host-session=b", f"; other={'a' * 17_000}", "{}; bearer"]
)
def test_what_nobody_signed_is_answered_with_401_too(app: Starlette, cookie: str) -> None:
    token = browser(app).post("/login/ada").json()["token"]
    headers = {"cookie": f"{COOKIE}={cookie.format(token)}"}
    if "bearer" in cookie:
        headers["authorization"] = f"Bearer {token}"
    for path in ("/private", "/live", "/fresh"):
        refused = browser(app).get(path, headers=headers)
        assert (refused.status_code, refused.text) == (401, "Unauthorized")
        assert refused.headers["cache-control"] == "no-store"
        assert "set-cookie" not in refused.headers


def test_a_body_that_looks_at_the_session_while_it_is_sent_varies(make_app: MakeApp) -> None:
    async def late(request: Request) -> Response:
        async def body() -> AsyncIterator[str]:
            yield current_session(request).subject

        return StreamingResponse(body())

    client = browser(make_app(routes=[Route("/late", late)]))
    client.post("/login/ada")
    answer = client.get("/late")
    assert (answer.text, answer.headers["vary"]) == ("ada", BOTH)


def test_what_this_server_cannot_tell_is_answered_with_503_and_never_401(make_app: MakeApp) -> None:
    async def away(_request: Request) -> Response:
        raise StoreUnavailable("the store is away")

    async def wrong(_request: Request) -> Response:
        raise InvalidClaim("a mistake of the application's own")

    client = browser(make_app(routes=[Route("/away", away), Route("/wrong", wrong)]))
    response = client.get("/away")
    assert (response.status_code, response.text) == (503, "Service Unavailable")
    assert int(response.headers["retry-after"]) > 0
    with pytest.raises(InvalidClaim):
        client.get("/wrong")


def test_contents_that_cannot_be_read_are_answered_with_503(tmp_path: Path, make_app: MakeApp) -> None:
    app = make_app(store=tmp_path / "its.db", data="store")
    client = browser(app)
    client.post("/login/ada")
    app.state.sessera.sessions = Away(app.state.sessera.sessions)
    refused = client.get("/data")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert "set-cookie" not in refused.headers
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("wss://app.example/ws"):
        pass


def test_contents_that_cannot_be_kept_are_answered_with_503(tmp_path: Path, make_app: MakeApp) -> None:
    async def late(request: Request) -> Response:
        request.session["a"] = 1
        (tmp_path / "its.db").unlink()
        return PlainTextResponse("put into the cart")

    app = make_app([Route("/late", late, methods=["POST"])], store=tmp_path / "its.db", data="store")
    client = browser(app)
    client.post("/login/ada")
    refused = client.post("/late")
    assert (refused.status_code, refused.text) == (503, "Service Unavailable")
    assert (refused.headers["retry-after"], refused.headers["cache-control"]) == ("5", "no-store")


def test_what_is_too_old_to_tell_is_503_and_a_logout_does_not_pretend(make_app: MakeApp) -> None:
    keyring = Keyring.generate("HS256")
    token = browser(make_app(keyring=keyring)).post("/login/ada").json()["token"]
    nowhere = RedisStore("redis://127.0.0.1:1/", secret=b"s" * 32, start="stale", timeout=0.2)
    stale = make_app(keyring=keyring, store=nowhere, data="token", policy=Policy(on_stale="refuse"))
    with_cookie, with_bearer = browser(stale, cookie=f"{COOKIE}={token}"), browser(stale)
    with_bearer.headers["authorization"] = f"Bearer {token}"
    for client in (with_cookie, with_bearer):
        for path in ("/private", "/elevate", "/rotate", "/logout-everywhere"):
            refused = client.request("GET" if path == "/private" else "POST", path)
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "5"), path
        assert client.get("/whoami").json() == {"subject": None, "error": "revocations_stale"}
    assert "set-cookie" not in with_cookie.get("/private").headers
    # A logout is in force here, and written when the store is back.
    ended = with_cookie.post("/logout")
    assert (ended.status_code, "Max-Age=0" in ended.headers["set-cookie"]) == (200, True)
    assert with_bearer.get("/whoami").json() == {"subject": None, "error": "revoked"}


def test_a_live_check_asks_the_store(make_app: MakeApp) -> None:
    client = browser(make_app(store=None, data="token"))
    client.post("/login/ada")
    assert client.get("/private").text == "ada"
    with pytest.raises(InvalidConfig):
        client.get("/live")


def test_an_application_may_answer_session_errors_itself(make_app: MakeApp) -> None:
    async def to_login(_request: Request, error: Exception) -> Response:
        return PlainTextResponse(f"log in, please: {type(error).__name__}", status_code=303)

    from sessera import SessionError

    app = make_app()
    app.add_exception_handler(SessionError, to_login)
    client = browser(app)
    assert client.get("/private").text == "log in, please: ReauthenticationRequired"
    token = client.post("/login/ada").json()["token"]
    client.post("/logout")
    dead = browser(app, authorization=f"Bearer {token}")
    assert dead.get("/private").text == "log in, please: Revoked"


def test_nothing_can_be_changed_once_the_response_has_begun(app: Starlette) -> None:
    client = browser(app)
    client.post("/login/ada")
    assert client.get("/stream").text == "ada\ntoo late\n"
    assert client.get("/whoami").json()["subject"] == "ada"


def test_contents_that_no_cookie_can_carry_are_an_error_of_the_application(make_app: MakeApp) -> None:
    client = browser(make_app(data="token", store=MemoryStore()))
    with pytest.raises(TooLarge, match=r"request\.session can't be kept"):
        client.post("/data", json={f"n{number}": "x" * 1000 for number in range(5)})
    with pytest.raises(InvalidClaim):
        client.post("/login/~anonymous")


def test_the_client_is_seen_behind_trusted_proxies(make_app: MakeApp) -> None:
    policy = Policy(binding={"ip": "enforce"})
    for hops, kept in ((0, True), (1, False)):
        client = browser(make_app(policy=policy, trusted_hops=hops))
        client.post("/login/ada", headers={"x-forwarded-for": "203.0.113.7"})
        moved = client.get("/whoami", headers={"x-forwarded-for": "198.51.100.7"}).json()
        assert (moved["subject"] == "ada") is kept, hops


def test_who_asks_for_it_is_remembered(make_app: MakeApp, clock: ManualClock) -> None:
    app = make_app(remember_for=timedelta(days=30))
    forgotten, remembered = browser(app), browser(app)
    forgotten.post("/login/ada")
    cookie = remembered.post("/login/ada?remember").headers["set-cookie"]
    assert "Max-Age=2592000" in cookie
    clock.advance(29 * 24 * 3600)
    assert forgotten.get("/whoami").json()["error"] == "ended"
    assert remembered.get("/whoami").json()["subject"] == "ada"
    with pytest.raises(InvalidConfig):
        browser(make_app()).post("/login/ada?remember")


def test_a_login_is_bound_to_its_device_where_there_is_a_device_cookie(make_app: MakeApp) -> None:
    app = make_app(device_cookie="__Host-device")
    client = browser(app)
    client.post("/login/ada")
    token = token_in(client)
    assert client.get("/whoami").json()["subject"] == "ada"
    elsewhere = browser(app, cookie=f"{COOKIE}={token}")
    assert elsewhere.get("/whoami").json()["error"] == "binding_mismatch"
    client.post("/logout")
    assert client.cookies.get("__Host-device") is None


def test_events_are_told(make_app: MakeApp) -> None:
    kinds: list[str] = []
    client = browser(make_app(on_event=lambda event: kinds.append(event.kind)))
    client.post("/login/ada")
    client.post("/logout")
    assert kinds == ["session_created", "authn_token_revoked"]


def test_wrong_settings_are_errors_at_the_start() -> None:
    good: dict[str, Any] = {"keyring": Keyring.generate("HS256"), "store": None}
    with pytest.raises(InvalidConfig, match=r"^store: no session store at that URL"):
        Sessera(ORIGIN, "web", **{**good, "store": "https://store.example"})
    wrong: list[dict[str, Any]] = [
        {"csrf": "maybe"},
        {"device_cookie": "__Host-session"},
        {"device_cookie": "session", "dev": True},
        {"data": "elsewhere"},
        {"data": "store"},
        {"locations": []},
        {"locations": ["query"]},
        {"cookie_name": "a b"},
        {"same_site": "Sometimes"},
        {"trusted_origins": ["no origin"]},
    ]
    for change in wrong:
        with pytest.raises(InvalidConfig):
            Sessera(ORIGIN, "web", **{**good, **change})


def test_a_key_file_is_made_at_the_first_start(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    first = Sessera(ORIGIN, "web", keyring=path, store=None)
    second = Sessera(ORIGIN, "web", keyring=str(path), store=None)
    token = first.sessions.issue("ada").token
    assert second.sessions.verify(token).subject == "ada"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_key_file_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("{}")
    for path in (tmp_path / "keys.json", tmp_path / "keys.json" / "keys.json"):
        with pytest.raises(InvalidConfig, match=r"keyring: .*keys\.json: "):
            Sessera(ORIGIN, "web", keyring=path, store=None)


def test_without_the_middleware_the_error_says_so() -> None:
    with pytest.raises(RuntimeError, match="add_middleware"):
        current_session({"type": "http"})


def test_a_plain_asgi_application_needs_no_framework() -> None:
    sent: list[Any] = []

    async def plain(scope: Any, _receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await send({"type": "lifespan.startup.complete"})
            return
        await current_session(scope).login("ada")
        scope["session"]["cart"] = ["tea"]
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    sessera = Sessera(ORIGIN, "web", keyring=Keyring.generate("HS256"), store=MemoryStore())
    wrapped = SesseraMiddleware(plain, sessera)
    asyncio.run(wrapped({"type": "lifespan"}, receive, send))
    asyncio.run(wrapped({"type": "http", "method": "POST", "headers": []}, receive, send))
    assert sent[0] == {"type": "lifespan.startup.complete"}
    headers = dict(sent[1]["headers"])
    token = headers[b"set-cookie"].decode().partition("=")[2].partition(";")[0]
    session = sessera.sessions.verify(token)
    assert (session.subject, dict(session.claims)) == ("ada", {"session": {"cart": ["tea"]}})
