"""The site in Starlette."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from sessera.asgi import Sessera, SesseraMiddleware, current_session

from .site import COOKIE, FIREFOX, Answer, Site

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from sessera import ManualClock

ORIGIN = "https://app.example"


def asgi_site(clock: ManualClock, settings: dict[str, Any]) -> Site:
    async def log_in(request: Request) -> Response:
        await current_session(request).login("ada")
        return PlainTextResponse("in")

    async def log_out(request: Request) -> Response:
        return PlainTextResponse(str(await current_session(request).logout()))

    async def everywhere(request: Request) -> Response:
        return PlainTextResponse(str(await current_session(request).logout_everywhere()))

    async def others(request: Request) -> Response:
        return PlainTextResponse(str(await current_session(request).logout_everywhere(keep_current=True)))

    async def rise(request: Request) -> Response:
        await current_session(request).elevate(claims={"role": "admin"})
        return PlainTextResponse("up")

    def found(request: Request) -> dict[str, Any]:
        session = current_session(request)
        if session:
            return {"subject": session.subject, "generation": session.generation}
        return {"subject": None, "error": session.error}

    async def read(request: Request) -> Response:
        return JSONResponse(found(request))

    async def write(request: Request) -> Response:
        request.session["visits"] = request.session.get("visits", 0) + 1
        return JSONResponse(found(request))

    async def slow(request: Request) -> Response:
        clock.advance(20)
        return JSONResponse(found(request))

    views = {
        "/login": log_in,
        "/logout": log_out,
        "/everywhere": everywhere,
        "/others": others,
        "/elevate": rise,
        "/write": write,
        "/slow": slow,
    }
    routes = [Route(path, view, methods=["POST"]) for path, view in views.items()]
    app = Starlette(routes=[*routes, Route("/read", read)])
    sessera = Sessera(ORIGIN, "web", clock=clock, **settings)
    app.add_middleware(SesseraMiddleware, sessera=sessera)

    def browser(token: str | None = None, agent: str = FIREFOX) -> _Browser:
        client = TestClient(app, base_url=ORIGIN, headers={"user-agent": agent})
        if token is not None:
            client.cookies.set(COOKIE, token, domain="app.example", path="/")
        return _Browser(client)

    return Site("asgi", clock, sessera.sessions, browser)


class _Browser:
    def __init__(self, client: TestClient) -> None:
        self._client = client

    @property
    def token(self) -> str | None:
        token: str | None = self._client.cookies.get(COOKIE)
        return token

    def get(self, path: str) -> Answer:
        return _answer(self._client.get(path))

    def post(self, path: str) -> Answer:
        return _answer(self._client.post(path))


def _answer(response: Any) -> Answer:
    is_json = response.headers.get("content-type", "").startswith("application/json")
    return Answer(response.status_code, response.json() if is_json else response.text)
