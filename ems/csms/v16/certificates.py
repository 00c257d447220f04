"""The security extension of OCPP 1.6: certificates, passwords, profiles, security events."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Final

from ems.csms.certificate_words import (
    CertificateAsked,
    CertificateMark,
    Held,
    Leaf,
    NetworkWay,
    Root,
    SecurityTold,
    marks_in,
    spelled,
)
from ems.csms.fields import text
from ems.csms.lane import Answer, Urgency
from ems.csms.messages import Heard
from ems.csms.station_clock import parse_timestamp
from ems.csms.v16.vocabulary import call
from ems.errors import StationRefused

_ROOTS: Final[Mapping[Root, str]] = {
    Root.CENTRAL_SYSTEM: "CentralSystemRootCertificate",
    Root.MANUFACTURER: "ManufacturerRootCertificate",
}


class CertificateAnswersV16:
    """What a station asks and tells."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard

    def sign_certificate(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        request = payload.get("csr")
        asked = CertificateAsked(request=request if isinstance(request, str) else "", leaf=Leaf.STATION)
        return {"status": "Accepted" if self._heard.security.certificate_asked(asked) else "Rejected"}

    def security_event(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        self._heard.security.security_told(
            SecurityTold(
                kind=text(payload, "type"),
                about=text(payload, "techInfo"),
                at=parse_timestamp(payload.get("timestamp")),
            )
        )
        return {}


class CertificatesV16(ABC):
    """The part of a dialect that is `certificate_words.SecurityDialect`."""

    @abstractmethod
    async def _ask(
        self, request: object, urgency: Urgency = Urgency.ROUTINE, *, within_s: float | None = None
    ) -> Answer: ...

    @abstractmethod
    def _accepted(self, what: str, answer: Answer, *, also: str = "Accepted") -> Answer: ...

    @abstractmethod
    async def change_configuration(self, key: str, value: str) -> None: ...

    async def hand_certificate(self, chain_pem: str, asked: CertificateAsked) -> None:  # noqa: ARG002 (1.6 numbers none)
        self._accepted("CertificateSigned", await self._ask(call.CertificateSigned(certificate_chain=chain_pem)))

    async def trust(self, root_pem: str, root: Root) -> None:
        if root not in _ROOTS:
            raise StationRefused(f"OCPP 1.6 knows no root for {root}")
        request = call.InstallCertificate(certificate_type=_ROOTS[root], certificate=root_pem)
        self._accepted("InstallCertificate", await self._ask(request))

    async def held_certificates(self) -> tuple[Held, ...]:
        found: list[Held] = []
        for word in _ROOTS.values():
            answer = await self._ask(call.GetInstalledCertificateIds(certificate_type=word))
            self._accepted("GetInstalledCertificateIds", answer, also="NotFound")
            found += (Held(use=word, mark=mark) for mark in marks_in(answer.payload.get("certificateHashData")))
        return tuple(found)

    async def forget_certificate(self, mark: CertificateMark) -> None:
        answer = await self._ask(call.DeleteCertificate(certificate_hash_data=spelled(mark)))
        self._accepted("DeleteCertificate", answer, also="NotFound")

    async def ask_to_ask(self, leaf: Leaf) -> None:
        if leaf is not Leaf.STATION:
            raise StationRefused("OCPP 1.6 knows only a station's own certificate")
        request = call.ExtendedTriggerMessage(requested_message="SignChargePointCertificate")
        self._accepted("ExtendedTriggerMessage", await self._ask(request))

    async def change_password(self, key: bytes) -> None:
        await self.change_configuration("AuthorizationKey", key.hex())

    async def come_by(self, way: NetworkWay) -> None:
        """OCPP 1.6 changes the profile alone: the station knows its address, and goes back by itself if that fails."""
        await self.change_configuration("SecurityProfile", str(way.profile))
