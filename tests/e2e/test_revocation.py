"""What several workers know of each other, with the store that an app has when it names none."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from lines import Lines
from server import PLAIN, Server

WORKERS = 4
TRIALS = int(os.environ.get("SESSERA_TRIALS", "200"))


@pytest.fixture(params=["each-loads-the-app", "preload"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """Four workers that start at once on an empty folder, or are forked off an app that is set up."""
    server = Server(tmp_path, PLAIN)
    server.start(workers=WORKERS, preload=request.param == "preload")
    yield server
    server.close()


@pytest.fixture
def load(server: Server) -> Iterator[None]:
    """Two more clients, who keep all workers busy with logins, visits and logouts of their own."""
    done = threading.Event()

    def keep_busy() -> None:
        with Lines(server.url, WORKERS) as lines:
            for turn in count():
                if done.is_set():
                    return
                cookie = lines[turn % WORKERS].log_in()
                for line in lines:
                    line.status(cookie)
                lines[-turn % WORKERS].log_out(cookie)

    clients = [threading.Thread(target=keep_busy) for _ in range(2)]
    for client in clients:
        client.start()
    yield
    done.set()
    for client in clients:
        client.join()


@pytest.mark.usefixtures("load")
def test_a_logout_in_one_worker_is_401_in_all_others_on_their_next_request(
    server: Server,
) -> None:
    late = 0
    with Lines(server.url, WORKERS) as lines:
        for trial in range(TRIALS):
            here = lines[trial % WORKERS]
            others = [line for line in lines if line is not here]
            cookie = here.log_in()
            assert [line.status(cookie) for line in others] == [200] * len(others)
            here.log_out(cookie)
            late += sum(line.status(cookie) != 401 for line in others)
            assert here.status(cookie) == 401
    print(f"{TRIALS} trials, {late} of {TRIALS * (WORKERS - 1)} requests late")  # noqa: T201  # the figure
    assert late == 0


def test_a_second_login_ends_the_first_session_in_all_workers(server: Server) -> None:
    with Lines(server.url, WORKERS) as lines:
        for here in lines:
            first = here.log_in()
            again = here.send("POST", "/login/mara", first)
            second = again.headers["Set-Cookie"].partition(";")[0]
            assert [line.status(first) for line in lines] == [401] * WORKERS
            assert [line.status(second) for line in lines] == [200] * WORKERS


def test_logins_and_logouts_outlive_kill_9(server: Server) -> None:
    with Lines(server.url, WORKERS) as lines:
        revoked, kept = lines[0].log_in(), lines[1].log_in()
        lines[2].log_out(revoked)
    server.kill()
    server.start(workers=WORKERS)
    with Lines(server.url, WORKERS) as lines:
        assert [line.status(kept) for line in lines] == [200] * WORKERS
        assert [line.status(revoked) for line in lines] == [401] * WORKERS
        lines[0].log_out(kept)
        assert [line.status(kept) for line in lines] == [401] * WORKERS
