"""The start of a server: keys and store are opened then, so that what is wrong with them stops the start."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sessera import SessionError

if TYPE_CHECKING:
    from .scope import App, Message, Receive, Scope, Send
    from .sessera import Sessera


async def open_first(app: App, sessera: Sessera, scope: Scope, receive: Receive, send: Send) -> None:
    """Open the sessions, then let the application do what it does at the start and the end of a server."""
    first: Message | None = await receive()
    try:
        await asyncio.to_thread(sessera.open)
    except SessionError as error:
        # Servers take an exception here for an application that knows nothing of their start.
        await send({"type": "lifespan.startup.failed", "message": str(error)})
        return

    async def receive_all() -> Message:
        nonlocal first
        if first is None:
            return await receive()
        message, first = first, None
        return message

    await app(scope, receive_all, send)
