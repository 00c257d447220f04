"""What a simulated station shows at the door, and whom it trusts: password, key, certificates, and by which profile.

Security profiles as in the standard: 0 open, 1 password, 2 password over TLS, 3 a certificate of its own over TLS.
"""

from __future__ import annotations

import hashlib
import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from ems.sim.wire.station_build import StationBuild

MOST_ROOTS: Final = 10
TRIES: Final = 3
"""With a new way in before it goes back to the old one."""

ENCRYPTED: Final = 2
MUTUAL: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class WayIn:
    """Where a station dials, and how."""

    profile: int
    password: str | None
    host: str | None = None
    """None: where it was told to when it was set up."""

    port: int | None = None

    @property
    def encrypted(self) -> bool:
        return self.profile >= ENCRYPTED


class Papers:
    """One station's. Nothing of it is written down for longer than it takes to load it."""

    def __init__(self, build: StationBuild) -> None:
        self.way = WayIn(profile=build.security_profile, password=build.password)
        self.redial = False
        """It shall hang up, and come by what has changed."""

        self._identity: Final = build.identity
        self._roots: dict[str, list[x509.Certificate]] = {}
        self._key: ec.EllipticCurvePrivateKey | None = None
        self._chain: list[x509.Certificate] = []
        self._new_key: ec.EllipticCurvePrivateKey | None = None
        self._before: WayIn | None = None
        self._failed = 0
        for root in build.roots:
            self.trust(root)

    @property
    def certified(self) -> bool:
        """Whether it has a certificate of its own."""
        return bool(self._chain)

    def come_by(self, way: WayIn) -> None:
        """Dial like this from now on; it goes back when that does not work."""
        self._before, self._failed = self.way, 0
        self.way = way
        self.redial = True

    def came_in(self) -> None:
        """The way in works."""
        self._before = None

    def stayed_out(self) -> None:
        """It did not work this time."""
        self._failed += 1
        if self._before is not None and self._failed >= TRIES:
            self.way, self._before = self._before, None

    def request(self, organisation: str) -> str:
        """A certificate request with a new key, as PEM."""
        self._new_key = ec.generate_private_key(ec.SECP256R1())
        name = [
            x509.NameAttribute(NameOID.COMMON_NAME, self._identity),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
        ]
        request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(name))
        return request.sign(self._new_key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()

    def take(self, chain_pem: str) -> bool:
        """Use this chain from now on; False where it does not belong to the key that was asked for."""
        chain = _certificates(chain_pem)
        if not chain or self._new_key is None or _public(chain[0].public_key()) != _public(self._new_key.public_key()):
            return False
        self._key, self._chain, self._new_key = self._new_key, chain, None
        self.redial = self.way.profile >= MUTUAL
        return True

    def trust(self, pem: str, use: str = "") -> bool:
        """Believe whoever this root signed; False where it is none, or there is no room."""
        found = _certificates(pem)
        if len(found) != 1 or sum(map(len, self._roots.values())) >= MOST_ROOTS:
            return False
        known = self._roots.setdefault(use, [])
        if found[0] not in known:
            known.append(found[0])
        return True

    def held(self, uses: Sequence[str] | None = None) -> list[tuple[str, dict[str, Any]]]:
        """Use and marks of every root; those installed at the works have no use."""
        wanted = [use for use in self._roots if use and (uses is None or use in uses)]
        return [(use, _marks(root)) for use in wanted for root in self._roots[use]]

    def forget(self, marks: object) -> bool:
        """Believe that root no longer; False where there is none with these marks."""
        for roots in self._roots.values():
            for root in roots:
                if _marks(root) == marks:
                    roots.remove(root)
                    return True
        return False

    def context(self) -> ssl.SSLContext:
        """To dial with. Raises OSError where it trusts nobody yet."""
        roots = [root for known in self._roots.values() for root in known]
        if not roots:
            raise ConnectionRefusedError("a station that trusts no root cannot dial encrypted")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # It dials by number, and some certificates have only names.
        context.check_hostname = False
        context.load_verify_locations(cadata="".join(_pem(root) for root in roots))
        if self.way.profile >= MUTUAL and self._key is not None and self._chain:
            _load(context, self._key, self._chain)
        return context


def way_from(url: str, profile: int, password: str | None) -> WayIn | None:
    """The way in that a network profile names; None where its address is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in {"ws", "wss"} or not parts.hostname:
        return None
    return WayIn(profile=profile, password=password, host=parts.hostname, port=port)


def _certificates(pem: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        return []


def _marks(certificate: x509.Certificate) -> dict[str, Any]:
    """Of a root, which is its own issuer."""
    return {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": hashlib.sha256(certificate.issuer.public_bytes()).hexdigest(),
        "issuerKeyHash": hashlib.sha256(_bits(certificate)).hexdigest(),
        "serialNumber": f"{certificate.serial_number:x}",
    }


def _bits(certificate: x509.Certificate) -> bytes:
    """The key itself, without the words that say what kind of key it is."""
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _public(key: Any) -> bytes:  # noqa: ANN401 (every kind of key)
    shown: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return shown


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def _load(context: ssl.SSLContext, key: ec.EllipticCurvePrivateKey, chain: Sequence[x509.Certificate]) -> None:
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with tempfile.TemporaryDirectory(prefix="fusewise-") as folder:
        papers = Path(folder) / "papers.pem"
        papers.touch(mode=0o600)
        papers.write_bytes("".join(map(_pem, chain)).encode() + private)
        context.load_cert_chain(papers)
