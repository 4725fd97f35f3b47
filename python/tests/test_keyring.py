"""Keys: made, read, written, rotated, taken into use."""

from __future__ import annotations

import base64
import json
import os
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from sessera import (
    InvalidConfig,
    InvalidKey,
    Keyring,
    KeyringFile,
    ManualClock,
    Policy,
    UnknownKey,
    UnsupportedAlgorithm,
)

from .conftest import START, MakeSessions

NOW = datetime.fromtimestamp(START, tz=timezone.utc)


def test_a_generated_ring_has_one_key_that_signs(algorithm: str) -> None:
    (key,) = Keyring.generate(algorithm).keys()
    assert (key.algorithm, key.state, key.private) == (algorithm, "signing", True)
    assert (key.signs_from, key.verifies_until) == (None, None)
    assert Keyring.generate().keys()[0].algorithm == "EdDSA"
    for wrong, error in (
        ("none", UnsupportedAlgorithm),
        ("eddsa", UnsupportedAlgorithm),
        ("RS256", InvalidKey),
    ):
        with pytest.raises(error):
            Keyring.generate(wrong)


def test_a_ring_is_saved_for_its_owner_and_loaded_again(
    make_sessions: MakeSessions, algorithm: str, tmp_path: Path
) -> None:
    sessions = make_sessions(algorithm)
    path = tmp_path / "keys.json"
    sessions.keyring.save(path)
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o777 == 0o600
    token = sessions.issue("user-42").token
    for keyring in (
        Keyring.load(path),
        Keyring.load(str(path)),
        Keyring.from_jwks(path.read_text()),
        Keyring.from_jwks(sessions.keyring.private_jwks()),
    ):
        assert make_sessions(keyring=keyring).verify(token).subject == "user-42"


@pytest.mark.skipif(sys.platform == "win32", reason="modes are of Unix")
def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    Keyring.generate("HS256").save(path)
    os.chmod(path, 0o644)
    with pytest.raises(InvalidKey):
        Keyring.load(path)
    with pytest.raises(InvalidKey):
        Keyring.load(tmp_path / "missing.json")
    with pytest.raises(InvalidKey):
        Keyring.generate().save(tmp_path / "missing" / "keys.json")


def test_public_keys_verify_but_neither_sign_nor_bind(make_sessions: MakeSessions) -> None:
    sessions = make_sessions("EdDSA")
    public = Keyring.from_public_jwks(sessions.keyring.jwks())
    assert "root" not in sessions.keyring.jwks()
    assert not public.keys()[0].private
    with pytest.raises(InvalidConfig):
        make_sessions(keyring=public)
    binding = dict.fromkeys(("device", "user_agent", "ip"), "report")
    verifier = make_sessions(keyring=public, policy=Policy(binding=binding))  # type: ignore[arg-type]
    assert verifier.verify(sessions.issue("user-42").token).subject == "user-42"
    with pytest.raises(InvalidKey):
        verifier.issue("user-42")
    with pytest.raises(InvalidKey):
        Keyring.from_public_jwks(sessions.keyring.private_jwks())


def test_pem_goes_out_and_comes_in() -> None:
    keyring = Keyring.generate("ES256")
    (key,) = keyring.keys()
    private = Keyring.from_pem(None, keyring.private_pem(key.kid))
    public = Keyring.from_pem("mine", keyring.public_pem(key.kid))
    assert (private.keys()[0].kid, private.keys()[0].private) == (key.kid, True)
    assert (public.keys()[0].kid, public.keys()[0].private) == ("mine", False)
    with pytest.raises(UnknownKey):
        keyring.public_pem("other")
    with pytest.raises(InvalidKey):
        Keyring.from_pem(None, "no PEM")
    mac = Keyring.generate("HS256")
    with pytest.raises(InvalidKey):
        mac.private_pem(mac.keys()[0].kid)


