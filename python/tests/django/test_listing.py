"""A user's sessions are listed and ended, and are no more than the settings allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.test import override_settings

from sessera import InvalidConfig
from sessera.django.keeper import current_keeper
from tests.django.conftest import new_browser
from tests.django.test_session import PASSWORD, token_in, whoami

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.contrib.auth.models import User
    from django.test import Client

    from sessera import ManualClock

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
OTHER = {"name": "bob", "password": "warm kettle"}


@pytest.fixture
def config(config: dict[str, Any]) -> dict[str, Any]:
    return {**config, "LIST_SESSIONS": True}


@pytest.fixture
def bob() -> Iterator[User]:
    from django.contrib.auth.models import User

    user = User.objects.create_user("bob", password="warm kettle")
    yield user
    user.delete()


def logged_in(who: dict[str, str] = PASSWORD) -> tuple[Client, str]:
    client = new_browser()
    client.defaults["HTTP_USER_AGENT"] = FIREFOX
    client.post("/login", who)
    return client, whoami(client)["id"]


def test_a_user_sees_the_own_sessions_and_ends_another(ada: User, clock: ManualClock) -> None:
    phone, first = logged_in()
    clock.advance(1)
    laptop, second = logged_in()
    label = "firefox/linux"
    assert laptop.get("/sessions").json() == [[first, label, False], [second, label, True]]
    assert laptop.post(f"/revoke/{first}").json() is True
    assert whoami(phone)["error"] == "revoked"
    assert laptop.get("/sessions").json() == [[second, label, True]]
    assert laptop.post(f"/revoke/{first}").json() is False


def test_the_own_session_ends_as_with_a_logout(ada: User) -> None:
    client, own = logged_in()
    assert client.post(f"/revoke/{own}").json() is True
    assert token_in(client) is None
    assert whoami(client)["user"] is None
    assert client.get("/sessions").status_code == 401


def test_nobody_ends_the_session_of_another_user(ada: User, bob: User) -> None:
    bobs_browser, bobs = logged_in(OTHER)
    client, _ = logged_in()
    visitor = new_browser()
    for sid in (bobs, "no id", "A" * 22):
        assert client.post(f"/revoke/{sid}").json() is False
        assert client.post(f"/revoke/{sid}?of=").json() is False
        assert visitor.post(f"/revoke/{sid}?of=").json() is False
        assert visitor.post(f"/revoke/{sid}").status_code == 401
    assert visitor.get("/sessions").status_code == 401
    assert whoami(bobs_browser)["user"] == "bob"


def test_an_administrator_names_the_user(ada: User, bob: User) -> None:
    bobs_browser, bobs = logged_in(OTHER)
    admin, _ = logged_in()
    assert admin.get(f"/sessions?of={bob.pk}").json() == [[bobs, "firefox/linux", False]]
    assert admin.post(f"/revoke/{bobs}?of={ada.pk}").json() is False
    assert admin.post(f"/revoke/{bobs}?of={bob.pk}").json() is True
    assert whoami(bobs_browser)["error"] == "revoked"


def test_a_login_beyond_the_limit_ends_the_oldest_session_and_no_visitors(
    ada: User, config: dict[str, Any], clock: ManualClock
) -> None:
    with override_settings(SESSERA={**config, "MAX_SESSIONS": 1}):
        visitors = [new_browser() for _ in range(2)]
        for number, visitor in enumerate(visitors):
            clock.advance(1)
            visitor.post("/data", {"number": number}, content_type="application/json")
        oldest, _ = logged_in()
        clock.advance(1)
        newest, sid = logged_in()
        assert whoami(oldest)["error"] == "revoked"
        assert whoami(newest)["id"] == sid
        assert [visitor.get("/data").json() for visitor in visitors] == [{"number": 0}, {"number": 1}]


def test_what_is_not_listed_says_which_setting_is_missing(ada: User, config: dict[str, Any]) -> None:
    with override_settings(SESSERA={**config, "LIST_SESSIONS": False}):
        client, sid = logged_in()
        for path in ("/sessions", f"/revoke/{sid[::-1]}"):
            with pytest.raises(InvalidConfig, match="LIST_SESSIONS"):
                client.get(path)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"LIST_SESSIONS": 2}, "LIST_SESSIONS"),
        ({"LIST_NETWORKS": None}, "LIST_NETWORKS"),
        ({"MAX_SESSIONS": 0}, "MAX_SESSIONS"),
        ({"MAX_SESSIONS": True}, "MAX_SESSIONS"),
        ({"MAX_SESSIONS": "3"}, "MAX_SESSIONS"),
        ({"STORE": None, "DATA": "token"}, "LIST_SESSIONS.*STORE"),
    ],
)
def test_wrong_settings_are_errors_that_name_them(
    config: dict[str, Any], changes: dict[str, Any], named: str
) -> None:
    with override_settings(SESSERA={**config, **changes}), pytest.raises(InvalidConfig, match=named):
        current_keeper()
