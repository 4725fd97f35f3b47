"""Dependencies for FastAPI, above `sessera.asgi`.

>>> from typing import Annotated
>>> from fastapi import Depends, FastAPI
>>> from sessera import Keyring, MemoryStore
>>> from sessera.asgi import Sessera, SesseraMiddleware
>>> from sessera.fastapi import Current, Required, session_required
>>> app = FastAPI()
>>> keyring = Keyring.generate("HS256")
>>> sessera = Sessera("https://app.example", "web", keyring=keyring, store=MemoryStore(), dev=True)
>>> app.add_middleware(SesseraMiddleware, sessera=sessera)
>>> @app.post("/login")
... async def log_in(session: Current):
...     await session.login("ada")
>>> @app.get("/account")
... async def account(session: Required):
...     return session.subject
>>> @app.post("/transfer", dependencies=[Depends(session_required(fresh=300, amr=["otp"]))])
... async def transfer():
...     return "done"
>>> from starlette.testclient import TestClient
>>> client = TestClient(app)
>>> client.get("/account").status_code
401
>>> client.post("/login").status_code
200
>>> client.get("/account").json()
'ada'
>>> client.post("/transfer").status_code
401
"""

# The annotations are FastAPI's to read, when an application is made: no `from __future__ import annotations`.
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Annotated, TypeAlias

from fastapi import Depends
from fastapi.requests import HTTPConnection

from sessera import asgi
from sessera.asgi import CurrentSession

__all__ = ["Current", "CurrentSession", "Required", "current_session", "session_required"]


def current_session(connection: HTTPConnection) -> CurrentSession:
    """Give the session of a request or a WebSocket: `Depends(current_session)`, or `Current` for short."""
    return asgi.current_session(connection)


def session_required(
    *,
    fresh: timedelta | float | None = None,
    acr: str | Sequence[str] | None = None,
    amr: Sequence[str] = (),
    live: bool = False,
) -> Callable[[CurrentSession], Awaitable[CurrentSession]]:
    """Give a dependency that lets only users through who are logged in: `Depends(session_required())`.

    `fresh`: they authenticated at most this long ago, a timedelta or seconds. `acr`: as one of these. `amr`:
    by all of these methods. `live`: the token is checked against all that the store holds at this moment.

    A request by OPTIONS passes: browsers ask so before a request from another origin, and send no cookie and
    no token (a CORS preflight). It matters for a route that takes OPTIONS itself.

    It raises a SessionError, for which the middleware answers with 401, 403 or 503 unless the application has
    an exception handler for it.
    """

    async def required(session: Current) -> CurrentSession:
        if session.scope.get("method") == "OPTIONS":
            return session
        if live:
            await session.require_live()
        session.require(fresh=fresh, acr=acr, amr=amr)
        return session

    return required


Current: TypeAlias = Annotated[CurrentSession, Depends(current_session)]
Required: TypeAlias = Annotated[CurrentSession, Depends(session_required())]
