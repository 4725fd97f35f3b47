"""Compact JWE (RFC 7516) with `dir` and `A256GCM`, under the sealing key of a `Keyring`."""

from sessera._native import jwe_open as open  # noqa: A004
from sessera._native import jwe_seal as seal

__all__ = ["open", "seal"]
