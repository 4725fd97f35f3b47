"""One client, at both applications: what it relied on holds, and what it could not rely on now does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flask.testing import FlaskClient


class Caller:
    """A client of the API that keeps its token, as a mobile application does."""

    def __init__(self, http: FlaskClient) -> None:
        self.http = http
        self.tokens: dict[str, str] = {}

    def call(self, method: str, path: str, token: str = "access_token", **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.tokens[token]}"} if self.tokens else {}
        return self.http.open(path, method=method, headers=headers, **more)

    def log_in(self) -> None:
        self.tokens = self.http.post("/login", json={"name": "ada"}).get_json()


@pytest.fixture(params=["before", "app"])
def caller(request: pytest.FixtureRequest, load: Callable[[str], ModuleType], tmp_path: Path) -> Caller:
    module = load(request.param)
    app = module.create_app(*([str(tmp_path)] if request.param == "app" else []))
    return Caller(app.test_client(use_cookies=False))


@pytest.fixture
def after(load: Callable[[str], ModuleType], tmp_path: Path) -> Caller:
    return Caller(load("app").create_app(str(tmp_path)).test_client(use_cookies=False))


def test_who_logs_in_is_known(caller: Caller) -> None:
    assert caller.call("GET", "/me").status_code == 401
    caller.log_in()
    assert caller.call("GET", "/me").get_json() == {"name": "ada", "role": "editor"}
    assert caller.call("DELETE", "/account").get_json() == {"deleted": "ada"}


def test_a_token_can_be_had_anew(caller: Caller) -> None:
    caller.log_in()
    refreshing = "refresh_token" if "refresh_token" in caller.tokens else "access_token"
    caller.tokens |= caller.call("POST", "/refresh", refreshing).get_json()
    assert caller.call("GET", "/me").get_json()["name"] == "ada"


def test_a_logout_ends_the_token(caller: Caller) -> None:
    caller.log_in()
    assert caller.call("POST", "/logout").status_code == 200
    assert caller.call("GET", "/me").status_code == 401


def test_a_logout_ends_every_token_of_the_session(after: Caller) -> None:
    after.log_in()
    first = dict(after.tokens)
    after.tokens = after.call("POST", "/refresh").get_json()
    assert after.tokens != first
    after.call("POST", "/logout")
    for tokens in (first, after.tokens):
        after.tokens = tokens
        assert after.call("GET", "/me").status_code == 401
        assert after.call("POST", "/refresh").status_code == 401


def test_a_logout_everywhere_reaches_the_other_phone(after: Caller) -> None:
    other = Caller(after.http)
    for phone in (after, other):
        phone.log_in()
    after.call("POST", "/logout-everywhere")
    assert other.call("GET", "/me").status_code == 401
