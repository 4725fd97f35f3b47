"""Whether a browser drops our cookie because the request came over plain http."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: Headers by which a proxy says that its own client used TLS, with a word of the value.
_PROXIES_SAY = (
    ("x-forwarded-proto", "https"),
    ("forwarded", "proto=https"),
    ("x-forwarded-scheme", "https"),
    ("x-forwarded-ssl", "on"),
    ("x-url-scheme", "https"),
    ("front-end-https", "on"),
    ("cloudfront-forwarded-proto", "https"),
    ("cf-visitor", "https"),
)

#: Headers in which a browser names the page that it is on.
_PAGES = ("origin", "referer")

_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")

#: Clients that keep `Secure` cookies of http://localhost name one of these. Safari, which does not, is alone.
_KEEPS_LOOPBACK = ("chrome", "chromium", "crios", "firefox", "fxios", "edg", "curl", "python", "werkzeug")


def drops_secure_cookies(scheme: str, host: str | None, header: Callable[[str], str | None]) -> bool:
    """Whether the client of this request drops a `Secure` cookie, as far as the request tells.

    `header` gives a header by its name in lower case. A proxy that ends TLS and says nothing about it looks
    like plain http, unless the browser tells: it sends `Sec-Fetch-*` over TLS only, and to localhost.
    """
    if scheme in ("https", "wss"):
        return False
    if any(word in (header(name) or "").lower().replace(" ", "") for name, word in _PROXIES_SAY):
        return False
    if any((header(name) or "").startswith("https://") for name in _PAGES):
        return False
    if header("sec-fetch-site") is not None:
        return False
    return not (_is_loopback(host) and _keeps_cookies_of_loopback(header("user-agent")))


def _is_loopback(host: str | None) -> bool:
    name = (host or "").lower()
    name = name.rpartition(":")[0] if name.rpartition(":")[2].isdigit() else name
    return name in _LOOPBACK or name.endswith(".localhost")


def _keeps_cookies_of_loopback(user_agent: str | None) -> bool:
    agent = (user_agent or "").lower()
    return "safari" not in agent or any(name in agent for name in _KEEPS_LOOPBACK)


def advice(dev: str) -> str:
    """Say what to do about it; `dev` is the setting for development, as the framework writes it."""
    return (
        "The session cookie is Secure, but this request came over plain http: the client drops the cookie, "
        f"and nobody stays logged in. In development, set {dev}. In tests, use an https:// base URL. Behind "
        "a proxy that ends TLS, let it send `X-Forwarded-Proto: https`; then this warning does not appear."
    )
