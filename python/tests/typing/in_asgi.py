"""An application of Starlette, and one of FastAPI."""

from typing import Annotated

from fastapi import Depends, FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.websockets import WebSocket
from typing_extensions import assert_type

from sessera import Issued, MemoryStore
from sessera.asgi import CurrentSession, Sessera, SesseraMiddleware, UserSession, current_session
from sessera.fastapi import Current, Required, session_required

sessera = Sessera("https://app.example", "web", keyring="keys.json", store=MemoryStore(), csrf="token")


async def log_in(request: Request) -> Response:
    session = current_session(request)
    assert_type(session, CurrentSession)
    issued = await session.login("ada", {"roles": ["editor"]})
    assert_type(issued, Issued)
    await session.login(42)
    return JSONResponse({"subject": session.subject, "csrf": session.csrf_token})


async def socket(websocket: WebSocket) -> None:
    session = current_session(websocket)
    session.require(fresh=300)
    await session.require_live()


app = Starlette(
    routes=[
        Route("/login", log_in, methods=["POST"]),
        Route("/.well-known/jwks.json", sessera.jwks),
    ],
    middleware=[Middleware(SesseraMiddleware, sessera=sessera)],
)

api = FastAPI()
api.routes.append(Route("/.well-known/jwks.json", sessera.jwks))
api.add_middleware(SesseraMiddleware, sessera=sessera)


@api.get("/account")
async def account(session: Required) -> str:
    return session.subject


@api.post("/logout")
async def log_out(session: Current) -> None:
    for one in await session.sessions_of():
        assert_type(one, UserSession)
        assert_type(await session.revoke(one.id), bool)
    await session.logout_everywhere(keep_current=True)


@api.post("/pay")
async def pay(session: Annotated[CurrentSession, Depends(session_required(fresh=60, live=True))]) -> str:
    assert_type(session.generation, int)
    return session.id
