"""Where a request came from, by the browser's own word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessera import CsrfInvalid, InvalidConfig, check_fetch

from . import scope as asgi

if TYPE_CHECKING:
    from .scope import Scope
    from .sessera import Sessera


def origin_of(scope: Scope, sessera: Sessera) -> dict[str, Any]:
    """Give what a check of a request's origin looks at."""
    return {
        "sec_fetch_site": asgi.value(scope, b"sec-fetch-site"),
        "origin": asgi.value(scope, b"origin"),
        "own_origins": _own_origins(scope, dev=sessera.dev),
        "trusted_origins": sessera.trusted_origins,
    }


def check_origin(scope: Scope, sessera: Sessera, *, method: str) -> None:
    """Refuse a request that another site caused.

    Raises CsrfInvalid.
    """
    try:
        check_fetch(method=method, **origin_of(scope, sessera))
    except InvalidConfig:
        # The `Host` of the request is none: nothing can be our own origin then.
        raise CsrfInvalid("the request's Origin is neither our own nor trusted") from None


def _own_origins(scope: Scope, *, dev: bool) -> list[str]:
    host = asgi.value(scope, b"host")
    if not host:
        return []
    # The cookie is `Secure` but in development: where this server sees plain http, a proxy ends the TLS.
    plain = dev and scope.get("scheme") in ("http", "ws")
    return [f"http://{host}" if plain else f"https://{host}"]
