"""The public keys for other services, as a JWK Set."""

from __future__ import annotations

from flask import Response, request

from sessera._web.jwks import Jwks

from .keeper import current_keeper


def jwks() -> Response:
    """Publish the public keys: `app.add_url_rule("/.well-known/jwks.json", view_func=jwks)`.

    Other services verify tokens with them. Keys that were published by a rotation are among them before they
    sign.

    Raises InvalidConfig where the keys are HS256, which only the application itself may know.

        >>> from flask import Flask
        >>> from sessera import Keyring
        >>> from sessera.flask import Sessera, jwks
        >>> app = Flask("shop")
        >>> app.config["SESSERA_KEYRING"] = Keyring.generate("EdDSA")
        >>> sessera = Sessera(app)
        >>> app.add_url_rule("/.well-known/jwks.json", view_func=jwks)
        >>> answer = app.test_client().get("/.well-known/jwks.json")
        >>> [key["alg"] for key in answer.get_json(force=True)["keys"]]
        ['EdDSA']
    """
    found = Jwks.of(current_keeper())
    if found.is_known(request.headers.get("If-None-Match")):
        return Response(status=304, headers=found.headers)
    return Response(found.body, headers=found.headers)
