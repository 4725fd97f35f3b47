"""The cookie, and what protects a form."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sessera import (
    CSRF_HEADER,
    Cookie,
    CookieInvalid,
    CsrfInvalid,
    InvalidConfig,
    Sessions,
    TooLarge,
    check_fetch,
    is_safe_method,
)

OWN = ["https://app.example"]


def test_the_default_cookie_is_the_strictest() -> None:
    cookie = Cookie()
    assert cookie.name == "__Host-session"
    assert cookie.set_cookie("a.b.c") == "__Host-session=a.b.c; Path=/; Secure; HttpOnly; SameSite=Lax"
    assert cookie.expire_cookie().startswith(
        "__Host-session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"
    )


def test_every_setting_of_a_cookie_is_written() -> None:
    cookie = Cookie(
        "__Secure-s",
        domain="example.com",
        path="/app",
        same_site="None",
        http_only=False,
        partitioned=True,
        max_age=timedelta(hours=1),
    )
    assert cookie.set_cookie("x") == (
        "__Secure-s=x; Domain=example.com; Path=/app; Secure; SameSite=None; Partitioned; Max-Age=3600"
    )


def test_development_drops_prefix_and_secure() -> None:
    assert Cookie(dev=True).set_cookie("x") == "session=x; Path=/; HttpOnly; SameSite=Lax"


@pytest.mark.parametrize(
    "wrong",
    [
        {"path": "/app"},
        {"name": "a", "secure": False},
        {"name": ""},
        {"same_site": "lax"},
        {"max_age": timedelta(days=401)},
        {"max_age": -1},
    ],
    ids=str,
)
def test_what_browsers_would_refuse_is_an_invalid_setting(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidConfig):
        Cookie(**wrong)


def test_the_cookie_is_read_from_text_and_bytes_and_several_headers() -> None:
    cookie = Cookie()
    assert cookie.read("theme=dark; __Host-session=a.b.c; x=y") == "a.b.c"
    assert cookie.read(b"theme=dark", b"__Host-session=a.b.c") == "a.b.c"
    assert cookie.read("theme=\udcff\xe9", "__Host-session=a.b.c") == "a.b.c"
    assert cookie.read() is None
    assert cookie.read("__host-session=a", "session=b", "__Host-session=") is None


def test_a_planted_or_oversized_cookie_is_refused() -> None:
    cookie = Cookie()
    with pytest.raises(CookieInvalid):
        cookie.read("__Host-session=a; __Host-session=b")
    with pytest.raises(CookieInvalid):
        cookie.read("__Host-session=a", b"__Host-session=a")
    with pytest.raises(CookieInvalid):
        cookie.read('__Host-session="a"')
    with pytest.raises(TooLarge):
        cookie.read("x" * 16_385)
    with pytest.raises(CookieInvalid):
        cookie.set_cookie("x" * 4096)
    with pytest.raises(TypeError):
        cookie.read(None)  # type: ignore[arg-type]


def test_the_headers_beside_the_cookie_are_at_hand() -> None:
    assert Cookie.VARY == ("Vary", "Cookie")
    assert Cookie.NO_STORE == ("Cache-Control", "no-store")
    assert Cookie.CLEAR_SITE_DATA == ("Clear-Site-Data", '"cache", "storage"')
    assert CSRF_HEADER == "x-csrf-token"


def test_a_csrf_token_is_good_for_its_session_only(sessions: Sessions) -> None:
    mine, other = (sessions.issue("user-42").session for _ in range(2))
    tokens = {sessions.csrf_token(mine) for _ in range(10)}
    assert len(tokens) == 10
    for token in tokens:
        sessions.check_csrf(mine, method="POST", token=token)
        with pytest.raises(CsrfInvalid):
            sessions.check_csrf(other, method="POST", token=token)


def test_an_unsafe_request_needs_a_token_and_a_good_origin(sessions: Sessions) -> None:
    session = sessions.issue("user-42").session
    token = sessions.csrf_token(session)
    sessions.check_csrf(session, method="GET", token=None)
    sessions.check_csrf(session, method="POST", token=token, origin=OWN[0], own_origins=OWN)
    sessions.check_csrf(
        session, method="POST", token=token, sec_fetch_site="cross-site", origin=OWN[0], trusted_origins=OWN
    )
    for wrong in (
        {"sec_fetch_site": "cross-site"},
        {"origin": "https://evil.example"},
        {"refuse_unknown": True},
    ):
        with pytest.raises(CsrfInvalid):
            sessions.check_csrf(session, method="POST", token=token, **wrong)
    for missing in (None, "", "x"):
        with pytest.raises(CsrfInvalid):
            sessions.check_csrf(session, method="POST", token=missing, sec_fetch_site="same-origin")


def test_the_origin_alone_can_be_checked() -> None:
    check_fetch(method="POST", sec_fetch_site="same-origin")
    check_fetch(method="GET", sec_fetch_site="cross-site")
    check_fetch(method="DELETE", origin="https://APP.example:443", own_origins=("https://app.example",))
    with pytest.raises(CsrfInvalid):
        check_fetch(method="POST", sec_fetch_site="same-site")
    with pytest.raises(InvalidConfig):
        check_fetch(method="POST", own_origins=["https://app.example/"])
    assert [is_safe_method(method) for method in ("GET", "HEAD", "get", "POST")] == [True, True, False, False]


def test_origins_are_a_list_and_not_one_text() -> None:
    with pytest.raises(TypeError):
        check_fetch(method="POST", own_origins="https://app.example")
