"""Certificates, passwords, network profiles and security events of version 2, ISO 15118 passed on or declined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ems.csms.certificate_words import (
    MOST_LISTED,
    CertificateAsked,
    CertificateMark,
    Held,
    Leaf,
    NetworkWay,
    Root,
    SecurityTold,
    mark_in,
    marks_in,
    spelled,
)
from ems.csms.fields import text, whole
from ems.csms.inbound import Answers
from ems.csms.lane import Urgency
from ems.csms.messages import Heard
from ems.csms.plug_and_charge import PlugAndCharge
from ems.csms.station_clock import parse_timestamp
from ems.csms.v201.variables import VariablesV201
from ems.errors import StationRefused

_LEAVES: Final[Mapping[Leaf, str]] = {
    Leaf.STATION: "ChargingStationCertificate",
    Leaf.VEHICLE_SIDE: "V2GCertificate",
}
_ROOTS: Final[Mapping[Root, str]] = {
    Root.CENTRAL_SYSTEM: "CSMSRootCertificate",
    Root.MANUFACTURER: "ManufacturerRootCertificate",
    Root.VEHICLE_SIDE: "V2GRootCertificate",
    Root.CONTRACT: "MORootCertificate",
}
_TRIGGERS: Final[Mapping[Leaf, str]] = {
    Leaf.STATION: "SignChargingStationCertificate",
    Leaf.VEHICLE_SIDE: "SignV2GCertificate",
}
PRIORITY: Final = "NetworkConfigurationPriority"
MOST_SLOTS: Final = 10
MESSAGE_TIMEOUT_S: Final = 30
_OCPP_VERSIONS: Final = {"2.0.1": "OCPP20", "2.1": "OCPP21"}


class CertificateAnswersV201:
    """What a station asks and tells. Plug and charge goes through its port."""

    def __init__(self, heard: Heard, port: PlugAndCharge) -> None:
        self._heard = heard
        self._port = port
        self.answers: Final[Answers] = {
            "Get15118EVCertificate": self._vehicle_certificate,
            "GetCertificateStatus": self._certificate_status,
            "SecurityEventNotification": self._security_event,
            "SignCertificate": self._sign_certificate,
        }
        self.answers_21: Final[Answers] = {"GetCertificateChainStatus": self._chain_status}

    def _sign_certificate(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        request, said = payload.get("csr"), text(payload, "certificateType")
        asked = CertificateAsked(
            request=request if isinstance(request, str) else "",
            leaf=Leaf.STATION if said in {"", _LEAVES[Leaf.STATION]} else Leaf.VEHICLE_SIDE,
            number=whole(payload, "requestId"),
        )
        return {"status": "Accepted" if self._heard.security.certificate_asked(asked) else "Rejected"}

    def _security_event(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        self._heard.security.security_told(
            SecurityTold(
                kind=text(payload, "type"),
                about=text(payload, "techInfo"),
                at=parse_timestamp(payload.get("timestamp")),
            )
        )
        return {}

    def _vehicle_certificate(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        answer = self._port.vehicle_certificate(payload)
        return {"status": "Failed" if answer is None else "Accepted", "exiResponse": answer or ""}

    def _certificate_status(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        answer = self._port.certificate_status(payload)
        return {"status": "Failed"} if answer is None else {"status": "Accepted", "ocspResult": answer}

    def _chain_status(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        """Nothing is known of any of them."""
        listed = payload.get("certificateStatusRequests")
        entries = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
        return {"certificateStatus": [_failed(each) for each in entries[:MOST_LISTED]]}


class CertificatesV201(VariablesV201):
    """The part of a dialect that is `certificate_words.SecurityDialect`."""

    async def hand_certificate(self, chain_pem: str, asked: CertificateAsked) -> None:
        request = {"certificateChain": chain_pem, "certificateType": _LEAVES[asked.leaf], "requestId": asked.number}
        self._accepted("CertificateSigned", await self._ask("CertificateSigned", request))

    async def trust(self, root_pem: str, root: Root) -> None:
        request = {"certificateType": _ROOTS[root], "certificate": root_pem}
        self._accepted("InstallCertificate", await self._ask("InstallCertificate", request))

    async def held_certificates(self) -> tuple[Held, ...]:
        answer = await self._ask("GetInstalledCertificateIds")
        self._accepted("GetInstalledCertificateIds", answer, also=("NotFound",))
        listed = answer.payload.get("certificateHashDataChain")
        chains = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
        return tuple(held for chain in chains[:MOST_LISTED] for held in _held(chain))

    async def forget_certificate(self, mark: CertificateMark) -> None:
        answer = await self._ask("DeleteCertificate", {"certificateHashData": spelled(mark)})
        self._accepted("DeleteCertificate", answer, also=("NotFound",))

    async def ask_to_ask(self, leaf: Leaf) -> None:
        answer = await self._ask("TriggerMessage", {"requestedMessage": _TRIGGERS[leaf]})
        self._accepted(f"TriggerMessage {_TRIGGERS[leaf]}", answer)

    async def change_password(self, key: bytes) -> None:
        await self.change_configuration("AuthorizationKey", key.hex())

    async def come_by(self, way: NetworkWay) -> None:
        """A network profile in a slot that is not used, first in the order, the old ones behind it; then a restart."""
        before = await self._slots()
        slot = next((each for each in range(1, MOST_SLOTS + 1) if each not in before), None)
        if slot is None:
            raise StationRefused(f"{self._station} has no free slot for another network profile")
        request = {"configurationSlot": slot, "connectionData": self._connection(way)}
        self._accepted("SetNetworkProfile", await self._ask("SetNetworkProfile", request))
        await self.change_configuration(f"OCPPCommCtrlr.{PRIORITY}", ",".join(map(str, [slot, *before])))
        self._accepted("Reset", await self._ask("Reset", {"type": "OnIdle"}, Urgency.COMMAND), also=("Scheduled",))

    async def _slots(self) -> Sequence[int]:
        """The slots in use, in their order; the first one where the station does not tell."""
        key = f"OCPPCommCtrlr.{PRIORITY}"
        told = (await self.get_configuration((key,))).known.get(key)
        words = [] if told is None else [word.strip() for word in told.value.split(",")]
        return [int(word) for word in words if word.isdecimal() and len(word) < 4][:MOST_SLOTS] or [1]

    def _connection(self, way: NetworkWay) -> Mapping[str, object]:
        return {
            "ocppVersion": _OCPP_VERSIONS.get(self._vocabulary.version, "OCPP20"),
            "ocppTransport": "JSON",
            "ocppCsmsUrl": way.url,
            "messageTimeout": MESSAGE_TIMEOUT_S,
            "securityProfile": way.profile,
            "ocppInterface": way.interface,
        }


def _held(chain: Mapping[str, object]) -> list[Held]:
    use = text(chain, "certificateType")
    data = chain.get("certificateHashData")
    mark = mark_in(data) if isinstance(data, dict) else None
    own = [] if mark is None else [mark]
    return [Held(use=use, mark=each) for each in (*own, *marks_in(chain.get("childCertificateHashData")))]


def _failed(asked: Mapping[str, object]) -> Mapping[str, object]:
    data, source = asked.get("certificateHashData"), text(asked, "source")
    mark = mark_in(data) if isinstance(data, dict) else None
    unknown = CertificateMark(algorithm="SHA256", issuer_name="-", issuer_key="-", serial="0")
    return {
        "certificateHashData": spelled(mark or unknown),
        "source": source if source in {"CRL", "OCSP"} else "OCSP",
        "status": "Failed",
        "nextUpdate": NEVER,
    }


NEVER: Final = "1970-01-01T00:00:00Z"
"""An answer of which nothing is known is not to be kept."""
