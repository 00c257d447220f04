"""Whose certificate is believed: of an authority, one certificate and no other, or anybody's."""

from __future__ import annotations

import hashlib
import hmac
import ssl


class OtherCertificate(ssl.SSLError):
    """The device shows another certificate than the one that its owner stated."""

    def __init__(self, shown: str) -> None:
        super().__init__(f"the certificate has the SHA-256 fingerprint {shown}")
        self.shown = shown
        """In hexadecimal."""


def of_authorities(ca: str | None) -> ssl.SSLContext:
    """Believes the authorities of that PEM file, or the system's. Raises OSError or ValueError for no such file."""
    return ssl.create_default_context(cafile=ca)


def of_anybody() -> ssl.SSLContext:
    """Believes everybody."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def of_one(fingerprint: str) -> ssl.SSLContext:
    """Believes the certificate with that SHA-256 fingerprint alone, whoever signed it and whatever name is in it.

    It is compared when the handshake is over, so nothing was said yet.
    """
    wanted = fingerprint.replace(":", "").lower()

    class _Pinned(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            shown = hashlib.sha256(self.getpeercert(binary_form=True) or b"").hexdigest()
            if not hmac.compare_digest(shown, wanted):
                raise OtherCertificate(shown)

    context = of_anybody()
    context.sslobject_class = _Pinned
    return context


def why_not_believed(error: BaseException) -> str | None:
    """A sentence where that error comes from a certificate; None where it comes from something else."""
    here: BaseException | None = error
    for _ in range(10):
        if isinstance(here, OtherCertificate):
            return f"shows another certificate than http.fingerprint says: its SHA-256 is {here.shown}"
        if isinstance(here, ssl.SSLCertVerificationError):
            said = here.verify_message or "it cannot be checked"
            return f"shows a certificate that nobody vouches for ({said}): state http.ca or http.fingerprint"
        if here is None:
            return None
        here = here.__cause__ or here.__context__
    return None
