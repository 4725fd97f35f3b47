"""Sessions for ASGI applications, Starlette's and FastAPI's among them.

>>> from starlette.applications import Starlette
>>> from starlette.responses import PlainTextResponse
>>> from starlette.routing import Route
>>> from sessera import Keyring, MemoryStore
>>> from sessera.asgi import Sessera, SesseraMiddleware, current_session
>>> async def log_in(request):
...     await current_session(request).login("ada", {"roles": ["editor"]})
...     return PlainTextResponse("Welcome")
>>> async def account(request):
...     session = current_session(request)
...     session.require()
...     return PlainTextResponse(session.subject)
>>> keyring = Keyring.generate("HS256")
>>> sessera = Sessera("https://app.example", "web", keyring=keyring, store=MemoryStore(), dev=True)
>>> app = Starlette(
...     routes=[Route("/login", log_in, methods=["POST"]), Route("/account", account)]
... )
>>> app.add_middleware(SesseraMiddleware, sessera=sessera)
>>> from starlette.testclient import TestClient
>>> client = TestClient(app)
>>> client.get("/account").status_code
401
>>> client.post("/login").text
'Welcome'
>>> client.get("/account").text
'ada'
"""

from __future__ import annotations

from sessera._web.listing import ANYONE, UserSession

from .current import CurrentSession, current_session
from .middleware import SesseraMiddleware
from .sessera import Sessera

__all__ = ["ANYONE", "CurrentSession", "Sessera", "SesseraMiddleware", "UserSession", "current_session"]
