"""Keys of OpenSSL and OpenSSH: read as they are, or refused with a command that makes them readable.

Each command is the one in the message, so a message that is wrong fails here.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from sessera import InvalidKey, Keyring

MAKE_ED25519 = "openssl genpkey -algorithm ed25519 -out key.pem"
MAKE_P256 = "openssl ecparam -name prime256v1 -genkey -noout -out made.pem"
MAKE_SSH = "ssh-keygen -q -N '' -C '' -f key"
CERTIFY = "openssl req -x509 -key key.pem -subj /CN=test -out certificate.pem"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


class Shell:
    """Runs commands in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for program in ("openssl", "ssh-keygen"):
            assert shutil.which(program), f"{program} is missing: apt-get install openssl openssh-client"

    def __call__(self, command: str) -> None:
        done = subprocess.run(
            ["/bin/sh", "-ec", command],
            cwd=self.folder,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"

    def read(self, name: str) -> str:
        return (self.folder / name).read_text()

    def load(self, name: str) -> Keyring:
        return Keyring.from_pem(None, self.read(name), allow_rs256=True)

    def public(self, name: str) -> str:
        """The public key that OpenSSL reads in a private key."""
        self(f"openssl pkey -in {name} -pubout -out expected.pem")
        return self.read("expected.pem")


def public_pem(keyring: Keyring) -> str:
    return keyring.public_pem(keyring.keys()[0].kid)


@pytest.mark.parametrize(
    "make",
    [
        MAKE_ED25519,
        "openssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-256 -out key.pem",
        # With the parameters of the curve in a block of their own.
        "openssl ecparam -name prime256v1 -genkey -out key.pem",
        "openssl ecparam -name prime256v1 -genkey -noout -out key.pem",
        f"{MAKE_ED25519}; openssl pkey -in key.pem -text -out text.pem; mv text.pem key.pem",
        f"{MAKE_SSH} -t ecdsa -b 256 -m PKCS8; mv key key.pem",
        f"{MAKE_SSH} -t ecdsa -b 256 -m PEM; mv key key.pem",
    ],
)
def test_a_private_key_is_read_as_the_tool_wrote_it(shell: Shell, make: str) -> None:
    shell(make)
    keyring = shell.load("key.pem")
    assert keyring.keys()[0].state == "signing"
    assert public_pem(keyring) == shell.public("key.pem")


@pytest.mark.parametrize("form", ["-pubout", "-RSAPublicKey_out"])
def test_an_rsa_public_key_is_read_in_both_forms(shell: Shell, form: str) -> None:
    shell("openssl genrsa -out private.pem 2048")
    shell(f"openssl rsa -in private.pem {form} -out key.pem")
    assert public_pem(shell.load("key.pem")) == shell.public("private.pem")


# How the text is made, its file, what the message begins with, and the file that its command writes.
REFUSED = {
    "encrypted": (
        f"{MAKE_ED25519}; openssl pkcs8 -topk8 -in key.pem -passout pass:secret -out e.pem; mv e.pem key.pem",
        ("key.pem", "it is encrypted with a passphrase", "plain.pem"),
    ),
    "encrypted, older form": (
        f"{MAKE_P256}; openssl ec -in made.pem -aes256 -passout pass:secret -out key.pem",
        ("key.pem", "it is encrypted with a passphrase", "plain.pem"),
    ),
    "certificate": (
        f"{MAKE_ED25519}; {CERTIFY}",
        ("certificate.pem", "it is a certificate", "public.pem"),
    ),
    "certificate chain": (
        f"{MAKE_ED25519}; {CERTIFY}; cat certificate.pem certificate.pem > c; mv c certificate.pem",
        ("certificate.pem", "it is a certificate", "public.pem"),
    ),
    "certificate request": (
        f"{MAKE_ED25519}; openssl req -new -key key.pem -subj /CN=test -out request.pem",
        ("request.pem", "it is a certificate request", "public.pem"),
    ),
    "key and certificate": (
        f"{MAKE_ED25519}; {CERTIFY}; cat certificate.pem >> key.pem",
        ("key.pem", "the text holds 2 PEM blocks", "one.pem"),
    ),
    "key twice": (
        f"{MAKE_ED25519}; cat key.pem key.pem > k; mv k key.pem",
        ("key.pem", "the text holds the same PEM block 2 times", "one.pem"),
    ),
    "public key twice": (
        f"{MAKE_P256}; openssl pkey -in made.pem -pubout -out p; cat p p > key.pem",
        ("key.pem", "the text holds the same PEM block 2 times", "one.pem"),
    ),
    "without public part": (
        f"{MAKE_P256}; openssl ec -in made.pem -no_public -out key.pem",
        ("key.pem", "its public part is missing", "whole.pem"),
    ),
    "compressed": (
        f"{MAKE_P256}; openssl ec -in made.pem -conv_form compressed -out key.pem",
        ("key.pem", "its public part is compressed", "whole.pem"),
    ),
    "compressed public key": (
        f"{MAKE_P256}; openssl ec -in made.pem -pubout -conv_form compressed -out key.pem",
        ("key.pem", "its point is compressed", "public.pem"),
    ),
    "parameters instead of a name": (
        f"{MAKE_P256}; openssl ec -in made.pem -param_enc explicit -out key.pem",
        ("key.pem", "its curve is given by parameters", "named.pem"),
    ),
    "public key with parameters": (
        f"{MAKE_P256}; openssl ec -in made.pem -pubout -param_enc explicit -out key.pem",
        ("key.pem", "its curve is given by parameters", "named.pem"),
    ),
    "RSA private key": (
        "openssl genrsa -out key.pem 2048",
        ("key.pem", "RSA private key", "public.pem"),
    ),
    "RSA private key, older form": (
        "openssl genrsa -traditional -out key.pem 2048",
        ("key.pem", "RSA private key", "public.pem"),
    ),
    "base64 of PEM": (
        f"{MAKE_ED25519}; base64 key.pem > encoded.txt",
        ("encoded.txt", "it is PEM encoded in base64 once more", "key.pem"),
    ),
    "OpenSSH public key": (
        f"{MAKE_SSH} -t ecdsa -b 256",
        ("key.pub", "it is an OpenSSH public key", "public.pem"),
    ),
    "OpenSSH public key, RFC 4716": (
        f"{MAKE_SSH} -t ecdsa -b 256; ssh-keygen -e -f key.pub > k; mv k key.pub",
        ("key.pub", "it is a public key in the form of RFC 4716", "public.pem"),
    ),
    "OpenSSH private key": (
        f"{MAKE_SSH} -t ecdsa -b 256; mv key key.pem",
        ("key.pem", "it is in OpenSSH's own form", "key.pem"),
    ),
    # No tool converts these, so the command makes another key.
    "OpenSSH Ed25519 public key": (
        f"{MAKE_SSH} -t ed25519",
        ("key.pub", "it is an OpenSSH public key, which can't be read", "key.pem"),
    ),
    "OpenSSH Ed25519 private key": (
        f"{MAKE_SSH} -t ed25519; mv key key.pem",
        ("key.pem", "it is in OpenSSH's own form, which can't be read", "key.pem"),
    ),
    "OpenSSH encrypted private key": (
        "ssh-keygen -q -N secret -C '' -f key -t ed25519; mv key key.pem",
        ("key.pem", "it is in OpenSSH's own form, which can't be read", "key.pem"),
    ),
    "another curve": (
        "openssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-384 -out key.pem",
        ("key.pem", "unsupported curve", "key.pem"),
    ),
    "another curve, older form": (
        "openssl ecparam -name secp256k1 -genkey -out key.pem",
        ("key.pem", "unsupported curve", "key.pem"),
    ),
    "another algorithm": (
        "openssl genpkey -algorithm x25519 -out key.pem",
        ("key.pem", "unsupported key", "key.pem"),
    ),
}


@pytest.mark.parametrize(("make", "what"), REFUSED.values(), ids=REFUSED)
def test_the_command_in_the_message_makes_the_key_readable(
    shell: Shell, make: str, what: tuple[str, str, str]
) -> None:
    name, begins, written = what
    shell(make)
    with pytest.raises(InvalidKey) as refused:
        shell.load(name)
    message = str(refused.value)
    assert message.startswith(begins), message
    command = message.rpartition(": ")[2]
    if begins.startswith("it is encrypted"):
        # It would ask for the passphrase.
        command += " -passin pass:secret"
    shell(command)
    assert len(shell.load(written).keys()) == 1
