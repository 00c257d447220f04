"""Our own certificate authority: one folder with root, server certificate, what was issued and what was revoked.

Everything blocks; the service calls it in a thread. `ems certs` and a running service may use it side by side.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ems.clock import Clock
from ems.csms.security import issuing, private_files
from ems.csms.security.errors import (
    AuthorityExists,
    BadCertificateRequest,
    CannotKeep,
    NoAuthority,
    NoSuchCertificate,
)
from ems.csms.security.issuing import Pair
from ems.csms.security.key_kind import KeyKind
from ems.csms.security.requests import judge, read_request

FOLDER: Final = "certs"
"""Beside the database."""

MOST_BYTES: Final = 1_000_000
MOST_KEPT: Final = 2000
"""Lines about what was issued; the oldest that have expired go first."""

_FOR_SERVER: Final = "server"
_FOR_STATION: Final = "station"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """One certificate that was signed here."""

    serial: str
    """Hexadecimal."""

    kind: str
    name: str
    """The common name."""

    from_utc_s: float
    until_utc_s: float
    revoked_utc_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What goes to whoever asked."""

    certificate_pem: bytes
    """Its certificate, and the root after it."""

    serial: str
    key_pem: bytes | None = None
    """None where it has the key itself."""


class Authority:
    """Signs for stations and for our own door."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """`folder` need not exist yet."""
        self.folder: Final = folder
        self._clock = clock

    @property
    def root_file(self) -> Path:
        return self.folder / "root.pem"

    @property
    def server_file(self) -> Path:
        return self.folder / "server.pem"

    @property
    def revoked_file(self) -> Path:
        return self.folder / "revoked.pem"

    @property
    def exists(self) -> bool:
        return self.root_file.exists()

    def begin(self, house: str, names: Sequence[str], kind: KeyKind = KeyKind.EC) -> None:
        """A new root, and a certificate for the door under these names. Raises AuthorityExists or CannotKeep."""
        with private_files.alone(self.folder):
            if self.exists:
                raise AuthorityExists("there is a root already, and stations may trust it; use it")
            made = issuing.root(house, kind, self._now())
            private_files.replace(self._root_key_file, issuing.key_pem(made.key))
            private_files.replace(self.revoked_file, issuing.revocations(made, (), 1, self._now()))
            self._write_issued([])
            self._write_server(made, names, kind)
            # Last, since it is what says that all of it is there.
            private_files.replace(self.root_file, issuing.pem(made.certificate))

    def rotate_server(self, names: Sequence[str], kind: KeyKind | None = None) -> Issued:
        """A new certificate and key for the door, of the kind that it has when nothing is said.

        The door takes it without a restart. Raises NoAuthority.
        """
        with private_files.alone(self.folder):
            found = self._server_certificate()
            as_before = KeyKind.EC if found is None else issuing.kind_of(found)
            return self._write_server(self._root(), names, kind or as_before)

    def issue(self, name: str, kind: KeyKind = KeyKind.EC) -> Bundle:
        """Certificate and key for a station that cannot make its own request. Raises NoAuthority."""
        if not name or len(name) > issuing.LONGEST_NAME:
            raise BadCertificateRequest(f"a common name has 1 to {issuing.LONGEST_NAME} characters")
        with private_files.alone(self.folder):
            key = issuing.new_key(kind)
            bundle = self._sign(name, key.public_key())
        return replace(bundle, key_pem=issuing.key_pem(key))

    def sign(self, request: str, names: Collection[str]) -> Bundle:
        """What a station asked for, when it is one of these names. Raises BadCertificateRequest or NoAuthority."""
        read = read_request(request)
        name = judge(read, names)
        key = read.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
            raise BadCertificateRequest("the key is neither RSA nor on an elliptic curve")
        with private_files.alone(self.folder):
            return self._sign(name, key)

    def revoke(self, serial: str) -> Issued:
        """That certificate opens nothing any more. Raises NoSuchCertificate."""
        wanted = serial.strip().lower().replace(":", "").lstrip("0")
        with private_files.alone(self.folder):
            by, listed = self._root(), list(self.issued())
            for place, each in enumerate(listed):
                if each.serial == wanted:
                    now = self._now()
                    listed[place] = each if each.revoked_utc_s else replace(each, revoked_utc_s=now.timestamp())
                    self._write_issued(listed)
                    self._write_revoked(by, listed)
                    return listed[place]
        raise NoSuchCertificate(
            f"no certificate of serial number {wanted[:50]!r} was issued here; see `ems certs list`"
        )

    def issued(self) -> tuple[Issued, ...]:
        """All that was signed, oldest first. Raises CannotKeep."""
        found = private_files.content(self._issued_file, MOST_BYTES)
        if found is None:
            return ()
        try:
            told: Any = json.loads(found)
            return tuple(Issued(**each) for each in told["issued"])
        except (ValueError, TypeError, KeyError) as error:
            raise CannotKeep(f"{self._issued_file.name} makes no sense; put an older copy back") from error

    def root_pem(self) -> str:
        """What stations have to trust. Raises NoAuthority."""
        return issuing.pem(self._root_certificate()).decode()

    def server_until(self) -> datetime | None:
        """When the certificate of the door ends; None where there is none."""
        found = self._server_certificate()
        return None if found is None else found.not_valid_after_utc

    def server_names(self) -> frozenset[str]:
        """Under which names and addresses the certificate of the door is good."""
        found = self._server_certificate()
        return frozenset() if found is None else issuing.names_in(found)

    @property
    def _root_key_file(self) -> Path:
        return self.folder / "root.key"

    @property
    def _issued_file(self) -> Path:
        return self.folder / "issued.json"

    def _now(self) -> datetime:
        return self._clock.utc_now().astimezone(UTC)

    def _server_certificate(self) -> x509.Certificate | None:
        found = private_files.content(self.server_file, MOST_BYTES)
        try:
            return None if found is None else x509.load_pem_x509_certificate(found)
        except ValueError:
            return None

    def _root_certificate(self) -> x509.Certificate:
        found = private_files.content(self.root_file, MOST_BYTES)
        if found is None:
            raise NoAuthority("there is no certificate authority yet; make one with `ems certs init`")
        try:
            return x509.load_pem_x509_certificate(found)
        except ValueError as error:
            raise CannotKeep(f"{self.root_file.name} is no certificate; put an older copy back") from error

    def _root(self) -> Pair:
        certificate = self._root_certificate()
        try:
            key = serialization.load_pem_private_key(
                private_files.content(self._root_key_file, MOST_BYTES) or b"", password=None
            )
        except (ValueError, TypeError) as error:
            raise CannotKeep(f"{self._root_key_file.name} is no key; put an older copy back") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            raise CannotKeep(f"{self._root_key_file.name} is a key of another kind; put an older copy back")
        return Pair(certificate=certificate, key=key)

    def _sign(self, name: str, key: issuing.PublicKey) -> Bundle:
        by = self._root()
        certificate = issuing.station(by, name, key, self._now())
        line = self._note(certificate, _FOR_STATION, name)
        return Bundle(
            certificate_pem=issuing.pem(certificate) + issuing.pem(by.certificate),
            serial=line.serial,
        )

    def _write_server(self, by: Pair, names: Sequence[str], kind: KeyKind) -> Issued:
        made = issuing.server(by, names, kind, self._now())
        line = self._note(made.certificate, _FOR_SERVER, names[0])
        # One file for both, so that no reader finds the one without the other.
        both = issuing.pem(made.certificate) + issuing.pem(by.certificate) + issuing.key_pem(made.key)
        private_files.replace(self.server_file, both)
        return line

    def _note(self, certificate: x509.Certificate, kind: str, name: str) -> Issued:
        line = Issued(
            serial=f"{certificate.serial_number:x}",
            kind=kind,
            name=name,
            from_utc_s=certificate.not_valid_before_utc.timestamp(),
            until_utc_s=certificate.not_valid_after_utc.timestamp(),
        )
        self._write_issued([*self.issued(), line])
        return line

    def _write_issued(self, lines: Sequence[Issued]) -> None:
        kept = list(lines)
        if len(kept) > MOST_KEPT:
            now_s = self._now().timestamp()
            gone = [each for each in kept if each.until_utc_s < now_s][: len(kept) - MOST_KEPT]
            kept = [each for each in kept if each not in gone]
        told = {"issued": [asdict(each) for each in kept]}
        private_files.replace(self._issued_file, json.dumps(told, indent=1, ensure_ascii=False).encode())

    def _write_revoked(self, by: Pair, lines: Sequence[Issued]) -> None:
        revoked = [
            (int(each.serial, 16), datetime.fromtimestamp(each.revoked_utc_s, UTC))
            for each in lines
            if each.revoked_utc_s is not None
        ]
        private_files.replace(self.revoked_file, issuing.revocations(by, revoked, len(revoked) + 1, self._now()))
