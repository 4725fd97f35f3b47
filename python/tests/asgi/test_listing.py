"""A user's sessions are listed and ended, and are no more than the settings allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sessera import InvalidConfig, Keyring
from sessera.asgi import Sessera
from tests.asgi.conftest import ORIGIN, browser

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.testclient import TestClient

    from sessera import ManualClock
    from tests.asgi.conftest import MakeApp

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def app(make_app: MakeApp) -> Starlette:
    return make_app(list_sessions=True)


def logged_in(app: Starlette, subject: str = "ada") -> tuple[TestClient, str]:
    client = browser(app, **{"user-agent": FIREFOX})
    return client, client.post(f"/login/{subject}").json()["id"]


def test_a_user_sees_the_own_sessions_and_ends_another(app: Starlette, clock: ManualClock) -> None:
    phone, first = logged_in(app)
    clock.advance(1)
    laptop, second = logged_in(app)
    label = "firefox/linux"
    assert laptop.get("/sessions").json() == [[first, label, False], [second, label, True]]
    assert laptop.post(f"/revoke/{first}").json() is True
    assert phone.get("/whoami").json()["error"] == "revoked"
    assert laptop.get("/sessions").json() == [[second, label, True]]
    assert laptop.post(f"/revoke/{first}").json() is False


def test_the_own_session_ends_as_with_a_logout(app: Starlette) -> None:
    client, own = logged_in(app)
    ended = client.post(f"/revoke/{own}")
    assert ended.json() is True
    assert "clear-site-data" in ended.headers
    assert client.get("/whoami").json() == {"subject": None, "error": None}


def test_nobody_ends_the_session_of_another_user(app: Starlette) -> None:
    bob, bobs = logged_in(app, "bob")
    ada, _ = logged_in(app)
    visitor = browser(app)
    for sid in (bobs, "no id", "A" * 22):
        assert ada.post(f"/revoke/{sid}").json() is False
        assert ada.post(f"/revoke/{sid}?of=").json() is False
        assert visitor.post(f"/revoke/{sid}?of=").json() is False
        assert visitor.post(f"/revoke/{sid}").status_code == 401
    assert visitor.get("/sessions").status_code == 401
    assert bob.get("/whoami").json()["subject"] == "bob"


def test_an_administrator_names_the_user(app: Starlette) -> None:
    bob, bobs = logged_in(app, "bob")
    admin, _ = logged_in(app, "admin")
    assert admin.get("/sessions?of=bob").json() == [[bobs, "firefox/linux", False]]
    assert admin.post(f"/revoke/{bobs}?of=ada").json() is False
    assert admin.post(f"/revoke/{bobs}?of=bob").json() is True
    assert bob.get("/whoami").json()["error"] == "revoked"


def test_a_login_beyond_the_limit_ends_the_oldest_session(make_app: MakeApp, clock: ManualClock) -> None:
    app = make_app(max_sessions=1)
    visitors = [browser(app) for _ in range(2)]
    for number, visitor in enumerate(visitors):
        visitor.post("/data", json={"number": number})
    oldest, _ = logged_in(app)
    clock.advance(1)
    newest, sid = logged_in(app)
    assert oldest.get("/whoami").json()["error"] == "revoked"
    assert newest.get("/whoami").json()["id"] == sid
    assert [visitor.get("/data").json()["number"] for visitor in visitors] == [0, 1]


def test_what_is_not_listed_says_which_setting_is_missing(make_app: MakeApp) -> None:
    client, sid = logged_in(make_app())
    for method, path in (("GET", "/sessions"), ("POST", f"/revoke/{sid[::-1]}")):
        with pytest.raises(InvalidConfig, match="list_sessions"):
            client.request(method, path)
    with pytest.raises(InvalidConfig, match="listed"):
        Sessera(ORIGIN, "web", keyring=Keyring.generate("HS256"), store=None, list_sessions=True)
