"""What stations and we say about certificates and security, in no protocol's spelling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

LONGEST_CHAIN: Final = 10_000
"""Characters that a station takes."""


class Leaf(StrEnum):
    """Whose certificate a station wants to have."""

    STATION = "station"
    """Its own, to connect here."""

    VEHICLE_SIDE = "vehicle_side"
    """The one that it shows to cars (ISO 15118)."""


class Root(StrEnum):
    """For what a station trusts a root."""

    CENTRAL_SYSTEM = "central_system"
    MANUFACTURER = "manufacturer"
    VEHICLE_SIDE = "vehicle_side"
    CONTRACT = "contract"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateAsked:
    """A SignCertificate."""

    request: str
    """PEM, or what the station takes for it."""

    leaf: Leaf
    number: int | None = None
    """The station's own number of this request, to be said again with the answer (OCPP 2.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateMark:
    """How a station names a certificate that it holds."""

    algorithm: str
    issuer_name: str
    issuer_key: str
    serial: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A certificate that a station holds."""

    use: str
    """In its own word."""

    mark: CertificateMark


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityTold:
    """A SecurityEventNotification."""

    kind: str
    about: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkWay:
    """A way to us that a station may take."""

    url: str
    """Without the identity."""

    profile: int
    interface: str = "Wired0"
    """The station's own, in the words of OCPP 2."""


class HeardSecurity(Protocol):
    """What a dialect tells of security. Nothing here waits."""

    def certificate_asked(self, asked: CertificateAsked) -> bool:
        """Whether it will be signed; then it comes by itself."""
        ...

    def security_told(self, told: SecurityTold) -> None: ...

    def foreign_profile(self, about: str) -> None:
        """The station holds a charging profile that is none of ours."""
        ...


class SecurityDialect(Protocol):
    """One version's way to ask about security. Every method raises StationOffline, StationSilent or StationRefused."""

    async def hand_certificate(self, chain_pem: str, asked: CertificateAsked) -> None:
        """Give the station what it asked for."""
        ...

    async def trust(self, root_pem: str, root: Root) -> None: ...

    async def held_certificates(self) -> tuple[Held, ...]: ...

    async def forget_certificate(self, mark: CertificateMark) -> None: ...

    async def ask_to_ask(self, leaf: Leaf) -> None:
        """Have it make a request for a certificate."""
        ...

    async def change_password(self, key: bytes) -> None: ...

    async def come_by(self, way: NetworkWay) -> None:
        """Have it connect by that way from now on, and by the old one where that fails."""
        ...


def marks_in(listed: object) -> tuple[CertificateMark, ...]:
    """The certificates named in a list of hash data; what makes no sense is left out."""
    entries = listed if isinstance(listed, list) else []
    found = (mark_in(each) for each in entries[:MOST_LISTED] if isinstance(each, dict))
    return tuple(each for each in found if each is not None)


MOST_LISTED: Final = 100
_LENGTHS: Final = {"hashAlgorithm": 10, "issuerNameHash": 128, "issuerKeyHash": 128, "serialNumber": 40}


def mark_in(said: Mapping[str, object]) -> CertificateMark | None:
    """One certificate as hash data names it; None where a field is missing or too long."""
    words = {name: said.get(name) for name in _LENGTHS}
    texts = {name: each for name, each in words.items() if isinstance(each, str) and 0 < len(each) <= _LENGTHS[name]}
    if len(texts) < len(_LENGTHS):
        return None
    return CertificateMark(
        algorithm=texts["hashAlgorithm"],
        issuer_name=texts["issuerNameHash"],
        issuer_key=texts["issuerKeyHash"],
        serial=texts["serialNumber"],
    )


def spelled(mark: CertificateMark) -> dict[str, str]:
    """As hash data."""
    return {
        "hashAlgorithm": mark.algorithm,
        "issuerNameHash": mark.issuer_name,
        "issuerKeyHash": mark.issuer_key,
        "serialNumber": mark.serial,
    }
