"""Proofs that the caller holds a key (DPoP)."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta, timezone

import pytest

from sessera import (
    BadSignature,
    BindingMismatch,
    Client,
    DpopKey,
    DpopVerifier,
    Expired,
    InvalidClaim,
    InvalidConfig,
    NotYetValid,
    Reused,
    Sessions,
    UnsupportedAlgorithm,
)

from .conftest import START

URL = "https://api.example/me"
NOW = datetime.fromtimestamp(START, tz=timezone.utc)


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
def test_a_session_is_bound_to_the_key_that_was_shown_at_the_login(
    sessions: Sessions, algorithm: str
) -> None:
    key, verifier = DpopKey.generate(algorithm), DpopVerifier()  # type: ignore[arg-type]
    login = verifier.verify(key.proof("POST", URL, now=NOW), method="POST", url=URL, now=NOW)
    assert (login.thumbprint, login.issued_at) == (key.thumbprint, NOW)
    token = sessions.issue("user-42", client=Client(key=login.thumbprint)).token
    proof = verifier.verify(
        key.proof("GET", URL, access_token=token, now=NOW),
        method="GET",
        url=URL + "?full=1",
        access_token=token,
        thumbprint=key.thumbprint,
        now=NOW,
    )
    assert proof.id != login.id
    assert sessions.verify(token, client=Client(key=proof.thumbprint)).binding.key == "matched"
    for other in (Client(), Client(key=DpopKey.generate().thumbprint)):
        with pytest.raises(BindingMismatch):
            sessions.verify(token, client=other)


def test_a_proof_is_good_once_and_for_its_request_only() -> None:
    key, verifier = DpopKey.generate(), DpopVerifier()
    proof = key.proof("GET", URL, access_token="a.b.c", nonce="n", now=NOW)
    request = {"method": "GET", "url": URL, "access_token": "a.b.c", "nonce": "n", "now": NOW}
    for wrong in (
        {"method": "POST"},
        {"url": "https://api.example/you"},
        {"access_token": "a.b.d"},
        {"nonce": "m"},
    ):
        with pytest.raises(InvalidClaim):
            verifier.verify(proof, **(request | wrong))  # type: ignore[arg-type]
    with pytest.raises(BindingMismatch):
        verifier.verify(proof, **request, thumbprint="another")  # type: ignore[arg-type]
    with pytest.raises(Expired):
        verifier.verify(proof, **(request | {"now": NOW + timedelta(seconds=61)}))  # type: ignore[arg-type]
    with pytest.raises(NotYetValid):
        verifier.verify(proof, **(request | {"now": NOW - timedelta(seconds=6)}))  # type: ignore[arg-type]
    with pytest.raises(BadSignature):
        verifier.verify(proof[:-86] + "A" * 86, **request)  # type: ignore[arg-type]
    verifier.verify(proof, **request)  # type: ignore[arg-type]
    with pytest.raises(Reused):
        verifier.verify(proof, **request)  # type: ignore[arg-type]


def test_a_proof_of_another_algorithm_is_unsupported() -> None:
    header = base64.urlsafe_b64encode(
        json.dumps(
            {"typ": "dpop+jwt", "alg": "RS256", "jwk": {"kty": "RSA", "n": "u" * 342, "e": "AQAB"}}
        ).encode()
    )
    with pytest.raises(UnsupportedAlgorithm, match="expected ES256 or EdDSA"):
        DpopVerifier().verify(f"{header.decode().rstrip('=')}.e30.AAAA", method="GET", url=URL, now=NOW)


def test_how_long_proofs_are_good_can_be_set() -> None:
    key, verifier = DpopKey.generate(), DpopVerifier(max_age=timedelta(minutes=5), leeway=0, capacity=16)
    proof = key.proof("GET", URL, now=NOW)
    later = NOW + timedelta(minutes=5)
    assert verifier.verify(proof, method="GET", url=URL, now=later).thumbprint == key.thumbprint
    for settings in ({"max_age": 0}, {"max_age": 3601}, {"leeway": 301}, {"capacity": 0}):
        with pytest.raises(InvalidConfig):
            DpopVerifier(**settings)
