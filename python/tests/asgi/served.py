"""The application that test_uvicorn.py serves."""

from __future__ import annotations

import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from sessera.asgi import Sessera, SesseraMiddleware
from tests.asgi.conftest import ROUTES
from tests.asgi.test_websocket import echo

FOLDER = Path(os.environ["SESSERA_FOLDER"])

sessera = Sessera(
    "http://localhost", "web", keyring=FOLDER / "keys.json", store=FOLDER / "sessera.db", dev=True
)
app = Starlette(routes=[*ROUTES, WebSocketRoute("/ws", echo)])
app.add_middleware(SesseraMiddleware, sessera=sessera)
