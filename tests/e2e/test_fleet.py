"""Workers and machines that share a Redis."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from lines import Line, Lines
from redis_server import RedisServer
from server import PLAIN, Server

WORKERS = 2


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    redis = RedisServer(tmp_path)
    yield redis
    redis.kill()


@pytest.fixture(params=["each-loads-the-app", "preload"])
def machines(request: pytest.FixtureRequest, tmp_path: Path, redis: RedisServer) -> Iterator[list[Line]]:
    """Lines to every worker of two servers, which share a key file and a Redis."""
    keys = str(tmp_path / "keys.json")
    with ExitStack() as stack:
        lines: list[Line] = []
        for name in ("one", "other"):
            folder = tmp_path / name
            folder.mkdir()
            server = Server(
                folder, PLAIN, STORE=redis.url, KEYRING=keys, ISSUER="https://shop.example", AUDIENCE="shop"
            )
            stack.callback(server.close)
            server.start(workers=WORKERS, preload=request.param == "preload")
            lines += stack.enter_context(Lines(server.url, WORKERS))
        yield lines


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline


def test_a_logout_on_one_machine_is_heard_in_every_worker_of_all(machines: list[Line]) -> None:
    for trial in range(50):
        cookie = machines[trial % len(machines)].log_in()
        assert [line.status(cookie) for line in machines] == [200] * len(machines)
        machines[-trial % len(machines)].log_out(cookie)
        eventually(lambda: [line.status(cookie) for line in machines] == [401] * len(machines))  # noqa: B023


def test_what_was_revoked_stays_so_when_redis_is_killed_flushed_and_comes_back(
    machines: list[Line], redis: RedisServer
) -> None:
    revoked, kept = machines[0].log_in(), machines[1].log_in()
    machines[2].log_out(revoked)

    def statuses(cookie: str) -> set[int]:
        return {line.status(cookie) for line in machines}

    eventually(lambda: statuses(revoked) == {401})
    redis.kill()
    assert (statuses(revoked), statuses(kept)) == ({401}, {200}), "requests need no Redis"
    redis.start()
    assert redis.send("FLUSHALL") == b"+OK"
    assert (statuses(revoked), statuses(kept)) == ({401}, {200})
    machines[3].log_out(kept)
    eventually(lambda: statuses(kept) == {401})
