"""The public keys for other services, as a JWK Set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from sessera._web.jwks import Jwks

from .keeper import current_keeper

if TYPE_CHECKING:
    from django.http import HttpRequest


@require_safe
def jwks(request: HttpRequest) -> HttpResponse:
    """Publish the public keys: `path(".well-known/jwks.json", jwks)`.

    Other services verify tokens with them. Keys that were published by a rotation are among them before they
    sign.

    Raises InvalidConfig where the keys are HS256, which only the project itself may know.
    """
    found = Jwks.of(current_keeper())
    if found.is_known(request.headers.get("If-None-Match")):
        return HttpResponse(status=304, headers=found.headers)
    return HttpResponse(found.body, headers=found.headers)
