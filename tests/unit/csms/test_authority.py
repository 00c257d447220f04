"""Our own certificate authority: what it signs, for whom, and what it takes back (scenario F08)."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ems.clock import VirtualClock
from ems.csms.security.authority import Authority
from ems.csms.security.errors import AuthorityExists, BadCertificateRequest, NoAuthority, NoSuchCertificate
from ems.csms.security.requests import read_request
from ems.csms.security.tls import CannotEncrypt, revoked_in

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


def request(name: str | None = "garage", key: Key | None = None) -> str:
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([] if name is None else [x509.NameAttribute(NameOID.COMMON_NAME, name)])
    hashing = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashing)
    return made.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path / "certs", VirtualClock())
    made.begin("House", ["192.0.2.1", "fusewise.local"])
    return made


def test_its_files_are_for_the_service_alone(authority: Authority) -> None:
    modes = {stat.S_IMODE(each.stat().st_mode) for each in authority.folder.iterdir()}

    assert modes == {0o600}
    assert stat.S_IMODE(authority.folder.stat().st_mode) == 0o700


def test_the_door_gets_a_certificate_for_its_names_by_the_root(authority: Authority) -> None:
    root = x509.load_pem_x509_certificate(authority.root_file.read_bytes())
    server = x509.load_pem_x509_certificate(authority.server_file.read_bytes())

    server.verify_directly_issued_by(root)
    usage = server.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert authority.server_names() == {"192.0.2.1", "fusewise.local"}
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_a_second_root_would_lock_every_station_out(authority: Authority) -> None:
    with pytest.raises(AuthorityExists):
        authority.begin("House", ["192.0.2.1"])


def test_a_station_gets_what_it_asked_for_and_the_root_with_it(authority: Authority) -> None:
    asked = request("Garage")
    bundle = authority.sign(asked, ["garage", "SN1"])

    leaf, root = x509.load_pem_x509_certificates(bundle.certificate_pem)
    leaf.verify_directly_issued_by(root)
    assert leaf.public_key() == read_request(asked).public_key()
    assert bundle.key_pem is None
    assert [each.name for each in authority.issued()] == ["192.0.2.1", "Garage"]


@pytest.mark.parametrize("spelling", [lambda pem: pem.replace("\n", "\\n"), lambda pem: f"\n {pem} ", lambda pem: pem])
def test_a_request_is_read_as_stations_write_it(spelling: object) -> None:
    assert callable(spelling)
    assert read_request(spelling(request())).subject


def test_a_request_in_bare_base64_is_read_too() -> None:
    der = x509.load_pem_x509_csr(request().encode()).public_bytes(serialization.Encoding.DER)

    assert read_request(base64.b64encode(der).decode()).subject


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (request("carport"), "another station"),
        (request(None), "names nobody"),
        (request(key=rsa.generate_private_key(public_exponent=65537, key_size=1024)), "1024 bits"),  # noqa: S505 (too short on purpose)
        (request(key=ec.generate_private_key(ec.SECP192R1())), "192 bits"),
        (request(key=ed25519.Ed25519PrivateKey.generate()), "neither RSA nor"),
        ("hello", "no certificate request"),
        ("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----", "no certificate request"),
        ("x" * 20_000, "too long"),
    ],
)
def test_a_request_that_must_not_be_signed_is_not(authority: Authority, asked: str, why: str) -> None:
    with pytest.raises(BadCertificateRequest, match=why):
        authority.sign(asked, ["garage"])
    assert len(authority.issued()) == 1


def test_a_request_whose_signature_is_wrong_is_not_signed(authority: Authority) -> None:
    der = bytearray(x509.load_pem_x509_csr(request().encode()).public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1

    with pytest.raises(BadCertificateRequest, match="private key"):
        authority.sign(base64.b64encode(bytes(der)).decode(), ["garage"])


def test_what_was_revoked_stands_in_the_list(authority: Authority) -> None:
    bundle = authority.issue("garage")
    before = revoked_in([authority.revoked_file])
    authority.revoke(bundle.serial)

    assert before == frozenset()
    assert {f"{serial:x}" for _, serial in revoked_in([authority.revoked_file])} == {bundle.serial}
    assert [each.revoked_utc_s is not None for each in authority.issued()] == [False, True]
    with pytest.raises(NoSuchCertificate):
        authority.revoke("abc")


def test_without_an_authority_nothing_is_signed(tmp_path: Path) -> None:
    with pytest.raises(NoAuthority):
        Authority(tmp_path, VirtualClock()).sign(request(), ["garage"])


def test_a_list_that_makes_no_sense_is_no_empty_list(tmp_path: Path) -> None:
    (tmp_path / "list.pem").write_text("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n")

    with pytest.raises(CannotEncrypt):
        revoked_in([tmp_path / "list.pem"])
