"""The public keys for other services, as a JWK Set."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING

from sessera._web.jwks import Jwks

from . import scope as asgi

if TYPE_CHECKING:
    from sessera._web.keeper import Keeper

    from .scope import Receive, Scope, Send


class JwksApp:
    """An ASGI application that answers each request with the public keys."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request: by GET and HEAD, as other methods have nothing to do here."""
        if scope["method"] not in ("GET", "HEAD"):
            await self._send(send, HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET, HEAD"}, b"")
            return
        jwks = await asyncio.to_thread(Jwks.of, self._keeper)
        if jwks.is_known(asgi.value(scope, b"if-none-match")):
            await self._send(send, HTTPStatus.NOT_MODIFIED, jwks.headers, b"")
        else:
            headers = {**jwks.headers, "Content-Length": str(len(jwks.body))}
            await self._send(send, HTTPStatus.OK, headers, b"" if scope["method"] == "HEAD" else jwks.body)

    async def _send(self, send: Send, status: HTTPStatus, headers: dict[str, str], body: bytes) -> None:
        lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": int(status), "headers": lines})
        await send({"type": "http.response.body", "body": body})
