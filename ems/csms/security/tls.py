"""The encrypted door: which certificate it shows, whom it trusts, and how both change without a restart.

Every handshake begins with the newest context; connections that run keep theirs.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

from cryptography import x509

from ems.csms.security import private_files
from ems.csms.security.errors import CannotKeep, SecurityTrouble
from ems.csms.security.requests import Marked, marked

CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2: forward secrecy and authenticated encryption, nothing else. TLS 1.3 has only such."""

MOST_BYTES: Final = 1_000_000
LONGEST_REASON: Final = 100
_CRL_ENDS: Final = b"-----END X509 CRL-----"
_CRL_BEGINS: Final = b"-----BEGIN X509 CRL-----"

Refused = Callable[[str], None]
"""Told the reason when a handshake came to nothing."""


class CannotEncrypt(SecurityTrouble):
    """Certificate, key or client roots of the door cannot be used."""

    code = "cannot_encrypt"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """Where the door finds its papers."""

    certificate: Path
    """With those between it and its root."""

    key: Path | None
    """None when it stands in the same file."""

    client_roots: tuple[Path, ...]
    """Who may sign for stations, and lists of what they revoked; those that do not exist count for nothing."""

    revoked: tuple[Path, ...] = ()
    """Lists of revoked certificates."""

    @property
    def all(self) -> tuple[Path, ...]:
        key = () if self.key is None else (self.key,)
        return (self.certificate, *key, *self.client_roots, *self.revoked)

    def stamps(self) -> tuple[tuple[int, int, int] | None, ...]:
        """Changes when any of them does. Blocks."""
        return tuple(_stamp(path) for path in self.all)


class TlsDoor(ssl.SSLContext):
    """What the listener is given; begins every handshake with the papers of the moment."""

    papers: ssl.SSLContext

    def __new__(cls, _papers: ssl.SSLContext) -> Self:
        return super().__new__(cls, ssl.PROTOCOL_TLS_SERVER)

    def __init__(self, papers: ssl.SSLContext) -> None:
        self.papers = papers

    def wrap_bio(self, *bios: Any, **more: Any) -> ssl.SSLObject:  # noqa: ANN401 (handed on as they come)
        return self.papers.wrap_bio(*bios, **more)


class _Papers(ssl.SSLContext):
    """A context that says why a handshake failed: asyncio tells nobody."""

    refused: Refused


class _Handshake(ssl.SSLObject):
    def do_handshake(self) -> None:
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            papers: object = self.context
            if isinstance(papers, _Papers):
                papers.refused(_reason(error))
            raise


def papers_of(files: TlsFiles, refused: Refused) -> ssl.SSLContext:
    """The papers as they are on the disk now; blocks. Raises CannotEncrypt."""
    papers = _Papers(ssl.PROTOCOL_TLS_SERVER)
    papers.refused = refused
    papers.sslobject_class = _Handshake
    papers.minimum_version = ssl.TLSVersion.TLSv1_2
    papers.set_ciphers(CIPHERS)
    # A resumed session would skip the look at the client's certificate.
    papers.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    papers.num_tickets = 0
    # A station without a certificate is judged by its password; the doorkeeper knows who needs which.
    papers.verify_mode = ssl.CERT_OPTIONAL
    try:
        papers.load_cert_chain(files.certificate, files.key)
        for roots in files.client_roots:
            if roots.exists():
                papers.load_verify_locations(roots)
    except (OSError, ssl.SSLError) as error:
        said = error.strerror or str(error)
        raise CannotEncrypt(f"certificate, key or client roots cannot be used ({said[:LONGEST_REASON]})") from error
    return papers


def revoked_in(paths: Iterable[Path]) -> frozenset[Marked]:
    """What stands in every list of revoked certificates in these PEM files; blocks. Raises CannotEncrypt."""
    found: set[Marked] = set()
    for path in paths:
        try:
            content = private_files.content(path, MOST_BYTES) or b""
            for block in content.split(_CRL_BEGINS)[1:]:
                body = _CRL_BEGINS + block.partition(_CRL_ENDS)[0] + _CRL_ENDS + b"\n"
                listed = x509.load_pem_x509_crl(body)
                found.update(marked(listed.issuer, each.serial_number) for each in listed)
        except (CannotKeep, ValueError) as error:
            raise CannotEncrypt(f"the list of revoked certificates in {path.name} cannot be read") from error
    return frozenset(found)


def certificate_until(path: Path) -> datetime | None:
    """When the first certificate of a file ends; None where there is none that can be read. Blocks."""
    try:
        found = private_files.content(path, MOST_BYTES)
        return None if found is None else x509.load_pem_x509_certificate(found).not_valid_after_utc
    except (CannotKeep, ValueError):
        return None


def client_certificate(encryption: object) -> x509.Certificate | None:
    """What the other side of a TLS connection has shown; None without one."""
    if not isinstance(encryption, ssl.SSLObject):
        return None
    der = encryption.getpeercert(binary_form=True)
    return None if der is None else x509.load_der_x509_certificate(der)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _reason(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate was refused: {error.verify_message}"[:LONGEST_REASON]
    return (error.reason or "no TLS").replace("_", " ").lower()[:LONGEST_REASON]
