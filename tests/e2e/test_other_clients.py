"""Keys, tokens and proofs of libraries for JavaScript: jose, dpop, oauth4webapi and WebCrypto itself."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from sessera import DpopVerifier, InvalidKey, Keyring, Malformed, Session, Sessions, UnsupportedAlgorithm

CLIENTS = Path(__file__).parent / "clients"
ISSUER, AUDIENCE, URL = "https://app.example", "web", "https://api.example/me"


class Clients:
    """What the libraries made of one of our tokens."""

    def __init__(self, algorithm: str) -> None:
        self.keyring = Keyring.generate(algorithm)
        sessions = Sessions(ISSUER, AUDIENCE, keyring=self.keyring)
        self.token = sessions.issue("user-42", claims={"name": "Zoë"}).token
        self.ours: Session = sessions.verify(self.token)
        asked = {
            "url": URL,
            "accessToken": self.token,
            "jwks": json.loads(self.keyring.jwks()),
            "issuer": ISSUER,
            "audience": AUDIENCE,
        }
        made = json.loads(run(["node", "clients.mjs"], json.dumps(asked)))
        self.proofs: dict[str, str] = made["proofs"]
        self.keys: dict[str, dict[str, Any]] = made["keys"]
        self.thumbprints: dict[str, str] = made["thumbprints"]
        self.session: dict[str, Any] = made["session"]

    def verify(self, name: str) -> str:
        """Verifies the proof of that name, and returns the thumbprint of its key."""
        verifier = DpopVerifier()
        return verifier.verify(self.proofs[name], method="GET", url=URL, access_token=self.token).thumbprint

    def keyring_of(self, *names: str, allow_rs256: bool = False) -> Keyring:
        """Reads these keys as a public set."""
        keys = [self.keys[name] for name in names]
        return Keyring.from_public_jwks(json.dumps({"keys": keys}), allow_rs256=allow_rs256)


def run(command: list[str], given: str = "") -> str:
    """Runs a command beside the package's description, and returns its standard output."""
    program = shutil.which(command[0])
    assert program, f"{command[0]} is missing: apt-get install nodejs npm"
    done = subprocess.run(
        [program, *command[1:]], cwd=CLIENTS, input=given, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


@pytest.fixture(scope="module", params=["EdDSA", "ES256"])
def clients(request: pytest.FixtureRequest) -> Clients:
    installed = CLIENTS / "node_modules" / ".package-lock.json"
    lock = CLIENTS / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        run(["npm", "ci"])
    return Clients(request.param)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("dpop ES256", "es256"),
        ("dpop Ed25519", "ed25519"),
        ("oauth4webapi ES256", "es256"),
        ("oauth4webapi Ed25519", "ed25519"),
        ("jose kid", "es256"),
        ("jose alg in the key", "ed25519"),
        ("jose fractional iat", "es256"),
    ],
)
def test_their_proofs_are_accepted_and_name_their_key(clients: Clients, name: str, key: str) -> None:
    assert clients.verify(name) == clients.thumbprints[key]


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_their_rsa_proofs_are_unsupported(clients: Clients, algorithm: str) -> None:
    with pytest.raises(UnsupportedAlgorithm, match="expected ES256 or EdDSA"):
        clients.verify(f"dpop {algorithm}")


def test_a_proof_with_a_private_key_is_refused(clients: Clients) -> None:
    with pytest.raises(Malformed, match="private member"):
        clients.verify("jose private key")


def test_their_public_set_is_read_and_other_keys_are_skipped(clients: Clients) -> None:
    names = ("encryption", "ed25519", "without_alg", "rs256", "es256")
    keyring = clients.keyring_of(*names)
    kids = [key.kid for key in keyring.keys()]
    assert kids == [clients.thumbprints["ed25519"], clients.thumbprints["es256"]]
    assert [key.algorithm for key in keyring.keys()] == ["EdDSA", "ES256"]
    assert [(key.kid, key.reason) for key in keyring.skipped()] == [
        (None, '"use" is not "sig", so the key is not for signatures'),
        (None, 'no "alg"; for signatures of this key add "alg":"ES256"'),
        (None, "RS256 is off: set allow_rs256 to verify with it"),
    ]
    with_rsa = clients.keyring_of(*names, allow_rs256=True)
    assert with_rsa.has(clients.thumbprints["rs256"])
    with pytest.raises(InvalidKey, match="no key of the set can be used: key 1 of the set"):
        clients.keyring_of("encryption", "without_alg")


def test_webcrypto_names_ed25519_by_its_newer_name(clients: Clients) -> None:
    assert clients.keys["ed25519"]["alg"] in {"Ed25519", "EdDSA"}
    newer = clients.keys["ed25519"] | {"alg": "Ed25519"}
    assert Keyring.from_public_jwks(json.dumps(newer)).keys()[0].algorithm == "EdDSA"


def test_jose_verifies_our_token_with_our_public_set(clients: Clients) -> None:
    assert (clients.session["sub"], clients.session["name"]) == ("user-42", "Zoë")
    assert clients.session["sid"] == clients.ours.id
