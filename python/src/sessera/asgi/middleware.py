"""The middleware: it gives each request its session, and each response what follows from it."""

from __future__ import annotations

import asyncio
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from sessera import CSRF_HEADER, Cookie, SessionError, is_safe_method
from sessera._web.contents import Contents
from sessera._web.refusal import RETRY_AFTER, challenge, is_of_the_client
from sessera._web.settle import also_varies, cookie_lines, settle

from . import scope as asgi
from .current import CurrentSession
from .lifespan import open_first
from .origin import check_origin
from .websocket import guard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .scope import App, Message, Receive, Scope, Send
    from .sessera import Sessera


class RequestSession(Contents):
    """What an application knows as `request.session`: a dict that may hold whatever JSON can say."""

    called = "request.session"


class SesseraMiddleware:
    """Sessions for the ASGI application that it is put around.

    It takes the place of Starlette's SessionMiddleware: `request.session` keeps working. A request's token is
    verified when the application first asks for its session, or when its cookie has to be checked for CSRF.

    SessionErrors that the application lets through are answered with 401, 403 or 503.
    """

    def __init__(self, app: App, sessera: Sessera) -> None:
        self.app = app
        self.sessera = sessera

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request or a WebSocket, and let the rest pass."""
        if scope["type"] not in ("http", "websocket"):
            if scope["type"] == "lifespan":
                await open_first(self.app, self.sessera, scope, receive, send)
            else:
                await self.app(scope, receive, send)
            return
        contents = RequestSession(self.sessera, scope)
        current = CurrentSession(contents, scope, self.sessera)
        scope["session"], scope["sessera"] = contents, current
        if scope["type"] == "websocket":
            # No response follows that could carry a cookie.
            contents.close()
            await guard(partial(self._run, contents), contents, current, receive, send)
        else:
            await self._answer(contents, current, receive, send)

    async def _answer(
        self, contents: Contents, current: CurrentSession, receive: Receive, send: Send
    ) -> None:
        scope, began = current.scope, False

        async def send_with_session(message: Message) -> None:
            nonlocal began
            if message["type"] == "http.response.start" and not began:
                headers = await self._headers(contents, scope, message)
                began = True
                message = {**message, "headers": headers}
            await send(message)

        try:
            self._check_csrf(scope, current)
            await self._run(contents, scope, receive, send_with_session)
        except SessionError as error:
            if began or not is_of_the_client(error, contents):
                raise
            self.sessera.logger.info("request refused (%s): %s", error.code, error)
            await self._refuse(error, contents, send_with_session)

    async def _run(self, contents: Contents, scope: Scope, receive: Receive, send: Send) -> None:
        if self.sessera.data_in_store:
            # A dict can't wait: what is in the store is read before anybody looks into it.
            await asyncio.to_thread(contents.load)
        await self.app(scope, receive, send)

    def _check_csrf(self, scope: Scope, current: CurrentSession) -> None:
        sessera = self.sessera
        if (
            sessera.csrf == "off"
            or is_safe_method(scope["method"])
            or not sessera.door.takes_cookies
            or sessera.door.takes_bearer(asgi.value(scope, b"authorization"))
        ):
            return
        if sessera.csrf == "token":
            current.check_csrf(asgi.value(scope, CSRF_HEADER.encode()))
        else:
            check_origin(scope, sessera, method=scope["method"])

    async def _headers(self, contents: Contents, scope: Scope, message: Message) -> list[tuple[bytes, bytes]]:
        headers, varies_by = list(message.get("headers", [])), self.sessera.door.varies_by
        visit = contents.opened
        # What could not be kept is answered with an error; that answer does not try again.
        tried = visit is not None and visit.closed
        contents.close()
        if visit is None:
            if all(pair[0].lower() != b"content-length" for pair in headers):
                # A body that is still to be made may look at the session, too late to say so.
                _vary(headers, varies_by)
            return headers
        if (contents.modified or visit.due) and not tried:
            await asyncio.to_thread(settle, contents, visit)
        _vary(headers, varies_by)
        if lines := cookie_lines(contents, visit):
            self.sessera.check_transport(scope)
            headers = [pair for pair in headers if pair[0].lower() != b"cache-control"]
            headers += [(b"set-cookie", line.encode()) for line in lines]
            headers.append((b"cache-control", b"no-store"))
        elif visit.logged_in and all(pair[0].lower() != b"cache-control" for pair in headers):
            # What was made for a user is not behind the back button once the user has logged out.
            headers.append((b"cache-control", b"no-store"))
        if visit.logged_out and self.sessera.clear_site_data:
            name, value = Cookie.CLEAR_SITE_DATA
            headers.append((name.lower().encode(), value.encode()))
        return headers

    async def _refuse(self, error: SessionError, contents: Contents, send: Send) -> None:
        body = HTTPStatus(error.http_status).phrase.encode()
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        if error.http_status == HTTPStatus.UNAUTHORIZED and self.sessera.door.takes_headers:
            visit = contents.opened
            brought = visit is not None and (visit.session is not None or visit.error is not None)
            headers.append((b"www-authenticate", challenge(error, brought=brought).encode()))
        if error.http_status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers.append((b"retry-after", str(RETRY_AFTER).encode()))
        await send({"type": "http.response.start", "status": error.http_status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _vary(headers: list[tuple[bytes, bytes]], names: Sequence[str]) -> None:
    lines = [value.decode("latin-1") for key, value in headers if key.lower() == b"vary"]
    if (merged := also_varies(lines, names)) is not None:
        headers[:] = [pair for pair in headers if pair[0].lower() != b"vary"]
        headers.append((b"vary", merged.encode("latin-1")))
