"""Why a token is good or bad, step by step."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from sessera import BindingPolicy, MemoryStore, SessionError, Sessions, jose

if TYPE_CHECKING:
    from sessera import Session

    from .settings import Settings

#: The type of a session token.
_TYP = "session+jwt"

#: The steps in the order of a verify, each with the codes that it fails with.
_STEPS = {
    "shape": ("malformed", "too_large"),
    "header": ("unsupported_algorithm", "wrong_type"),
    "key": ("unknown_key",),
    "signature": ("bad_signature",),
    "claims": ("invalid_claim",),
    "issuer": ("wrong_issuer",),
    "audience": ("wrong_audience",),
    "end": ("ended",),
    "revocation": ("revoked", "reused", "superseded", "revocations_stale", "store_unavailable"),
    "times": ("not_yet_valid", "expired"),
}
_OF_CODE = {code: step for step, codes in _STEPS.items() for code in codes}


@dataclass(frozen=True)
class Step:
    """One step: whether it passed (None: it was not taken), and what was found."""

    name: str
    passed: bool | None
    found: str


@dataclass(frozen=True)
class Explanation:
    """What each step found; `code` is that of the error for which the token is refused, None if it is good.

    It holds no token, no key and no value of an application's claim.
    """

    code: str | None
    steps: list[Step]
    #: What the token says of its session, once its signature held.
    session: dict[str, Any] = field(default_factory=dict)


def explain(token: str, settings: Settings) -> Explanation:
    """Take a token through the steps of a verify. Nothing is written, and nobody is told.

    It is not asked who shows the token: that only the server of a request knows.
    """
    error: SessionError | None = None
    session: Session | None = None
    try:
        session = _sessions(settings).inspect(token)
    except SessionError as refused:
        error = refused
    signed = _opened(token, settings)
    claims = None if signed is None else _signed_claims(signed, settings)
    failed = None if error is None else _OF_CODE.get(error.code)
    if failed == "shape" and claims is not None:
        # What was signed is what is wrong, and not the wrapping.
        failed = "claims"
    steps = []
    reached = True
    for name in _STEPS:
        if name == failed and error is not None:
            found = f"{error.code}: {error}{_difference(error, signed or token, claims, settings)}"
            steps.append(Step(name, passed=False, found=found))
            reached = False
        elif reached:
            steps.append(
                Step(name, passed=True, found=_found(name, signed or token, claims, session, settings))
            )
        else:
            steps.append(Step(name, passed=None, found="not reached"))
    steps.append(Step("client", passed=None, found="not asked: only a request tells who shows the token"))
    return Explanation(None if error is None else error.code, steps, _summary(claims))


def _sessions(settings: Settings) -> Sessions:
    """Make sessions that judge as those of the server do, but revoke nothing and tell nobody."""
    return Sessions(
        settings.issuer,
        settings.audience,
        keyring=settings.keyring,
        sealed=settings.sealed,
        policy=settings.policy.replace(on_reuse="refuse", binding=BindingPolicy.off()),
        store=settings.store,
        clock=settings.clock,
        longest_session=settings.remember_for,
    )


def _opened(token: str, settings: Settings) -> str | None:
    """Take the signed token out of its seal, where tokens are sealed."""
    if not settings.sealed:
        return token
    try:
        return jose.jwe.open(token, "JWT", settings.keyring).decode()
    except (SessionError, ValueError):
        return None


def _signed_claims(token: str, settings: Settings) -> dict[str, Any] | None:
    now = datetime.fromtimestamp(settings.unix_seconds(), timezone.utc)
    try:
        claims = json.loads(jose.jws.verify(token, _TYP, settings.keyring, now))
    except (SessionError, ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None


def _found(
    step: str, token: str, claims: dict[str, Any] | None, session: Session | None, settings: Settings
) -> str:
    claims = claims or {}
    if step == "shape":
        seal = ", within a seal" if settings.sealed else ""
        return f"a signed token of {len(token)} characters{seal}"
    if step in ("header", "key"):
        return _key(step, token, settings)
    if step == "end":
        return f"ends {_at(claims.get('sxp'))}"
    if step == "times":
        times = {"issued": "iat", "its generation began": "nbf", "expires": "exp"}
        return ", ".join(f"{what} {_at(claims.get(name))}" for what, name in times.items())
    if step == "revocation":
        return _revocation(session, settings)
    return {
        "signature": "holds",
        "claims": f"session {claims.get('sid')}, generation {claims.get('gen')}",
        "issuer": "this application's",
        "audience": "this application",
    }[step]


def _key(step: str, token: str, settings: Settings) -> str:
    now = datetime.fromtimestamp(settings.unix_seconds(), timezone.utc)
    header = _header(token)
    if step == "header":
        # A seal that does not open has no type that could be read.
        return f"{header['alg']}, {header.get('typ') or header.get('enc')}"
    if (kid := header.get("kid")) is None:
        return "that of the seal, which has no name"
    known = next((key for key in settings.keyring.keys(now) if key.kid == kid), None)
    return f"{kid}, {known.state if known else 'unknown'}"


def _difference(error: SessionError, token: str, claims: dict[str, Any] | None, settings: Settings) -> str:
    """Say what the token has and what this application expects, where that is what the operator compares."""
    if error.code == "unknown_key":
        now = datetime.fromtimestamp(settings.unix_seconds(), timezone.utc)
        known = ", ".join(f"{key.kid} ({key.state})" for key in settings.keyring.keys(now))
        return f". The token's key is {_header(token).get('kid')}; this application has {known or 'none'}"
    if claims is not None and error.code == "wrong_issuer":
        return f". The token's is {claims.get('iss')}; this application's is {settings.issuer}"
    if claims is not None and error.code == "wrong_audience":
        return f". The token's is {claims.get('aud')}; this application's is {settings.audience}"
    return ""


def _header(token: str) -> dict[str, Any]:
    """Read the header of a token whose shape a verify has accepted."""
    first = token.partition(".")[0]
    header: dict[str, Any] = json.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    return header


def _revocation(session: Session | None, settings: Settings) -> str:
    if settings.store is None:
        return "there is no store: nothing can be revoked"
    if isinstance(settings.store, MemoryStore):
        return "not known here: the store is the memory of each server process"
    if session is not None and session.superseded:
        return "rotated away, accepted in the grace or until its successor is shown"
    return "not revoked"


def _summary(claims: dict[str, Any] | None) -> dict[str, Any]:
    if claims is None:
        return {}
    own = {"iss", "aud", "sub", "iat", "nbf", "exp", "jti", "sid", "auth_time", "gen", "sat", "sxp", "fpr"}
    own |= {"acr", "amr", "cnf"}
    return {
        "subject": claims.get("sub"),
        "id": claims.get("sid"),
        "generation": claims.get("gen"),
        "issuer": claims.get("iss"),
        "audience": claims.get("aud"),
        "issued_at": _at(claims.get("iat")),
        "authenticated_at": _at(claims.get("auth_time")),
        "expires_at": _at(claims.get("exp")),
        "ends_at": _at(claims.get("sxp")),
        "claims": sorted(set(claims) - own),
    }


def _at(seconds: object) -> str | None:
    if not isinstance(seconds, int):
        return None
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat().replace("+00:00", "Z")
