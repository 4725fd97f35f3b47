"""The low level: any payload in a JWS or JWE."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from sessera import BadSignature, Keyring, SessionError, TooLarge, UnknownKey, WrongType
from sessera.jose import jwe, jws

from .conftest import MakeSessions


@pytest.mark.parametrize("payload", [b"", b"any bytes \x00\xff", b"x" * 2000])
def test_a_payload_is_signed_and_verified(algorithm: str, payload: bytes) -> None:
    keyring = Keyring.generate(algorithm)
    token = jws.sign(payload, "note", keyring)
    assert jws.verify(token, "note", keyring) == payload
    with pytest.raises(WrongType):
        jws.verify(token, "other", keyring)
    with pytest.raises(UnknownKey):
        jws.verify(token, "note", Keyring.generate(algorithm))
    for at in range(0, len(token), 7):
        forged = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        with pytest.raises(SessionError):
            jws.verify(forged, "note", keyring)


def test_which_key_signs_and_verifies_depends_on_the_time() -> None:
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    keyring = Keyring.generate("HS256")
    old = jws.sign(b"x", "note", keyring, now)
    keyring.rotate(now, publish_for=0, keep_verifying=60)
    later = now + timedelta(minutes=2)
    assert jws.verify(old, "note", keyring, now) == b"x"
    with pytest.raises(UnknownKey, match="retired"):
        jws.verify(old, "note", keyring, later)
    assert jws.verify(jws.sign(b"x", "note", keyring, later), "note", keyring, later) == b"x"


def test_a_payload_is_sealed_and_opened(algorithm: str) -> None:
    keyring = Keyring.generate(algorithm)
    token = jwe.seal(b"for our eyes only", "note", keyring)
    assert jwe.open(token, "note", keyring) == b"for our eyes only"
    assert token != jwe.seal(b"for our eyes only", "note", keyring)
    with pytest.raises(WrongType):
        jwe.open(token, "other", keyring)
    with pytest.raises(BadSignature):
        jwe.open(token, "note", Keyring.generate(algorithm))


def test_a_token_of_ours_is_a_jws_of_its_type(make_sessions: MakeSessions) -> None:
    sessions = make_sessions()
    token = sessions.issue("user-42").token
    assert b'"sub":"user-42"' in jws.verify(token, "session+jwt", sessions.keyring)


def test_what_no_token_can_carry_is_refused() -> None:
    keyring = Keyring.generate("HS256")
    for make in (jws.sign, jwe.seal):
        with pytest.raises(TooLarge):
            make(b"x" * 8192, "note", keyring)
        with pytest.raises(TypeError):
            make("text", "note", keyring)  # type: ignore[arg-type]
