"""A browser that was at the old application comes to the new one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from types import ModuleType

import pytest
from flask.testing import FlaskClient


@pytest.fixture
def before(load: Callable[[str], ModuleType], tmp_path: Path) -> FlaskClient:
    client: FlaskClient = load("before").create_app(str(tmp_path / "records")).test_client()
    client.post("/login", data={"name": "ada"})
    client.post("/basket", data={"item": "tea"})
    return client


@pytest.fixture
def move(load: Callable[[str], ModuleType], tmp_path: Path) -> Callable[..., FlaskClient]:
    """Brings a browser with its cookie to the application after the move."""

    def move(before: FlaskClient, until: datetime | None = None) -> FlaskClient:
        module = load("app")
        app = module.create_app(str(tmp_path / "records"), str(tmp_path / "instance"), until or module.MOVED)
        client: FlaskClient = app.test_client()
        cookie = before.get_cookie("session")
        assert cookie is not None
        client.set_cookie("session", cookie.value)
        return client

    return move


def test_who_was_logged_in_stays_so_with_the_basket(
    before: FlaskClient, move: Callable[..., FlaskClient]
) -> None:
    client = move(before)
    assert client.get("/").json == {"user": "ada", "basket": ["tea"]}
    client.post("/basket", data={"item": "milk"})
    assert client.get("/").json == {"user": "ada", "basket": ["tea", "milk"]}


def test_the_old_record_is_gone_once_it_was_read(
    before: FlaskClient, move: Callable[..., FlaskClient]
) -> None:
    move(before).get("/")
    assert before.get("/").json == {"user": None, "basket": []}
    assert move(before).get("/").json == {"user": None, "basket": []}


def test_a_logout_holds(before: FlaskClient, move: Callable[..., FlaskClient]) -> None:
    client = move(before)
    client.get("/")
    client.post("/logout")
    assert client.get("/").json == {"user": None, "basket": []}


def test_after_the_day_nothing_is_taken_over(before: FlaskClient, move: Callable[..., FlaskClient]) -> None:
    client = move(before, datetime(2020, 1, 1, tzinfo=timezone.utc))
    assert client.get("/").json == {"user": None, "basket": []}
