"""A rotation from the terminal, while the server runs."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lines import Line, Lines
from server import PLAIN, Server

WORKERS = 4
PATIENCE = 30


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path, PLAIN)
    server.start(workers=WORKERS, preload=True)
    yield server
    server.close()


def flask(server: Server, *arguments: str) -> str:
    """What `flask …` prints, in the folder of the app."""
    command = [sys.executable, "-m", "flask", "--app", PLAIN.stem, *arguments]
    done = subprocess.run(
        command, cwd=PLAIN.parent, env=server.environment, check=True, capture_output=True, text=True
    )
    return done.stdout


def signing_key(line: Line) -> str:
    """The key with which this worker signs."""
    header = line.log_in().partition("=")[2].partition(".")[0]
    kid = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"]
    assert isinstance(kid, str)
    return kid


def test_a_rotation_reaches_every_worker_and_logs_nobody_out(server: Server) -> None:
    with Lines(server.url, WORKERS) as lines:
        before = [line.log_in() for line in lines]
        old, new = json.loads(flask(server, "sessera", "keys", "rotate", "--publish-for", "0", "--json"))
        assert (old["state"], new["state"]) == ("verifying", "signing")
        for line in lines:
            deadline = time.monotonic() + PATIENCE
            while signing_key(line) != new["kid"]:
                assert time.monotonic() < deadline, "a worker still signs with the old key"
        for line in lines:
            assert [line.status(cookie) for cookie in before] == [200] * WORKERS


def test_a_revocation_from_the_terminal_reaches_every_worker(server: Server) -> None:
    with Lines(server.url, WORKERS) as lines:
        cookie = lines[0].log_in()
        flask(server, "sessera", "revoke", "subject", "mara")
        assert [line.status(cookie) for line in lines] == [401] * WORKERS
