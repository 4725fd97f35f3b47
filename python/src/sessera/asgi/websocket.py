"""WebSockets: a session is verified at the handshake, and its end closes the connection."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sessera import SessionError
from sessera._web.refusal import is_of_the_client

from .origin import check_origin

if TYPE_CHECKING:
    from sessera._web.contents import Contents

    from .current import CurrentSession
    from .scope import App, Message, Receive, Send

#: The close code for a connection whose session ended: of the range that is free for applications, and read
#: as the 401 of WebSockets.
SESSION_ENDED = 4401

#: The close code for what may not connect at all: "policy violation". Servers answer with 403.
REFUSED = 1008


async def guard(app: App, contents: Contents, current: CurrentSession, receive: Receive, send: Send) -> None:
    """Run the application for a WebSocket, and close that when the session ends which it began with."""
    connection = _Connection(current, receive, send)
    try:
        connection.check_origin()
        await app(current.scope, connection.receive, connection.send)
    except SessionError as error:
        if not is_of_the_client(error, contents):
            raise
        current.sessera.logger.info("WebSocket refused (%s): %s", error.code, error)
        await connection.close()
    finally:
        connection.forget()


class _Connection:
    """One WebSocket, from the handshake on."""

    def __init__(self, current: CurrentSession, receive: Receive, send: Send) -> None:
        self._current = current
        self._receive = receive
        self._send = send
        self._accepted = False
        self._closed = False
        self._ended = False
        self._watching: asyncio.Task[None] | None = None

    def check_origin(self) -> None:
        """Refuse a page of another site, which may open a WebSocket to anywhere, with the cookie.

        Raises CsrfInvalid.
        """
        sessera = self._current.sessera
        if sessera.csrf != "off" and self._current.by_cookie:
            check_origin(self._current.scope, sessera, method="POST")

    async def receive(self) -> Message:
        """Receive for the application; nothing more that came in when the session was over."""
        message = None if self._ended else await self._receive()
        if self._ended or message is None:
            return {"type": "websocket.disconnect", "code": SESSION_ENDED, "reason": ""}
        return message

    async def send(self, message: Message) -> None:
        """Send for the application; watch the session as soon as it accepted the connection.

        Raises OSError, as servers do for a connection that is gone.
        """
        if message["type"] == "websocket.close":
            if self._closed:
                return
            self._closed = True
        elif message["type"] == "websocket.http.response.start":
            # It takes the place of the handshake.
            varies = ", ".join(self._current.sessera.door.varies_by).encode()
            own = [(b"vary", varies), (b"cache-control", b"no-store")]
            message = {**message, "headers": [*message.get("headers", []), *own]}
        elif self._closed:
            raise OSError("the session of this WebSocket ended")
        await self._send(message)
        if message["type"] == "websocket.accept":
            self._accepted = True
            if self._current:
                self._watching = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Close because of the session."""
        self._ended = True
        if not self._closed:
            self._closed = True
            code = SESSION_ENDED if self._accepted else REFUSED
            await self._send({"type": "websocket.close", "code": code, "reason": ""})

    def forget(self) -> None:
        """Stop watching."""
        if self._watching is not None:
            self._watching.cancel()

    async def _watch(self) -> None:
        error = await self._current.ended()
        self._current.sessera.logger.info("WebSocket closed (%s): %s", error.code, error)
        await self.close()
