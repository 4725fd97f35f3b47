from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from sessera import Keyring, ManualClock, MemoryStore, Policy
from sessera.asgi import Sessera, SesseraMiddleware, current_session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

COOKIE = "__Host-session"
ORIGIN = "https://app.example"

#: What a response depends on where a token may stand in either.
BOTH = "Cookie, Authorization"

MakeApp: TypeAlias = Callable[..., Starlette]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_800_000_000)


@pytest.fixture(params=["memory", "sqlite", "data-in-store"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """Every rule holds with each store, and wherever the contents are."""
    if request.param == "memory":
        return {"store": MemoryStore()}
    data = "store" if request.param == "data-in-store" else "token"
    return {"store": tmp_path / "sessera.db", "data": data}


@pytest.fixture
def make_app(clock: ManualClock, settings: dict[str, Any]) -> MakeApp:
    def make(routes: list[BaseRoute] | None = None, **changes: Any) -> Starlette:
        keyring = Keyring.generate("HS256")
        given = {"keyring": keyring, "clock": clock, "policy": Policy(), **settings, **changes}
        app = Starlette(routes=[*(routes or []), *ROUTES])
        sessera = Sessera(ORIGIN, "web", **given)
        app.state.sessera = sessera
        app.add_middleware(SesseraMiddleware, sessera=sessera)
        return app

    return make


@pytest.fixture
def app(make_app: MakeApp) -> Starlette:
    return make_app()


def browser(app: Starlette, **headers: str) -> TestClient:
    return TestClient(app, base_url=ORIGIN, headers=headers)


def token_in(client: TestClient) -> str | None:
    token: str | None = client.cookies.get(COOKIE)
    return token


async def _untouched(_request: Request) -> Response:
    return PlainTextResponse("untouched")


async def _whoami(request: Request) -> Response:
    session = current_session(request)
    if session:
        facts = {"subject": session.subject, "id": session.id, "generation": session.generation}
        return JSONResponse({**facts, "claims": dict(session.claims)})
    return JSONResponse({"subject": None, "error": session.error})


async def _data(request: Request) -> Response:
    if request.method == "POST":
        request.session.update(await request.json())
    return JSONResponse(dict(request.session))


async def _clear(request: Request) -> Response:
    request.session.clear()
    return PlainTextResponse("cleared")


async def _login(request: Request) -> Response:
    session = current_session(request)
    subject, remember = request.path_params["subject"], "remember" in request.query_params
    issued = await session.login(subject, {"roles": ["editor"]}, amr=["pwd"], remember=remember)
    return JSONResponse({"token": issued.token, "id": session.id})


async def _elevate(request: Request) -> Response:
    await current_session(request).elevate(claims={"role": "admin"}, acr="aal2")
    return PlainTextResponse("up")


async def _rotate(request: Request) -> Response:
    await current_session(request).rotate()
    return PlainTextResponse("on")


async def _logout(request: Request) -> Response:
    await current_session(request).logout()
    return PlainTextResponse("bye")


async def _logout_everywhere(request: Request) -> Response:
    await current_session(request).logout_everywhere(keep_current="keep" in request.query_params)
    return PlainTextResponse("bye")


async def _sessions(request: Request) -> Response:
    listed = await current_session(request).sessions_of(request.query_params.get("of"))
    return JSONResponse([[one.id, one.label, one.current] for one in listed])


async def _revoke(request: Request) -> Response:
    session, sid = current_session(request), request.path_params["sid"]
    if "of" in request.query_params:
        return JSONResponse(await session.revoke(sid, of=request.query_params["of"] or None))
    return JSONResponse(await session.revoke(sid))


async def _private(request: Request) -> Response:
    session = current_session(request)
    session.require()
    return PlainTextResponse(session.subject)


async def _fresh(request: Request) -> Response:
    current_session(request).require(fresh=60)
    return PlainTextResponse("fresh")


async def _live(request: Request) -> Response:
    await current_session(request).require_live()
    return PlainTextResponse("live")


async def _stream(request: Request) -> Response:
    session = current_session(request)

    async def lines() -> AsyncIterator[str]:
        yield f"{session.subject}\n"
        try:
            await session.logout()
        except RuntimeError:
            yield "too late\n"

    return StreamingResponse(lines())


ROUTES: list[BaseRoute] = [
    Route("/untouched", _untouched, methods=["GET", "POST"]),
    Route("/whoami", _whoami),
    Route("/data", _data, methods=["GET", "POST"]),
    Route("/clear", _clear, methods=["POST"]),
    Route("/login/{subject}", _login, methods=["POST"]),
    Route("/elevate", _elevate, methods=["POST"]),
    Route("/rotate", _rotate, methods=["POST"]),
    Route("/logout", _logout, methods=["POST"]),
    Route("/sessions", _sessions),
    Route("/revoke/{sid}", _revoke, methods=["POST"]),
    Route("/logout-everywhere", _logout_everywhere, methods=["POST"]),
    Route("/private", _private),
    Route("/fresh", _fresh),
    Route("/live", _live),
    Route("/stream", _stream),
]
