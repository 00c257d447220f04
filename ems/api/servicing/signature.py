"""Whether a maker's signature fits its firmware: found out here rather than by a station in the middle of the night."""

from __future__ import annotations

import base64
import binascii
import hashlib
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.asymmetric.padding import AsymmetricPadding
from cryptography.hazmat.primitives.hashes import SHA256

from ems.api.errors import WrongSignature

PIECE_B: Final = 1024 * 1024


def check_signature(file: Path, certificate: str, signature: str) -> None:
    """Raises WrongSignature unless that is the certificate's signature over the file's SHA-256."""
    try:
        key = x509.load_pem_x509_certificate(certificate.encode()).public_key()
        signed = base64.b64decode("".join(signature.split()), validate=True)
    except (ValueError, binascii.Error) as error:
        raise WrongSignature("the certificate is no PEM, or the signature no base64") from error
    digest = _digest(file)
    if not _fits(key, signed, digest):
        raise WrongSignature("the signature is not this certificate's over this file")


def _fits(key: object, signed: bytes, digest: bytes) -> bool:
    """RSA as the security extension has it (PSS) and as many makers do it (PKCS 1), or ECDSA."""
    hashed = utils.Prehashed(SHA256())
    pss = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=padding.PSS.AUTO)
    if isinstance(key, rsa.RSAPublicKey):
        return _fits_rsa(key, signed, digest, pss) or _fits_rsa(key, signed, digest, padding.PKCS1v15())
    if isinstance(key, ec.EllipticCurvePublicKey):
        try:
            key.verify(signed, digest, ec.ECDSA(hashed))
        except InvalidSignature:
            return False
        return True
    return False


def _fits_rsa(key: rsa.RSAPublicKey, signed: bytes, digest: bytes, scheme: AsymmetricPadding) -> bool:
    try:
        key.verify(signed, digest, scheme, utils.Prehashed(SHA256()))
    except InvalidSignature:
        return False
    return True


def _digest(file: Path) -> bytes:
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while piece := content.read(PIECE_B):
            digest.update(piece)
    return digest.digest()