def test_a_rotation_publishes_before_it_signs(make_sessions: MakeSessions, clock: ManualClock) -> None:
    sessions = make_sessions("EdDSA")
    keyring = sessions.keyring
    old = keyring.keys()[0].kid
    new = keyring.rotate(NOW, publish_for=timedelta(minutes=5), keep_verifying=3600)
    states = {
        minutes: {key.kid: key.state for key in keyring.keys(NOW + timedelta(minutes=minutes))}
        for minutes in (0, 5, 66)
    }
    assert states[0] == {old: "signing", new: "published"}
    assert states[5] == {old: "verifying", new: "signing"}
    assert states[66] == {old: "retired", new: "signing"}
    assert [key.kid for key in sessions.keyring.keys()] == [old]
    before = sessions.issue("user-42").token
    sessions.replace_keyring(keyring)
    assert sessions.verify(before).subject == "user-42"
    clock.advance(300)
    assert _kid(sessions.issue("user-42").token) == new


def test_times_of_keys_need_a_time_zone() -> None:
    keyring = Keyring.generate()
    for naive in (lambda: keyring.keys(datetime(2026, 1, 1)), lambda: keyring.rotate(datetime(2026, 1, 1))):  # noqa: DTZ001
        with pytest.raises(TypeError, match="tzinfo"):
            naive()
    east = timezone(timedelta(hours=9))
    keyring.rotate(NOW.astimezone(east))
    assert keyring.keys(NOW)[1].made_at == NOW


def test_rings_are_joined() -> None:
    one, two = Keyring.generate("EdDSA"), Keyring.generate("ES256")
    assert [key.algorithm for key in one.joined(two).keys()] == ["EdDSA", "ES256"]
    with pytest.raises(InvalidKey):
        one.joined(one)
    with pytest.raises(InvalidKey):
        one.joined(Keyring.generate("HS256"))


def test_the_secret_of_a_store_is_the_rings_own_and_outlives_its_keys() -> None:
    keyring = Keyring.generate("HS256")
    secret = keyring.store_secret()
    assert secret is not None
    assert len(secret) == 32
    assert Keyring.generate("HS256").store_secret() != secret
    keyring.rotate()
    assert keyring.store_secret() == secret
    assert Keyring.from_jwks(keyring.private_jwks()).store_secret() == secret
    public = Keyring.generate("EdDSA")
    assert Keyring.from_pem(None, public.private_pem(public.keys()[0].kid)).store_secret() is None
    assert Keyring.from_public_jwks(public.jwks()).store_secret() is None


