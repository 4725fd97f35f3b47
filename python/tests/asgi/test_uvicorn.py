"""A real server on a real socket: two processes of it that share only a file, and real WebSockets."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.asgi.conftest import COOKIE

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]

#: How long a server may take to answer, in seconds.
PATIENCE = 30


@contextlib.contextmanager
def server(folder: Path) -> Iterator[str]:
    """Serve tests/asgi/served.py on a free port, and give its host and port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "tests.asgi.served:app", "--port", str(port)]
    process = subprocess.Popen(  # noqa: S603  # our own command
        [*command, "--log-level", "warning", "--ws", "websockets-sansio"],
        cwd=ROOT,
        env={**os.environ, "SESSERA_FOLDER": str(folder)},
    )
    try:
        host = f"127.0.0.1:{port}"
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                httpx2.get(f"http://{host}/whoami")
                break
            except httpx2.TransportError:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield host
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    folder = tmp_path_factory.mktemp("served")
    with server(folder) as first, server(folder) as second:
        yield [first, second]


def log_in(host: str) -> str:
    token: str = httpx2.post(f"http://{host}/login/ada").json()["token"]
    return token


def cookie(token: str) -> dict[str, str]:
    return {"Cookie": f"{COOKIE.removeprefix('__Host-')}={token}"}


def test_a_logout_in_one_process_holds_in_the_other_and_closes_its_websockets(hosts: list[str]) -> None:
    first, second = hosts

    async def visit() -> int:
        token = log_in(first)
        async with connect(f"ws://{second}/ws", additional_headers=cookie(token)) as websocket:
            assert await websocket.recv() == "ada"
            await websocket.send("hello")
            assert await websocket.recv() == "hello"
            httpx2.post(f"http://{first}/logout", headers=cookie(token))
            refused = httpx2.get(f"http://{second}/whoami", headers=cookie(token))
            assert refused.json()["error"] == "revoked"
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(websocket.recv(), PATIENCE)
        assert closed.value.rcvd is not None
        return closed.value.rcvd.code

    assert asyncio.run(visit()) == 4401


def test_a_page_of_another_site_is_refused_at_the_handshake(hosts: list[str]) -> None:
    async def visit() -> int:
        headers = {**cookie(log_in(hosts[0])), "Origin": "https://evil.example"}
        with pytest.raises(InvalidStatus) as refused:
            async with connect(f"ws://{hosts[0]}/ws", additional_headers=headers):
                pass
        return refused.value.response.status_code

    assert asyncio.run(visit()) == 403
