"""The low level: any payload in a compact JWS or JWE, read as strictly as a session token."""

from sessera.jose import jwe, jws

__all__ = ["jwe", "jws"]
