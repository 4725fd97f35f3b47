"""The public keys of an application, as a JWK Set for other services (RFC 7517)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sessera import InvalidConfig

if TYPE_CHECKING:
    from .keeper import Keeper

#: How many seconds caches may keep the set: less than a rotation publishes a key before it signs.
MAX_AGE = 300


@dataclass(frozen=True)
class Jwks:
    """The response that publishes the keys."""

    body: bytes
    etag: str

    @classmethod
    def of(cls, keeper: Keeper) -> Jwks:
        """Take the keys that are in use, as the key file has them now.

        Raises InvalidConfig where they are HS256: who can verify with those can also sign.
        """
        keeper.renew_keys(keeper.now())
        text = keeper.sessions.keyring.jwks()
        if not json.loads(text)["keys"]:
            raise InvalidConfig(
                "there is no public key to publish: the keys are HS256, which only this application may "
                f'know. Make the key file with {keeper.setting("ALGORITHM")} = "EdDSA" or "ES256"'
            )
        body = text.encode()
        return cls(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the response."""
        return {
            "Content-Type": "application/jwk-set+json",
            "Cache-Control": f"public, max-age={MAX_AGE}",
            "ETag": self.etag,
        }

    def is_known(self, if_none_match: str | None) -> bool:
        """Whether the client has this very set, by the `If-None-Match` of its request: then 304 is enough."""
        given = [one.strip().removeprefix("W/") for one in (if_none_match or "").split(",")]
        return self.etag in given or "*" in given