def test_a_changed_key_file_is_picked_up(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    first = Keyring.generate("HS256")
    first.save(path)
    file = KeyringFile(path)
    assert file.reload_if_changed() is None
    first.rotate()
    first.save(path)
    newer = file.reload_if_changed()
    assert newer is not None
    assert len(newer.keys()) == len(file.keyring.keys()) == 2
    assert file.reload_if_changed() is None
    path.write_text("junk")
    for _ in range(2):
        with pytest.raises(InvalidKey):
            file.reload_if_changed()
    assert len(file.keyring.keys()) == 2


def test_keys_that_do_not_fit_are_not_taken_into_use(make_sessions: MakeSessions) -> None:
    sessions = make_sessions("EdDSA")
    with pytest.raises(InvalidConfig):
        sessions.replace_keyring(Keyring.from_public_jwks(sessions.keyring.jwks()))
    assert sessions.issue("user-42").token


def test_rsa_is_for_those_who_ask_for_it() -> None:
    pytest.importorskip("cryptography")
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    pem = (
        rsa.generate_private_key(65537, 2048)
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
    with pytest.raises(InvalidKey):
        Keyring.from_pem("rsa", pem)
    keyring = Keyring.from_pem("rsa", pem, allow_rs256=True)
    assert keyring.keys()[0].algorithm == "RS256"
    with pytest.raises(InvalidKey):
        Keyring.from_jwks(keyring.jwks())
    assert Keyring.from_jwks(keyring.jwks(), allow_rs256=True).keys()[0].kid == "rsa"


def test_foreign_keys_of_a_public_set_are_skipped_with_a_reason() -> None:
    ours = Keyring.generate("EdDSA")
    key: dict[str, str] = json.loads(ours.jwks())["keys"][0]
    encryption = {"kty": "RSA", "kid": "enc", "alg": "RSA-OAEP", "use": "enc", "n": "AQAB", "e": "AQAB"}
    keyring = Keyring.from_public_jwks(json.dumps({"keys": [encryption, {"kty": "AKP"}, key]}))
    assert [each.kid for each in keyring.keys()] == [key["kid"]]
    assert keyring.has(key["kid"])
    assert not keyring.has("enc")
    first, second = keyring.skipped()
    assert (first.kid, first.reason) == ("enc", '"use" is not "sig", so the key is not for signatures')
    assert (second.kid, second.reason) == (None, 'unsupported "kty": expected OKP, EC, RSA or oct')
    assert repr(first) == f'<SkippedKey "enc": {first.reason}>'
    assert first == keyring.skipped()[0]
    assert first != second
    assert ours.skipped() == []
    with pytest.raises(InvalidKey, match="no key of the set can be used"):
        Keyring.from_public_jwks(json.dumps({"keys": [encryption, {"kty": "AKP"}]}))


def test_no_key_is_skipped_in_a_file_with_secrets(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    Keyring.generate("EdDSA").save(path)
    keys = json.loads(path.read_text())
    keys["keys"].append({"kty": "EC", "crv": "P-384", "kid": "theirs", "alg": "ES384", "x": "AA", "y": "AA"})
    path.write_text(json.dumps(keys))
    with pytest.raises(InvalidKey, match=r'key "theirs": .*every key of a set with secrets must be usable'):
        Keyring.load(path)


def test_ed25519_is_read_by_its_newer_name() -> None:
    keyring = Keyring.generate("EdDSA")
    newer = keyring.private_jwks().replace("EdDSA", "Ed25519")
    assert Keyring.from_jwks(newer).jwks() == keyring.jwks()
    assert "Ed25519" not in json.loads(keyring.jwks())["keys"][0]["alg"]


def test_pem_is_read_as_a_variable_of_the_environment_has_it() -> None:
    keyring = Keyring.generate("ES256")
    kid = keyring.keys()[0].kid
    pem = keyring.private_pem(kid)
    for text in (
        pem.replace("\n", "\\n"),
        pem.replace("\n", " "),
        f"\ufeff{pem}".replace("\n", "\r\n"),
        pem.strip(),
    ):
        assert Keyring.from_pem(None, text).keys()[0].kid == kid


def test_messages_name_what_python_names() -> None:
    pem = "-----BEGIN PRIVATE KEY-----"
    jwk = '{"kty":"RSA","alg":"RS256","kid":"r","n":"AQAB","e":"AQAB"}'
    for read, text, named in (
        (Keyring.from_jwks, pem, "from_pem"),
        (Keyring.from_public_jwks, jwk, "allow_rs256"),
        (lambda text: Keyring.from_pem(None, text), jwk, "from_jwks"),
    ):
        with pytest.raises(InvalidKey) as refused:
            read(text)
        assert named in str(refused.value)
        assert "::" not in str(refused.value)


def _kid(token: str) -> str:
    header = token.split(".", maxsplit=1)[0]
    kid: str = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"]
    return kid


def test_who_wants_public_keys_gets_no_others(tmp_path: Path) -> None:
    keyring = Keyring.generate("EdDSA")
    kid = keyring.keys()[0].kid
    private, public = tmp_path / "private.json", tmp_path / "public.json"
    keyring.save(private)
    public.write_text(keyring.jwks())
    for take in (
        lambda: Keyring.load(private, public_only=True),
        lambda: KeyringFile(private, public_only=True),
        lambda: Keyring.from_pem(None, keyring.private_pem(kid), public_only=True),
    ):
        with pytest.raises(InvalidKey, match="private"):
            take()
    rings = (
        Keyring.load(public, public_only=True),
        KeyringFile(public, public_only=True).keyring,
        Keyring.from_pem(None, keyring.public_pem(kid), public_only=True),
    )
    assert [[key.kid for key in ring.keys()] for ring in rings] == [[kid]] * 3
