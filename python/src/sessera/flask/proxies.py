"""In step with Werkzeug's ProxyFix: the proxies in front of the application are counted once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

from sessera import InvalidConfig

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from flask import Flask

#: More middlewares than this around an application are a circle.
_MOST = 64


def refuse_two_counts(app: Flask, trusted_hops: int) -> None:
    """Refuse an application that counts its proxies in `SESSERA_TRUSTED_HOPS` and in a ProxyFix around it.

    Raises InvalidConfig. A ProxyFix that is put around it later, or by the server, is found at its requests.
    """
    inner: object = app.wsgi_app
    for _ in range(_MOST if trusted_hops else 0):
        if isinstance(inner, ProxyFix) and inner.x_for:
            raise InvalidConfig(
                "SESSERA_TRUSTED_HOPS counts the proxies that ProxyFix(x_for=…) counts already: "
                "leave SESSERA_TRUSTED_HOPS out"
            )
        inner = getattr(inner, "app", None)


def counted_by_proxy_fix(environ: WSGIEnvironment) -> bool:
    """Tell whether ProxyFix has put the client's address in the place of the proxy's."""
    before = environ.get("werkzeug.proxy_fix.orig")
    return isinstance(before, dict) and before.get("REMOTE_ADDR") != environ.get("REMOTE_ADDR")
