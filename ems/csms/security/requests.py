"""Certificate signing requests of stations: read leniently, judged strictly."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from ems.csms.security.errors import BadCertificateRequest

LONGEST: Final = 10_000
"""Characters; OCPP allows 5500."""

LEAST_RSA_BITS: Final = 2048
MOST_RSA_BITS: Final = 8192
LEAST_CURVE_BITS: Final = 224
WEAK_HASHES: Final = frozenset({"md5", "sha1"})


def read_request(said: str) -> x509.CertificateSigningRequest:
    """The request in a text: PEM, PEM whose line ends were escaped, or bare Base64. Raises BadCertificateRequest."""
    if len(said) > LONGEST:
        raise BadCertificateRequest(f"a certificate request of {len(said)} characters is too long")
    text = said.replace("\\r", "").replace("\\n", "\n").strip()
    try:
        if text.startswith("-----"):
            return x509.load_pem_x509_csr(text.encode())
        return x509.load_der_x509_csr(base64.b64decode("".join(text.split()), validate=True))
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        raise BadCertificateRequest("that is no certificate request (PEM, PKCS#10)") from None


def judge(request: x509.CertificateSigningRequest, names: Collection[str]) -> str:
    """The common name, when this request may be signed for somebody of these names. Raises BadCertificateRequest."""
    _check_key(request)
    try:
        proven = request.is_signature_valid
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        proven = False
    if not proven:
        raise BadCertificateRequest("whoever made this request does not have its private key")
    hash_used = request.signature_hash_algorithm
    if hash_used is not None and hash_used.name in WEAK_HASHES:
        raise BadCertificateRequest(f"the request is signed with {hash_used.name}, which proves nothing any more")
    return _name_in(request, names)


def common_name(subject: x509.Name) -> str | None:
    """The one common name of a subject; None when there is none or more than one."""
    found = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if len(found) == 1 else None


def same_name(said: str, names: Collection[str]) -> bool:
    """Whether a common name is one of these; serial numbers are printed in either case."""
    return said.strip().lower() in {name.lower() for name in names if name}


Marked: TypeAlias = tuple[str, int]
"""One certificate among all: its issuer and its serial number there."""


def marked(issuer: x509.Name, serial: int) -> Marked:
    return issuer.rfc4514_string(), serial


def _name_in(request: x509.CertificateSigningRequest, names: Collection[str]) -> str:
    said = common_name(request.subject)
    if said is None or not said.strip():
        raise BadCertificateRequest("the request names nobody; its common name must be the identity of the station")
    if not same_name(said, names):
        raise BadCertificateRequest(f"the request is for {said[:60]!r}, which is another station")
    return said.strip()


def _check_key(request: x509.CertificateSigningRequest) -> None:
    try:
        key = request.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise BadCertificateRequest("the key of the request cannot be read") from None
    if isinstance(key, rsa.RSAPublicKey):
        if not LEAST_RSA_BITS <= key.key_size <= MOST_RSA_BITS:
            raise BadCertificateRequest(f"an RSA key of {key.key_size} bits; {LEAST_RSA_BITS} are needed")
    elif isinstance(key, ec.EllipticCurvePublicKey):
        if key.key_size < LEAST_CURVE_BITS:
            raise BadCertificateRequest(f"a curve of {key.key_size} bits; {LEAST_CURVE_BITS} are needed")
    else:
        raise BadCertificateRequest("the key is neither RSA nor on an elliptic curve")
