"""Django's sessions, logins and log-outs on signed tokens."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.test import override_settings

from sessera import InvalidConfig, Keyring, StoreUnavailable, TooLarge
from sessera.django import SessionStore, session_event
from sessera.django.keeper import Brought, current_keeper
from tests.django.conftest import new_browser

if TYPE_CHECKING:
    from pathlib import Path

    from django.contrib.auth.models import User
    from django.test import Client

    from sessera import ManualClock

COOKIE = "__Host-session"
PASSWORD = {"name": "ada", "password": "three leaves"}


def token_in(client: Client) -> str | None:
    cookie = client.cookies.get(COOKIE)
    return cookie.value if cookie is not None and cookie.value else None


def with_token(token: str | None) -> Client:
    client = new_browser()
    client.cookies[COOKIE] = token or ""
    return client


def whoami(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/whoami").json()
    return found


def test_a_login_is_a_session_of_the_user_and_a_logout_ends_it(ada: User, browser: Client) -> None:
    assert whoami(browser) == {"user": None, "error": None}
    assert browser.post("/login", PASSWORD).content.decode() == str(ada.pk)
    found = whoami(browser)
    assert (found["user"], found["subject"], found["generation"]) == ("ada", str(ada.pk), 0)
    copied = token_in(browser)
    browser.post("/logout")
    assert token_in(browser) is None
    refused = whoami(with_token(copied))
    assert (refused["user"], refused["error"]) == (None, "revoked")


def test_the_session_keeps_what_is_put_into_it_also_over_a_login(ada: User, browser: Client) -> None:
    browser.post("/data", {"cart": ["tea"]}, content_type="application/json")
    anonymous = token_in(browser)
    assert browser.get("/data").json() == {"cart": ["tea"]}
    browser.post("/login", PASSWORD)
    assert browser.get("/data").json() == {"cart": ["tea"]}
    assert "subject" not in whoami(with_token(anonymous))
    browser.post("/logout")
    assert browser.get("/data").json() == {}


@pytest.mark.parametrize("same_site", ["Lax", "Strict", "None", False])
def test_what_another_site_posts_replaces_no_cookie_that_was_left_at_home(
    ada: User, browser: Client, same_site: Any
) -> None:
    foreign = {"sec-fetch-site": "cross-site"}
    with override_settings(SESSION_COOKIE_SAMESITE=same_site):
        answer = browser.post("/data", {"a": 1}, content_type="application/json", headers=foreign)
        assert answer.status_code == 200
        assert (COOKIE in answer.cookies) == (same_site == "None")
        assert COOKIE in new_browser().post("/data", {"a": 1}, content_type="application/json").cookies
        assert COOKIE in new_browser().post("/login", PASSWORD, headers=foreign).cookies


def test_a_second_login_is_another_session_and_another_user_gets_no_data(ada: User, browser: Client) -> None:
    from django.contrib.auth.models import User

    bob = User.objects.create_user("bob", password="warm kettle")
    browser.post("/login", PASSWORD)
    first, token = whoami(browser)["id"], token_in(browser)
    browser.post("/login", PASSWORD)
    assert whoami(browser)["id"] != first
    assert whoami(with_token(token))["error"] == "revoked"
    browser.post("/data", {"secret": 1}, content_type="application/json")
    browser.post("/login", {"name": "bob", "password": "warm kettle"})
    assert whoami(browser)["user"] == "bob"
    assert browser.get("/data").json() == {}
    bob.delete()


def test_the_test_client_of_django_logs_in_and_reads_the_session(ada: User, browser: Client) -> None:
    assert browser.login(username="ada", password="three leaves")
    assert whoami(browser)["user"] == "ada"
    session = browser.session
    session["cart"] = ["tea"]
    session.save()
    browser.cookies[COOKIE] = session.session_key or ""
    assert browser.get("/data").json() == {"cart": ["tea"]}
    browser.logout()
    browser.force_login(ada)
    assert whoami(browser)["subject"] == str(ada.pk)


def test_the_admin_is_entered_and_left(ada: User, browser: Client) -> None:
    assert browser.get("/admin/").status_code == 302
    entered = browser.post(
        "/admin/login/?next=/admin/", {"username": "ada", "password": "three leaves"}, follow=True
    )
    assert "Site administration" in entered.content.decode()
    copied = token_in(browser)
    assert browser.post("/admin/logout/").status_code == 200
    assert with_token(copied).get("/admin/").status_code == 302


def test_the_checks_of_django_are_content() -> None:
    from django.core.checks import run_checks

    assert [message for message in run_checks() if message.level >= 30] == []


def test_a_changed_password_ends_all_other_sessions(ada: User, browser: Client) -> None:
    other = new_browser()
    for client in (browser, other):
        client.post("/login", PASSWORD)
    copied = token_in(browser)
    browser.post("/password", {"password": "four leaves"})
    assert whoami(browser)["user"] == "ada"
    for dead in (other, with_token(copied)):
        found = whoami(dead)
        assert (found["user"], found["error"]) == (None, "revoked")


def test_a_new_secret_key_logs_nobody_out(ada: User, browser: Client) -> None:
    other = new_browser()
    for client in (browser, other):
        client.post("/login", PASSWORD)
    with override_settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        assert whoami(browser)["user"] == "ada"
        assert whoami(other)["user"] == "ada"


def test_logging_out_everywhere_can_keep_this_session(ada: User, browser: Client) -> None:
    other = new_browser()
    for client in (browser, other):
        client.post("/login", PASSWORD)
    browser.post("/logout-everywhere?keep")
    assert whoami(browser)["user"] == "ada"
    assert whoami(other)["error"] == "revoked"
    other.post("/login", PASSWORD)
    browser.post("/logout-everywhere")
    assert whoami(other)["error"] == "revoked"
    assert whoami(browser)["user"] is None


@pytest.mark.parametrize("path", ["/elevate", "/elevate?fail"])
def test_an_elevation_raises_rights_and_kills_the_old_token(ada: User, browser: Client, path: str) -> None:
    browser.post("/login", PASSWORD)
    old = token_in(browser)
    browser.post(path)
    found = whoami(browser)
    assert (found["user"], found["generation"], found["claims"]) == ("ada", 1, {"role": "admin"})
    assert whoami(with_token(old))["error"] == "superseded"


def test_a_cycled_key_is_a_new_token_and_the_old_one_dies_after_the_grace(
    ada: User, browser: Client, clock: ManualClock
) -> None:
    browser.post("/login", PASSWORD)
    old = token_in(browser)
    browser.post("/cycle")
    assert token_in(browser) != old
    assert whoami(browser)["generation"] == 1
    clock.advance(11)
    assert whoami(with_token(old))["error"] == "reused"


def test_use_renews_the_session_and_idleness_ends_it(ada: User, browser: Client, clock: ManualClock) -> None:
    browser.post("/login", PASSWORD)
    for _ in range(4):
        clock.advance(1000)
        assert whoami(browser)["user"] == "ada"
    clock.advance(1831)
    assert whoami(browser)["error"] == "expired"


def test_an_expiry_that_the_application_sets_is_held_to(
    ada: User, browser: Client, clock: ManualClock
) -> None:
    browser.post("/login", PASSWORD)
    browser.post("/data", {"_session_expiry": 120}, content_type="application/json")
    for _ in range(3):
        clock.advance(100)
        assert whoami(browser)["user"] == "ada"
    clock.advance(121)
    assert whoami(browser)["error"] == "expired"
    browser.post("/login", PASSWORD)
    at = datetime.fromtimestamp(clock.unix_millis / 1000 + 600, timezone.utc).isoformat()
    browser.post("/data", {"_session_expiry": at}, content_type="application/json")
    clock.advance(599)
    assert whoami(browser)["user"] == "ada"
    clock.advance(1)
    assert whoami(browser)["error"] == "expired"


def test_an_untouched_request_verifies_nothing_and_adds_no_header(browser: Client) -> None:
    browser.cookies[COOKIE] = "xxxx.yyyy.zzzz"
    response = browser.get("/untouched")
    assert not {"Vary", "Set-Cookie", "Cache-Control"} & set(response.headers)
    assert not response.cookies


def test_a_response_that_sets_the_cookie_is_not_stored_and_varies(ada: User, browser: Client) -> None:
    response = browser.post("/login", PASSWORD)
    assert (response["Cache-Control"], response["Vary"]) == ("no-store", "Cookie")
    cookie = response.cookies[COOKIE]
    assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["samesite"]) == (
        True,
        True,
        "/",
        "Lax",
    )
    assert cookie["max-age"] == 12 * 60 * 60
    again = browser.get("/whoami")
    assert (dict(again.cookies), again["Cache-Control"]) == ({}, "no-store")
    assert "Cache-Control" not in new_browser().get("/whoami")


def test_a_body_that_looks_at_the_session_while_it_is_sent_varies(browser: Client) -> None:
    browser.cookies[COOKIE] = "xxxx.yyyy.zzzz"
    assert browser.get("/stream")["Vary"] == "Cookie"


def test_what_a_view_lets_through_is_answered_and_says_nothing_of_the_reason(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = browser.post("/elevate")
    assert (refused.status_code, refused.content) == (401, b"Unauthorized")

    def away(_request: object) -> None:
        raise StoreUnavailable("the store is away")

    monkeypatch.setattr("tests.django.project.logout", away)
    refused = browser.post("/logout")
    assert (refused.status_code, refused.content) == (503, b"Service Unavailable")
    assert (refused["Retry-After"], refused["Cache-Control"]) == ("5", "no-store")


def test_a_cookie_that_stands_twice_is_refused(ada: User, browser: Client) -> None:
    browser.post("/login", PASSWORD)
    token = token_in(browser)
    twice = new_browser().get("/whoami", headers={"cookie": f"{COOKIE}={token}; {COOKIE}={token}"})
    assert twice.json()["error"] == "cookie_invalid"


def test_a_session_that_was_ended_meanwhile_is_not_written(ada: User, browser: Client) -> None:
    browser.post("/login", PASSWORD)
    session = SessionStore(token_in(browser))
    session["cart"] = ["tea"]
    browser.post("/logout")
    with pytest.raises(UpdateError):
        session.save()
    assert session.load() == {}


def test_a_late_save_takes_no_cookie_from_a_newer_token(ada: User, browser: Client) -> None:
    browser.post("/login", PASSWORD)
    old = token_in(browser)
    browser.post("/elevate")
    late = with_token(old).post("/data", {"a": 1}, content_type="application/json")
    assert not late.cookies
    browser.post("/login", PASSWORD)
    for path in ("/whoami", "/data"):
        late = with_token(old).get(path)
        assert not late.cookies, path


def test_the_store_of_django_has_what_its_callers_ask_for(ada: User) -> None:
    session = SessionStore()
    assert session.is_empty()
    session.create()
    assert session.session_key is not None
    assert session.exists(session.session_key)
    session["a"] = 1
    session.save()
    again = SessionStore(session.session_key)
    assert again["a"] == 1
    again["_auth_user_id"] = str(ada.pk)
    again.save()
    logged_in = SessionStore(again.session_key)
    logged_in.flush()
    assert not SessionStore(again.session_key).exists(str(again.session_key))
    assert SessionStore("forged").get("a") is None
    SessionStore.clear_expired()


def test_expiry_at_the_close_of_the_browser_is_kept(browser: Client) -> None:
    with override_settings(SESSION_EXPIRE_AT_BROWSER_CLOSE=True):
        response = browser.post("/data", {"a": 1}, content_type="application/json")
    assert response.cookies[COOKIE]["max-age"] == ""


def test_contents_that_no_cookie_can_carry_are_an_error(browser: Client, config: dict[str, Any]) -> None:
    session = SessionStore()
    session["long"] = ["x" * 1000] * 5
    if config.get("DATA") == "store":
        session.save()
    else:
        with pytest.raises(TooLarge):
            session.save()


def test_events_are_sent(ada: User, browser: Client) -> None:
    kinds: list[str] = []

    def note(event: Any, **_: object) -> None:
        kinds.append(event.kind)

    session_event.connect(note)
    try:
        browser.post("/login", PASSWORD)
        browser.post("/logout")
    finally:
        session_event.disconnect(note)
    assert kinds == ["session_created", "authn_token_revoked"]


async def _async_visit(user: User) -> tuple[str | None, str | None]:
    from django.contrib.auth import alogin, alogout
    from django.test import RequestFactory

    request = RequestFactory().get("/")
    request.session = SessionStore()
    await alogin(request, user, backend="django.contrib.auth.backends.ModelBackend")
    await request.session.asave()
    token = request.session.session_key
    again = SessionStore(token)
    subject = await again.aget("_auth_user_id")
    request.session = again
    await alogout(request)
    return subject, token


def test_the_asynchronous_ways_are_the_same(ada: User) -> None:
    from asgiref.sync import async_to_sync

    subject, token = async_to_sync(_async_visit)(ada)
    assert subject == str(ada.pk)
    assert whoami(with_token(token))["error"] == "revoked"


def test_wrong_settings_are_errors_that_name_them(config: dict[str, Any]) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"ISSUER": ""}, "ISSUER"),
        ({"KEYS": 1}, "KEYS"),
        ({"DATA": "elsewhere"}, "DATA"),
        ({"DATA": "store", "STORE": None}, "STORE"),
        ({"KEYRING": 1}, "KEYRING"),
        ({"KEYRING": __file__}, r'SESSERA\["KEYRING"\]: .*test_session'),
        ({"STORE": "redis"}, "STORE"),
        ({"POLICY": 30}, "POLICY"),
        ({"TRUSTED_HOPS": True}, "TRUSTED_HOPS"),
    ]
    for change, name in wrong:
        with override_settings(SESSERA={**config, **change}), pytest.raises(InvalidConfig, match=name):
            current_keeper()
    with override_settings(SESSION_COOKIE_SECURE=False), pytest.raises(InvalidConfig, match="SECURE"):
        current_keeper()
    with override_settings(SESSERA=None), pytest.raises(InvalidConfig, match="SESSERA"):
        current_keeper()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"SESSION_COOKIE_NAME": "csrftoken"}, "SESSION_COOKIE_NAME.*CSRF_COOKIE_NAME"),
        ({"CSRF_COOKIE_NAME": COOKIE}, "SESSION_COOKIE_NAME.*CSRF_COOKIE_NAME"),
        ({"LANGUAGE_COOKIE_NAME": COOKIE}, "SESSION_COOKIE_NAME.*LANGUAGE_COOKIE_NAME"),
        ({"SESSION_COOKIE_NAME": "messages"}, "SESSION_COOKIE_NAME.*django.contrib.messages"),
        ({"SESSION_COOKIE_NAME": "a b"}, "SESSION_COOKIE_NAME"),
        ({"SESSION_COOKIE_DOMAIN": "shop.example"}, "SESSION_COOKIE_DOMAIN"),
        ({"SESSION_COOKIE_PATH": "/shop"}, "SESSION_COOKIE_PATH"),
        ({"SESSION_COOKIE_NAME": "a", "SESSION_COOKIE_PATH": "shop"}, "SESSION_COOKIE_PATH"),
        (
            {"SESSION_COOKIE_NAME": "a", "SESSION_COOKIE_SECURE": False, "SESSION_COOKIE_SAMESITE": "None"},
            "SESSION_COOKIE_SAMESITE",
        ),
    ],
)
def test_a_cookie_that_browsers_would_drop_or_that_is_another_one_is_an_error_at_the_start(
    changes: dict[str, Any], named: str
) -> None:
    from django.core.wsgi import get_wsgi_application

    with override_settings(**changes), pytest.raises(InvalidConfig, match=named):
        get_wsgi_application()


def test_a_csrf_cookie_that_is_not_used_takes_no_name_away(ada: User) -> None:
    with override_settings(CSRF_COOKIE_NAME=COOKIE, CSRF_USE_SESSIONS=True):
        client = new_browser()
        client.post("/login", PASSWORD)
        assert whoami(client)["user"] == "ada"


def test_wrong_settings_are_errors_when_the_server_starts(config: dict[str, Any]) -> None:
    from django.core.wsgi import get_wsgi_application

    with override_settings(SESSERA={**config, "DATA": "elsewhere"}), pytest.raises(InvalidConfig):
        get_wsgi_application()


def test_keys_and_store_are_files_beside_the_project(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    with override_settings(SESSERA={"ISSUER": "https://shop.example"}, BASE_DIR=folder):
        session = SessionStore()
        session["a"] = 1
        session.save()
        assert SessionStore(session.session_key)["a"] == 1
    assert {path.name for path in folder.iterdir()} >= {"sessera-keys.json", "sessera.db"}
    assert Keyring.load(folder / "sessera-keys.json")


def test_what_is_shown_of_a_request_holds_no_token() -> None:
    shown = repr(Brought("a.b.c", {"HTTP_COOKIE": f"{COOKIE}=a.b.c"}))
    assert "a.b.c" not in shown
