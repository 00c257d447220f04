"""Passwords, certificates and network profiles of a simulated OCPP 2.x station."""

from __future__ import annotations

from typing import Any, Final

from ems.sim.wire.fields import optional_whole, rows, section, text, whole
from ems.sim.wire.ocpp_frames import Call, Payload
from ems.sim.wire.papers import Papers, WayIn, way_from
from ems.sim.wire.times import StationTime
from ems.sim.wire.tongue import OwnCall
from ems.sim.wire.v2.answer_words import Body, status
from ems.sim.wire.v2.answers import Answers2
from ems.sim.wire.v2.device_model import DeviceModel
from ems.sim.wire.v2.reports import Reports2, ignored
from ems.sim.wire.version import Version

OWN: Final = "ChargingStationCertificate"
PASSWORD: Final = "BasicAuthPassword"  # noqa: S105 (the variable's name)
MOST_SLOTS: Final = 10


class Security2:
    """Answers everything about who the station is, and how it comes in."""

    def __init__(
        self,
        papers: Papers,
        model: DeviceModel,
        reports: Reports2,
        answers: Answers2,
        time: StationTime,
        version: Version,
    ) -> None:
        self._papers = papers
        self._model = model
        self._reports = reports
        self._time = time
        self._version = version
        self._ways: dict[str, WayIn] = {}
        self._numbers = 0
        answers.learns("CertificateSigned", self._signed)
        answers.learns("InstallCertificate", self._install)
        answers.learns("GetInstalledCertificateIds", self._installed)
        answers.learns("DeleteCertificate", self._delete)
        answers.learns("SetNetworkProfile", self._network)
        answers.triggers["SignChargingStationCertificate"] = lambda: reports.queue(self._sign)

    def restarted(self) -> None:
        """It dials by the first network profile that it has."""
        slot = next(iter(self._model.words("OCPPCommCtrlr", "NetworkConfigurationPriority")), "")
        if slot in self._ways:
            self._papers.come_by(self._ways.pop(slot))
            self._papers.redial = False

    def password(self) -> str | None:
        """What the central system has set, if it has."""
        return self._model.text("SecurityCtrlr", PASSWORD) or None

    def _sign(self) -> OwnCall:
        organisation = self._model.text("SecurityCtrlr", "OrganizationName")
        payload: dict[str, Any] = {"csr": self._papers.request(organisation), "certificateType": OWN}
        if self._version is Version.V21:
            self._numbers += 1
            payload["requestId"] = self._numbers
        return OwnCall(action="SignCertificate", payload=payload, answered=ignored)

    def _signed(self, call: Call) -> Body:
        if not self._papers.take(text(call.payload, "certificateChain")):
            self._reports.queue(self._event("InvalidChargingStationCertificate"))
            return status("Rejected", "InvalidCertificate")
        return status("Accepted")

    def _install(self, call: Call) -> Body:
        taken = self._papers.trust(text(call.payload, "certificate"), text(call.payload, "certificateType"))
        return status("Accepted") if taken else status("Rejected", "InvalidCertificate")

    def _installed(self, call: Call) -> Body:
        uses = (
            [str(each) for each in rows(call.payload, "certificateType")] if "certificateType" in call.payload else None
        )
        found = self._papers.held(uses)
        if not found:
            return status("NotFound")
        chains = [{"certificateType": use, "certificateHashData": marks} for use, marks in found]
        return {**status("Accepted"), "certificateHashDataChain": chains}

    def _delete(self, call: Call) -> Body:
        marks = dict(section(call.payload.get("certificateHashData")))
        return status("Accepted" if self._papers.forget(marks) else "NotFound")

    def _network(self, call: Call) -> Body:
        slot, told = whole(call.payload, "configurationSlot"), section(call.payload.get("connectionData"))
        profile = optional_whole(told, "securityProfile") or 0
        way = way_from(text(told, "ocppCsmsUrl"), profile, self._secret(told))
        if way is None or not 0 < slot <= MOST_SLOTS or profile < self._papers.way.profile:
            return status("Rejected", "InvalidValue")
        self._ways[str(slot)] = way
        return status("Accepted")

    def _secret(self, told: Payload) -> str | None:
        given = told.get("basicAuthPassword")
        return given if isinstance(given, str) else self.password() or self._papers.way.password

    def _event(self, kind: str) -> Any:  # noqa: ANN401
        payload = {"type": kind, "timestamp": self._time.now()}
        return lambda: OwnCall(action="SecurityEventNotification", payload=payload, answered=ignored)
