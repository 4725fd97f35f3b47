"""A stream or a WebSocket hears of the end of its session, which no later request would tell it."""

from __future__ import annotations

import gc
import threading
import time
from typing import TYPE_CHECKING

import pytest
from flask import Flask, Response

from sessera import Ended, Expired, ManualClock, Revoked, SessionError, Watch
from sessera.flask import current_session, session_required
from tests.flask.browser import COOKIE, token_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient

    from tests.flask.conftest import MakeApp

# The memory of one process tells no other.
pytestmark = pytest.mark.parametrize("store", ["sqlite"], indirect=True)

PATIENCE = 30


class Stream:
    """What a view streams: a line, and then nothing until its session is over."""

    def __init__(self) -> None:
        self.error: SessionError | None = None
        self.over = threading.Event()
        self.watch: Watch | None = None

    def end(self, error: SessionError) -> None:
        self.error = error
        self.over.set()

    def parts(self) -> Iterator[str]:
        assert self.watch is not None
        with self.watch:
            yield "begun"
            assert self.over.wait(PATIENCE), "nobody told"
            yield "over"


def with_stream(app: Flask, stream: Stream) -> FlaskClient:
    @app.get("/stream")
    @session_required
    def view() -> Response:
        stream.watch = current_session.watch(stream.end)
        return Response(stream.parts())

    return app.test_client()


@pytest.fixture
def stream() -> Stream:
    return Stream()


@pytest.fixture
def client(app: Flask, stream: Stream) -> Iterator[FlaskClient]:
    yield with_stream(app, stream)
    stream.watch = None
    gc.collect()


def begin(client: FlaskClient) -> Iterator[bytes]:
    parts = client.get("/stream", buffered=False).iter_encoded()
    assert next(parts) == b"begun"
    return parts


def test_a_logout_in_another_tab_ends_the_stream(app: Flask, client: FlaskClient, stream: Stream) -> None:
    client.post("/login/ada")
    tab = app.test_client()
    tab.set_cookie(COOKIE, token_in(client))
    parts = begin(client)
    tab.post("/logout")
    assert list(parts) == [b"over"]
    assert isinstance(stream.error, Revoked)


def test_a_logout_in_another_process_ends_the_stream(
    make_app: MakeApp, client: FlaskClient, stream: Stream
) -> None:
    client.post("/login/ada")
    elsewhere = make_app().test_client()
    elsewhere.set_cookie(COOKIE, token_in(client))
    parts = begin(client)
    elsewhere.post("/logout-everywhere")
    assert list(parts) == [b"over"]
    assert isinstance(stream.error, Revoked)


@pytest.mark.parametrize(("seconds", "kind"), [(31 * 60, Expired), (13 * 3600, (Expired, Ended))])
def test_its_time_ends_the_stream(
    client: FlaskClient, stream: Stream, clock: ManualClock, seconds: int, kind: type[SessionError]
) -> None:
    client.post("/login/ada")
    parts = begin(client)
    clock.advance(seconds)
    assert list(parts) == [b"over"]
    assert isinstance(stream.error, kind)


def test_a_rotation_by_another_request_does_not_end_it(
    app: Flask, client: FlaskClient, stream: Stream, clock: ManualClock
) -> None:
    client.post("/login/ada")
    parts = begin(client)
    tab = app.test_client()
    tab.set_cookie(COOKIE, token_in(client))
    for _ in range(3):
        clock.advance(20 * 60)
        tab.get("/private")
        assert stream.watch is not None
        assert stream.watch.check()
    tab.post("/logout")
    assert list(parts) == [b"over"]


def test_a_stream_that_is_closed_watches_no_more(client: FlaskClient, stream: Stream) -> None:
    client.post("/login/ada")
    response = client.get("/stream", buffered=False)
    parts = response.iter_encoded()
    next(parts)
    response.close()
    parts.close()  # type: ignore[attr-defined]
    assert stream.watch is not None
    deadline = time.monotonic() + PATIENCE
    while stream.watch.active:
        assert time.monotonic() < deadline
        gc.collect()
    assert stream.error is None


def test_nobody_has_nothing_to_watch(app: Flask, client: FlaskClient, stream: Stream) -> None:
    assert stream
    with app.test_request_context(), pytest.raises(AttributeError, match="nobody is logged in"):
        current_session.watch(print)
