"""How our certificates are made: a root, a server's, a station's, and the list of those revoked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ems.csms.security.key_kind import KeyKind

Key: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey

BACKDATED: Final = timedelta(days=1)
"""Clocks of stations that never heard the time are behind."""

ROOT_LASTS: Final = timedelta(days=20 * 365)
LEAF_LASTS: Final = timedelta(days=2 * 365)
CRL_LASTS: Final = timedelta(days=10 * 365)
"""Ours is read from the disk at once; others who fetch it now and then should not lock everybody out."""

ORGANISATION: Final = "Fusewise"
LONGEST_NAME: Final = 64
"""Characters of a common name (RFC 5280)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: Key


def new_key(kind: KeyKind) -> Key:
    """A fresh private key; RSA takes a moment."""
    if kind is KeyKind.EC:
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def root(house: str, kind: KeyKind, now: datetime) -> Pair:
    """A new authority that signs itself."""
    key = new_key(kind)
    name = _name(f"{house} charging root"[:LONGEST_NAME])
    usage = _usage(key_cert_sign=True, crl_sign=True, digital_signature=True)
    built = (
        _blank(name, name, key.public_key(), now, ROOT_LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
    )
    return Pair(certificate=built.sign(key, hashes.SHA256()), key=key)


def server(by: Pair, names: Sequence[str], kind: KeyKind, now: datetime) -> Pair:
    """For the door, under every name and address by which stations may call it; the first is its common name."""
    key = new_key(kind)
    usage = _usage(digital_signature=True, key_encipherment=kind is KeyKind.RSA)
    built = (
        _blank(_name(names[0][:LONGEST_NAME]), by.certificate.subject, key.public_key(), now, LEAF_LASTS)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
    )
    return Pair(certificate=_signed(built, by), key=key)


def station(by: Pair, name: str, key: PublicKey, now: datetime, lasts: timedelta = LEAF_LASTS) -> x509.Certificate:
    """For a station of that name, which has the private key."""
    built = (
        _blank(_name(name), by.certificate.subject, key, now, lasts)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            _usage(digital_signature=True, key_encipherment=isinstance(key, rsa.RSAPublicKey)), critical=True
        )
    )
    return _signed(built, by)


def revocations(by: Pair, revoked: Iterable[tuple[int, datetime]], number: int, now: datetime) -> bytes:
    """The list of revoked serial numbers, PEM."""
    built = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(by.certificate.subject)
        .last_update(now - BACKDATED)
        .next_update(now + CRL_LASTS)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(_authority_id(by), critical=False)
    )
    for serial, at in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at)
        built = built.add_revoked_certificate(entry.build())
    return built.sign(by.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def kind_of(certificate: x509.Certificate) -> KeyKind:
    return KeyKind.RSA if isinstance(certificate.public_key(), rsa.RSAPublicKey) else KeyKind.EC


def names_in(certificate: x509.Certificate) -> frozenset[str]:
    """Names and addresses that a certificate is good for."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    addresses = (str(each) for each in found.get_values_for_type(x509.IPAddress))
    return frozenset(found.get_values_for_type(x509.DNSName)) | frozenset(addresses)


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def key_pem(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _blank(
    subject: x509.Name, issuer: x509.Name, key: PublicKey, now: datetime, lasts: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + lasts)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _signed(built: x509.CertificateBuilder, by: Pair) -> x509.Certificate:
    return built.add_extension(_authority_id(by), critical=False).sign(by.key, hashes.SHA256())


def _authority_id(by: Pair) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key())


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(
    *,
    digital_signature: bool = False,
    key_encipherment: bool = False,
    key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=key_encipherment,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )
