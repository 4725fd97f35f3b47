"""Other libraries read our tokens, and we refuse theirs where they are not ours."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, TypeAlias

import jwt
import pytest
from joserfc import jwk as joserfc_jwk
from joserfc import jws as joserfc_jws
from joserfc import jwt as joserfc_jwt
from joserfc.errors import JoseError

from sessera import (
    InvalidClaim,
    InvalidKey,
    Keyring,
    Malformed,
    SessionError,
    Sessions,
    UnsupportedAlgorithm,
    WrongAudience,
    WrongIssuer,
    WrongType,
)

from .conftest import AUDIENCE, ISSUER

# RFC 9864 has a newer name for the algorithm, which the libraries do not all know yet.
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated:joserfc.errors.SecurityWarning")

Jwk: TypeAlias = dict[str, Any]
Claims: TypeAlias = dict[str, Any]
Header: TypeAlias = dict[str, Any]
Sign: TypeAlias = Callable[[Header, Claims, Jwk], str]
Verify: TypeAlias = Callable[[str, Jwk, str], tuple[Header, Claims]]


def sign_with_pyjwt(header: Header, claims: Claims, key: Jwk) -> str:
    return jwt.encode(claims, jwt.PyJWK(key).key, algorithm=header["alg"], headers=header)


def verify_with_pyjwt(token: str, key: Jwk, algorithm: str) -> tuple[Header, Claims]:
    # PyJWT looks at the clock itself; the test's clock is the system's.
    claims = jwt.decode(token, jwt.PyJWK(key), algorithms=[algorithm], audience=AUDIENCE, issuer=ISSUER)
    return jwt.get_unverified_header(token), claims


def sign_with_joserfc(header: Header, claims: Claims, key: Jwk) -> str:
    return joserfc_jwt.encode(header, claims, joserfc_jwk.import_key(key), algorithms=[header["alg"]])


def verify_with_joserfc(token: str, key: Jwk, algorithm: str) -> tuple[Header, Claims]:
    decoded = joserfc_jwt.decode(token, joserfc_jwk.import_key(key), algorithms=[algorithm])
    return decoded.header, decoded.claims


VERIFIERS: list[tuple[Verify, type[Exception]]] = [
    (verify_with_pyjwt, jwt.InvalidTokenError),
    (verify_with_joserfc, JoseError),
]
SIGNERS: list[Sign] = [sign_with_pyjwt, sign_with_joserfc]


class Deployment:
    """A Sessions, and its keys as others hold them."""

    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        self.keyring = Keyring.generate(algorithm)
        self.sessions = Sessions(ISSUER, AUDIENCE, keyring=self.keyring)
        self.token = self.sessions.issue("user-42", claims={"roles": ["editor"], "name": "Zoë"}).token
        self.private: Jwk = json.loads(self.keyring.private_jwks())["keys"][0]
        # What others verify with: our published keys, or the secret that was handed over.
        public = json.loads(self.keyring.jwks())["keys"]
        self.public: Jwk = public[0] if public else self.private

    def parts(self) -> tuple[Header, Claims]:
        header, payload, _ = self.token.split(".")
        return _decoded(header), _decoded(payload)


@pytest.fixture
def ours(algorithm: str) -> Deployment:
    return Deployment(algorithm)


@pytest.mark.parametrize(("verify", "refusal"), VERIFIERS)
def test_others_accept_our_token(ours: Deployment, verify: Verify, refusal: type[Exception]) -> None:
    header, claims = verify(ours.token, ours.public, ours.algorithm)
    session = ours.sessions.verify(ours.token)
    assert header == {"alg": ours.algorithm, "kid": ours.keyring.keys()[0].kid, "typ": "session+jwt"}
    assert (claims["iss"], claims["aud"], claims["sub"]) == (ISSUER, AUDIENCE, "user-42")
    assert (claims["roles"], claims["name"]) == (["editor"], "Zoë")
    assert claims["jti"] == f"{session.id}.0"
    assert claims["exp"] == session.expires_at.timestamp()
    assert claims["auth_time"] == session.authenticated_at.timestamp()


@pytest.mark.parametrize(("verify", "refusal"), VERIFIERS)
def test_others_refuse_our_token_when_it_was_changed(
    ours: Deployment, verify: Verify, refusal: type[Exception]
) -> None:
    header, payload, signature = ours.token.split(".")
    claims = _decoded(payload) | {"sub": "root"}
    other = Deployment(ours.algorithm)
    for forged in (
        f"{header}.{_encoded(claims)}.{signature}",
        f"{header}.{payload}.{signature[:-8]}AAAAAAAA",
        f"{header}.{payload}.{other.token.split('.')[2]}",
    ):
        with pytest.raises(refusal):
            verify(forged, ours.public, ours.algorithm)
        with pytest.raises(SessionError):
            ours.sessions.verify(forged)


@pytest.mark.parametrize("sign", SIGNERS)
def test_we_accept_their_token_when_all_of_it_is_ours(ours: Deployment, sign: Sign) -> None:
    header, claims = ours.parts()
    session = ours.sessions.verify(sign(header, claims, ours.private))
    assert (session.subject, session.claims) == ("user-42", {"roles": ["editor"], "name": "Zoë"})


@pytest.mark.parametrize("sign", SIGNERS)
@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"iss": "https://other.example"}, WrongIssuer),
        ({"iss": ISSUER + "/"}, WrongIssuer),
        ({"aud": "api"}, WrongAudience),
        ({"aud": ["api", "admin"]}, WrongAudience),
        ({"sub": ""}, InvalidClaim),
        ({"sid": "chosen-by-somebody"}, InvalidClaim),
        ({"gen": -1}, InvalidClaim),
        ({"exp": 4_000_000_000.5}, InvalidClaim),
    ],
    ids=str,
)
def test_we_refuse_their_token_for_another_use(
    ours: Deployment, sign: Sign, changes: Claims, refusal: type[SessionError]
) -> None:
    header, claims = ours.parts()
    with pytest.raises(refusal):
        ours.sessions.verify(sign(header, claims | changes, ours.private))


@pytest.mark.parametrize("sign", SIGNERS)
@pytest.mark.parametrize("missing", ["iss", "aud", "sub", "iat", "exp", "jti", "sid", "gen", "sat", "sxp"])
def test_we_refuse_their_token_without_a_claim_of_ours(ours: Deployment, sign: Sign, missing: str) -> None:
    header, claims = ours.parts()
    del claims[missing]
    with pytest.raises(SessionError):
        ours.sessions.verify(sign(header, claims, ours.private))


@pytest.mark.parametrize("typ", ["JWT", "at+jwt", "SESSION+JWT", "application/session+jwt"])
def test_we_refuse_their_token_of_another_type(ours: Deployment, typ: str) -> None:
    header, claims = ours.parts()
    for sign in SIGNERS:
        with pytest.raises(WrongType):
            ours.sessions.verify(sign(header | {"typ": typ}, claims, ours.private))


def test_we_refuse_every_header_of_theirs_beyond_ours(ours: Deployment) -> None:
    header, claims = ours.parts()
    for more in ({"jku": "https://evil.example/jwks"}, {"jwk": ours.public}, {"cty": "JWT"}):
        token = sign_with_pyjwt(header | more, claims, ours.private)
        with pytest.raises(Malformed):
            ours.sessions.verify(token)


def test_we_refuse_a_token_without_a_signature(ours: Deployment) -> None:
    header, claims = ours.parts()
    unsigned = f"{_encoded(header | {'alg': 'none'})}.{_encoded(claims)}."
    with pytest.raises(UnsupportedAlgorithm):
        ours.sessions.verify(unsigned)


def test_a_public_key_is_no_secret_of_a_mac() -> None:
    """The old confusion: a MAC made with the public key as its secret."""
    ours = Deployment("EdDSA")
    header, claims = ours.parts()
    secret = ours.keyring.public_pem(header["kid"]).encode()
    forged = joserfc_jws.serialize_compact(
        header | {"alg": "HS256"},
        json.dumps(claims).encode(),
        joserfc_jwk.OctKey.import_key(base64.urlsafe_b64encode(secret)),
        algorithms=["HS256"],
    )
    with pytest.raises(UnsupportedAlgorithm):
        ours.sessions.verify(forged)


@pytest.mark.parametrize("kind", ["OKP", "EC", "oct"])
def test_keys_that_others_made_are_ours_too(kind: str) -> None:
    made: Any
    if kind == "OKP":
        made, algorithm = joserfc_jwk.OKPKey.generate_key("Ed25519"), "EdDSA"
    elif kind == "EC":
        made, algorithm = joserfc_jwk.ECKey.generate_key("P-256"), "ES256"
    else:
        made, algorithm = joserfc_jwk.OctKey.generate_key(256), "HS256"
    key: Jwk = made.as_dict(private=True) | {"alg": algorithm, "kid": "theirs"}
    keyring = Keyring.from_jwks(json.dumps({"keys": [key]}))
    token = Sessions(ISSUER, AUDIENCE, keyring=keyring).issue("user-42").token
    for verify, _ in VERIFIERS:
        header, _claims = verify(token, key, algorithm)
        assert header["kid"] == "theirs"


def test_joserfc_reads_ed25519_by_the_name_that_we_write() -> None:
    """What the page on key rotation tells users of joserfc to list."""
    ours = Deployment("EdDSA")
    keys = joserfc_jwk.KeySet.import_key_set({"keys": [ours.public]})
    assert joserfc_jwt.decode(ours.token, keys, algorithms=["EdDSA"]).claims["sub"] == "user-42"
    for listed in (None, ["Ed25519"]):
        with pytest.raises(JoseError):
            joserfc_jwt.decode(ours.token, keys, algorithms=listed)


def test_a_public_set_of_joserfc_is_read_and_other_keys_are_skipped() -> None:
    made: list[Any] = [
        joserfc_jwk.RSAKey.generate_key(2048, {"use": "enc", "alg": "RSA-OAEP", "kid": "enc"}),
        joserfc_jwk.ECKey.generate_key("P-384", {"alg": "ES384", "kid": "es384"}),
        joserfc_jwk.OKPKey.generate_key("X25519", {"kid": "x25519"}),
        joserfc_jwk.OKPKey.generate_key("Ed25519", {"alg": "Ed25519", "kid": "ed25519"}),
        joserfc_jwk.ECKey.generate_key("P-256", {"alg": "ES256", "kid": "es256"}),
    ]
    keyring = Keyring.from_public_jwks(json.dumps(joserfc_jwk.KeySet(made).as_dict(private=False)))
    assert [(key.kid, key.algorithm) for key in keyring.keys()] == [("ed25519", "EdDSA"), ("es256", "ES256")]
    assert [key.kid for key in keyring.skipped()] == ["enc", "es384", "x25519"]


def test_a_key_that_pyjwt_writes_needs_its_alg() -> None:
    """PyJWT writes no `alg`, and the message says which one to add."""
    ours = Deployment("EdDSA")
    written: Jwk = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(jwt.PyJWK(ours.public).key))
    with pytest.raises(InvalidKey, match='add "alg":"EdDSA"'):
        Keyring.from_public_jwks(json.dumps(written))
    keyring = Keyring.from_public_jwks(json.dumps(written | {"alg": "EdDSA"}))
    assert keyring.has(ours.public["kid"])


def _decoded(part: str) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return decoded


def _encoded(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
