"""A WebSocket lives as long as the session that it began with."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import WebSocketRoute
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from sessera.asgi import current_session
from tests.asgi.conftest import BOTH, COOKIE, browser

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.websockets import WebSocket

    from sessera import ManualClock
    from tests.asgi.conftest import MakeApp

PATH = "wss://app.example/ws"


async def echo(websocket: WebSocket) -> None:
    session = current_session(websocket)
    await websocket.accept()
    await websocket.send_text(session.subject if session else "nobody")
    async for text in websocket.iter_text():
        await websocket.send_text(text)


async def members_only(websocket: WebSocket) -> None:
    current_session(websocket).require()
    await websocket.accept()


@pytest.fixture
def app(make_app: MakeApp) -> Starlette:
    routes = [WebSocketRoute("/ws", echo), WebSocketRoute("/members", members_only)]
    return make_app(routes=routes)


def test_a_websocket_knows_who_it_belongs_to(app: Starlette) -> None:
    client = browser(app)
    with client.websocket_connect(PATH) as websocket:
        assert websocket.receive_text() == "nobody"
    client.post("/login/ada")
    with client.websocket_connect(PATH) as websocket:
        assert websocket.receive_text() == "ada"
        websocket.send_text("hello")
        assert websocket.receive_text() == "hello"


def test_a_websocket_that_lets_nobody_in_is_refused_at_the_handshake(app: Starlette) -> None:
    with (
        pytest.raises(WebSocketDisconnect) as refused,
        browser(app).websocket_connect("wss://app.example/members"),
    ):
        pass
    assert refused.value.code == 1008


def test_a_response_in_place_of_the_handshake_is_not_kept(make_app: MakeApp) -> None:
    async def refuse(websocket: WebSocket) -> None:
        await websocket.send_denial_response(PlainTextResponse(current_session(websocket).error))

    client = browser(make_app(routes=[WebSocketRoute("/ws", refuse)]))
    with pytest.raises(WebSocketDenialResponse) as refused, client.websocket_connect(PATH):
        pass
    assert (refused.value.headers["vary"], refused.value.headers["cache-control"]) == (BOTH, "no-store")


def test_a_token_that_nobody_signed_is_refused_at_the_handshake(app: Starlette) -> None:
    client = browser(app, cookie=f"{COOKIE}=a.b.c", origin="https://app.example")
    with (
        pytest.raises(WebSocketDisconnect) as refused,
        client.websocket_connect("wss://app.example/members"),
    ):
        pass
    assert refused.value.code == 1008


def test_what_came_in_before_the_session_ended_is_not_read_after_it(make_app: MakeApp) -> None:
    heard, over = list[str](), threading.Event()

    async def slow(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("ready")
        try:
            while True:
                await websocket.send_text("busy")
                await asyncio.sleep(0.01)
        except WebSocketDisconnect:
            heard.append((await websocket.receive())["type"])
            over.set()

    client = browser(make_app(routes=[WebSocketRoute("/ws", slow)]))
    client.post("/login/ada")
    with client.websocket_connect(PATH) as websocket:
        assert websocket.receive_text() == "ready"
        websocket.send_text("transfer everything")
        client.post("/logout")
        assert over.wait(30)
    assert heard == ["websocket.disconnect"]


@pytest.mark.parametrize("end", ["logout", "logout-everywhere", "expiry"])
def test_the_end_of_the_session_closes_its_websocket(app: Starlette, clock: ManualClock, end: str) -> None:
    client = browser(app)
    client.post("/login/ada")
    with client.websocket_connect(PATH) as websocket:
        assert websocket.receive_text() == "ada"
        if end == "expiry":
            clock.advance(3600)
        else:
            client.post(f"/{end}")
        with pytest.raises(WebSocketDisconnect) as closed:
            websocket.receive_text()
    assert closed.value.code == 4401


def test_who_only_sends_hears_of_the_end_too(make_app: MakeApp) -> None:
    heard = threading.Event()

    async def tell(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            for tick in range(2000):
                await websocket.send_text(str(tick))
                await asyncio.sleep(0.01)
        except WebSocketDisconnect:
            heard.set()

    app = make_app(routes=[WebSocketRoute("/ws", tell)])
    client = browser(app)
    client.post("/login/ada")
    with client.websocket_connect(PATH) as websocket:
        assert websocket.receive_text() == "0"
        client.post("/logout")
        assert heard.wait(30)


def test_the_session_of_another_closes_nothing_and_a_rotation_neither(
    app: Starlette, clock: ManualClock
) -> None:
    client, other = browser(app), browser(app)
    client.post("/login/ada")
    other.post("/login/ada")
    with client.websocket_connect(PATH) as websocket:
        assert websocket.receive_text() == "ada"
        clock.advance(301)
        client.get("/whoami")
        clock.advance(60)
        other.post("/logout")
        websocket.send_text("still here")
        assert websocket.receive_text() == "still here"
        client.post("/logout")
        with pytest.raises(WebSocketDisconnect):
            websocket.receive_text()


def test_a_page_of_another_site_opens_no_websocket_with_our_cookie(app: Starlette) -> None:
    client = browser(app)
    token = client.post("/login/ada").json()["token"]
    evil = {"origin": "https://evil.example"}
    with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect(PATH, headers=evil):
        pass
    assert refused.value.code == 1008
    bearer = browser(app, authorization=f"Bearer {token}", **evil)
    with bearer.websocket_connect(PATH) as websocket:
        assert websocket.receive_text() == "ada"
    ours = browser(app, cookie=f"{COOKIE}={token}", origin="https://app.example")
    with ours.websocket_connect(PATH) as websocket:
        assert websocket.receive_text() == "ada"


def test_nothing_can_be_changed_where_no_response_follows(make_app: MakeApp) -> None:
    async def log_in(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            await current_session(websocket).login("ada")
        except RuntimeError:
            await websocket.send_text("no response")

    app = make_app(routes=[WebSocketRoute("/ws", log_in)])
    with browser(app).websocket_connect(PATH) as websocket:
        assert websocket.receive_text() == "no response"
