"""Where this server can't tell whether a session is good, nobody is taken for logged out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.test import override_settings

from sessera import Policy, RedisStore, StoreUnavailable
from sessera.django import SessionStore
from sessera.django.keeper import current_keeper
from tests.away import Away
from tests.django.conftest import new_browser
from tests.django.test_session import COOKIE, PASSWORD, token_in, whoami

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from django.contrib.auth.models import User
    from django.test import Client

    from sessera import ManualClock


@pytest.fixture
def ada_in(ada: User, browser: Client) -> Client:
    """A browser in which ada is logged in."""
    browser.post("/login", PASSWORD)
    assert whoami(browser)["user"] == "ada"
    browser.raise_request_exception = False
    return browser


@pytest.fixture
def stale(config: dict[str, Any], ada_in: Client) -> Iterator[Client]:
    """The same, at a server that has never heard from its store, and whose policy refuses then."""
    nowhere = RedisStore("redis://127.0.0.1:1/", secret=b"s" * 32, start="stale", timeout=0.2)
    changed = {**config, "STORE": nowhere, "POLICY": Policy(on_stale="refuse")}
    with override_settings(SESSERA=changed):
        yield ada_in


def assert_unknown(response: Any) -> None:
    assert (response.status_code, response.content) == (503, b"Service Unavailable")
    assert (response["Retry-After"], response["Cache-Control"]) == ("5", "no-store")
    assert not response.cookies


@pytest.mark.parametrize("path", ["/members", "/whoami", "/data", "/admin/"])
def test_a_session_that_cannot_be_judged_is_503_and_not_a_login_page(stale: Client, path: str) -> None:
    assert_unknown(stale.get(path))


def test_nothing_is_written_in_its_place_and_a_logout_does_not_pretend(stale: Client) -> None:
    token = token_in(stale)
    assert_unknown(stale.post("/data", {"cart": ["tea"]}, content_type="application/json"))
    assert_unknown(stale.post("/elevate"))
    assert_unknown(stale.post("/logout-everywhere"))
    assert_unknown(stale.post("/logout-everywhere?keep"))
    assert token_in(stale) == token
    # Django's logout asks for the user first, whom nobody can tell now. The end of the session needs no
    # answer: it is in force here, and written when the store is back.
    assert_unknown(stale.post("/logout"))
    assert stale.post("/flush").status_code == 200
    assert stale.cookies[COOKIE].value == ""


def test_who_brings_no_session_and_what_asks_for_none_is_served(stale: Client) -> None:
    assert stale.get("/untouched").status_code == 200
    assert new_browser().get("/members").status_code == 302
    assert whoami(new_browser()) == {"user": None, "error": None}


@pytest.mark.parametrize("save", [False, True])
def test_a_page_for_all_can_be_shown_without_it(stale: Client, save: bool) -> None:  # noqa: FBT001
    with override_settings(SESSION_SAVE_EVERY_REQUEST=save):
        page = stale.get("/public")
    assert (page.status_code, page.content) == (200, b"revocations_stale")
    assert not page.cookies


@pytest.mark.parametrize(
    "middleware",
    [
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
        "tests.django.project.looks_at_the_session",
    ],
)
def test_a_middleware_that_asks_is_answered_too(stale: Client, middleware: str) -> None:
    with override_settings(MIDDLEWARE=[*settings.MIDDLEWARE, middleware]):
        client = new_browser(raise_request_exception=False)
        client.cookies[COOKIE] = token_in(stale) or ""
        assert_unknown(client.get("/untouched"))


def test_contents_that_cannot_be_read_are_503_and_found_again_later(
    config: dict[str, Any], tmp_path: Path, ada: User
) -> None:
    """The keeper's sessions are stood in for: a local file can't be made to fail for one read."""
    with override_settings(SESSERA={**config, "STORE": tmp_path / "its.db", "DATA": "store"}):
        client = new_browser(raise_request_exception=False)
        client.post("/login", PASSWORD)
        keeper = current_keeper()
        there, keeper.sessions = keeper.sessions, Away(keeper.sessions)  # type: ignore[assignment]
        for path in ("/members", "/whoami", "/public"):
            assert_unknown(client.get(path))
        keeper.sessions = there
        assert client.get("/members").content == b"ada"


def test_an_expiry_of_the_application_holds_after_a_failed_look(
    config: dict[str, Any], tmp_path: Path, ada: User, clock: ManualClock
) -> None:
    with override_settings(SESSERA={**config, "STORE": tmp_path / "its.db", "DATA": "store"}):
        client = new_browser()
        client.post("/login", PASSWORD)
        client.post("/data", {"_session_expiry": 120}, content_type="application/json")
        clock.advance(121)
        session, keeper = SessionStore(token_in(client)), current_keeper()
        there, keeper.sessions = keeper.sessions, Away(keeper.sessions)  # type: ignore[assignment]
        with pytest.raises(StoreUnavailable):
            session.load()
        keeper.sessions = there
        assert session.load() == {}
