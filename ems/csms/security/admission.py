"""Whether a station may come in by what it shows: rules over passwords, certificates and what it came by before."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from cryptography import x509

from ems.csms.security.credentials import Password, given_password, proven
from ems.csms.security.requests import Marked, common_name, marked, same_name


class Profile(IntEnum):
    """OCPP's security profiles: how a station proves who it is, and whether others can listen."""

    OPEN = 0
    """Nothing is proven."""

    BASIC = 1
    """A password, readable on the way."""

    TLS = 2
    """A password, encrypted on the way."""

    MUTUAL = 3
    """A certificate of its own."""


class Refusal(StrEnum):
    """Why somebody may not come in."""

    PASSWORD = "password"  # noqa: S105 (a word, not a secret)
    DOWNGRADE = "downgrade"
    """It came more safely before, or has to."""

    CERTIFICATE_NAME = "certificate_name"
    CERTIFICATE_REVOKED = "certificate_revoked"
    CERTIFICATE_EXPIRED = "certificate_expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a connection shows before it is let in."""

    encrypted: bool = False
    certificate: x509.Certificate | None = None
    """Signed by one whom we trust: TLS has seen to that."""

    authorization: str | None = field(default=None, repr=False)
    """The header; None when it is missing or there are several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """What one identity has to show."""

    identity: str
    names: frozenset[str]
    """What its certificate may call it."""

    passwords: tuple[Password, ...] = ()
    least: Profile = Profile.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """It may come in."""

    profile: Profile
    password: Password | None = None
    """The one that it proved."""


def admit(lock: Lock, shown: Shown, revoked: Collection[Marked], now: datetime) -> Admitted | Refusal:
    """The verdict on one connection. A certificate that is shown must be right; otherwise the password counts."""
    if shown.certificate is not None:
        fault = certificate_fault(shown.certificate, lock.names, revoked, now)
        return Admitted(profile=Profile.MUTUAL) if fault is None else fault
    password = proven(lock.passwords, given_password(shown.authorization, lock.identity))
    if lock.passwords and password is None and lock.least < Profile.MUTUAL:
        return Refusal.PASSWORD
    reached = _reached(shown, password)
    return Refusal.DOWNGRADE if reached < lock.least else Admitted(profile=reached, password=password)


def certificate_fault(
    certificate: x509.Certificate, names: Collection[str], revoked: Collection[Marked], now: datetime
) -> Refusal | None:
    """What is wrong with a certificate as proof of one of these names; None when nothing is."""
    if marked(certificate.issuer, certificate.serial_number) in revoked:
        return Refusal.CERTIFICATE_REVOKED
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        return Refusal.CERTIFICATE_EXPIRED
    name = common_name(certificate.subject)
    return None if name is not None and same_name(name, names) else Refusal.CERTIFICATE_NAME


def _reached(shown: Shown, password: Password | None) -> Profile:
    if password is None:
        return Profile.OPEN
    return Profile.TLS if shown.encrypted else Profile.BASIC
