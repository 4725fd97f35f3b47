"""Compact JWS (RFC 7515): any payload, signed and verified with a `Keyring`."""

from sessera._native import jws_sign as sign
from sessera._native import jws_verify as verify

__all__ = ["sign", "verify"]
