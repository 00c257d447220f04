"""An authority for tests: signs whatever it is asked to, apart from the one of the central system."""

from __future__ import annotations

import ipaddress
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ems.clock import WallClock

LASTS = timedelta(days=3)


class SmallAuthority:
    """A root and what it signs."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test root")])
        root = self._blank(self.name, self.key.public_key())
        root = root.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.root = root.sign(self.key, hashes.SHA256())

    @property
    def root_pem(self) -> str:
        return self.root.public_bytes(Encoding.PEM).decode()

    def sign(self, csr_pem: str) -> str:
        request = x509.load_pem_x509_csr(csr_pem.encode())
        return self._pem(self._blank(request.subject, request.public_key()))

    def server(self) -> bytes:
        """Certificate and key of a server on this machine."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        at = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        made = self._pem(self._blank(name, key.public_key()).add_extension(at, critical=False))
        return made.encode() + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def _pem(self, certificate: x509.CertificateBuilder) -> str:
        return certificate.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()

    def _blank(self, name: x509.Name, key: object) -> x509.CertificateBuilder:
        assert isinstance(key, ec.EllipticCurvePublicKey)
        now = WallClock().utc_now()
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - LASTS)
            .not_valid_after(now + LASTS)
        )
