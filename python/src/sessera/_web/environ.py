"""Reading a WSGI environ, which Django's `request.META` is too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sessera import Client

    from .door import Door
    from .keeper import Keeper


def token_of(door: Door, environ: Mapping[str, Any]) -> tuple[str | None, bool]:
    """Find the token that a request brought, if any, and whether it stood in `Authorization`.

    Raises CookieInvalid when there is more than one.
    """
    header = environ.get("HTTP_COOKIE")
    return door.token_of([header] if header else [], environ.get("HTTP_AUTHORIZATION"))


def device_of(door: Door, environ: Mapping[str, Any]) -> str | None:
    """Find the device secret that a request brought."""
    header = environ.get("HTTP_COOKIE")
    return door.device_of([header] if header else [])


def may_lack_cookie(door: Door, environ: Mapping[str, Any]) -> bool:
    """Whether a browser that has our cookie would have sent this request without it."""
    return door.may_be_left_at_home(environ.get("REQUEST_METHOD", "GET"), environ.get("HTTP_SEC_FETCH_SITE"))


def warn_of_plain_http(keeper: Keeper, environ: Mapping[str, Any]) -> None:
    """Warn once where the client of this request drops the cookie that its response sets."""

    def header(name: str) -> str | None:
        value: str | None = environ.get("HTTP_" + name.upper().replace("-", "_"))
        return value

    keeper.warn_of_plain_http(environ.get("wsgi.url_scheme", "http"), environ.get("HTTP_HOST"), header)


def client_of(door: Door, environ: Mapping[str, Any], device: str | None = None) -> Client:
    """Gather what is known of who sent a request, and shows this device secret."""
    forwarded_for = environ.get("HTTP_X_FORWARDED_FOR")
    return door.client_of(
        environ.get("REMOTE_ADDR"),
        user_agent=environ.get("HTTP_USER_AGENT"),
        forwarded_for=[forwarded_for] if forwarded_for else [],
        device=device,
    )
