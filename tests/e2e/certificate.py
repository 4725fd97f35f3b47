"""The certificate of the shop and of its enemies, which the browser of the tests trusts, and nobody else."""

from __future__ import annotations

import base64
import datetime
import hashlib
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

SHOP = "shop.example"
ELSEWHERE = "evil.example"
#: Of the same site as the shop, and another origin: `SameSite` does not keep its requests from the cookie.
SIBLING = "forum.shop.example"
#: Where the servers of the tests are.
LOCAL = "localhost"


class Certificate:
    """A key, and a certificate that it has signed itself."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, SHOP)])
        hosts = x509.SubjectAlternativeName(
            [x509.DNSName(host) for host in (SHOP, ELSEWHERE, SIBLING, LOCAL)]
        )
        now = datetime.datetime.now(datetime.timezone.utc)
        self._certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(hosts, critical=False)
            .sign(self._key, hashes.SHA256())
        )

    @property
    def flag(self) -> str:
        """What makes Chromium trust it, as it would one from an authority.

        To ignore its errors instead is not the same: headers such as Clear-Site-Data count for nothing then.
        """
        public = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        digest = base64.b64encode(hashlib.sha256(public).digest()).decode()
        return f"--ignore-certificate-errors-spki-list={digest}"

    def save(self, folder: Path) -> None:
        """Writes `certificate.pem` and `key.pem`."""
        (folder / "certificate.pem").write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))
        (folder / "key.pem").write_bytes(
            self._key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
