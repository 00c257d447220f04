"""Passwords and certificates of a simulated OCPP 1.6 station, as the security whitepaper has them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ems.sim.wire.fields import section, text
from ems.sim.wire.ocpp_frames import Call, Payload
from ems.sim.wire.papers import Papers
from ems.sim.wire.times import StationTime
from ems.sim.wire.tongue import OwnCall
from ems.sim.wire.v16.answers import Body, StationAnswers
from ems.sim.wire.v16.reports import StationReports
from ems.sim.wire.v16.settings import KEY_TO_DIAL_WITH, PROFILE_KEY, Settings

SIGN: Final = "SignChargePointCertificate"


class Security16:
    """Answers everything about who the station is, and how it comes in."""

    def __init__(
        self, papers: Papers, settings: Settings, reports: StationReports, answers: StationAnswers, time: StationTime
    ) -> None:
        self._papers = papers
        self._settings = settings
        self._reports = reports
        self._time = time
        answers.learns("CertificateSigned", self._signed)
        answers.learns("InstallCertificate", self._install)
        answers.learns("GetInstalledCertificateIds", self._installed)
        answers.learns("DeleteCertificate", self._delete)
        answers.learns("ExtendedTriggerMessage", self._trigger)
        settings.watched[KEY_TO_DIAL_WITH] = self._new_password
        settings.watched[PROFILE_KEY] = self._new_profile

    def _new_password(self, value: str) -> bool:
        self._papers.come_by(replace(self._papers.way, password=value))
        return True

    def _new_profile(self, value: str) -> bool:
        """Never a less safe one, and no certificate's profile without a certificate."""
        wanted = int(value)
        lacking = wanted >= 3 and not self._papers.certified
        if wanted > 3 or wanted < self._papers.way.profile or lacking:
            return False
        self._papers.come_by(replace(self._papers.way, profile=wanted))
        return True

    def _trigger(self, call: Call) -> Body:
        wanted = text(call.payload, "requestedMessage")
        if wanted != SIGN:
            return {"status": "Accepted" if self._reports.ask(wanted) else "NotImplemented"}
        payload = {"csr": self._papers.request("Fusewise")}
        self._reports.queue(OwnCall(action="SignCertificate", payload=payload, answered=_ignore))
        return {"status": "Accepted"}

    def _signed(self, call: Call) -> Body:
        if self._papers.take(text(call.payload, "certificateChain")):
            return {"status": "Accepted"}
        payload = {"type": "InvalidChargePointCertificate", "timestamp": self._time.now()}
        self._reports.queue(OwnCall(action="SecurityEventNotification", payload=payload, answered=_ignore))
        return {"status": "Rejected"}

    def _install(self, call: Call) -> Body:
        taken = self._papers.trust(text(call.payload, "certificate"), text(call.payload, "certificateType"))
        return {"status": "Accepted" if taken else "Rejected"}

    def _installed(self, call: Call) -> Body:
        found = self._papers.held([text(call.payload, "certificateType")])
        if not found:
            return {"status": "NotFound"}
        return {"status": "Accepted", "certificateHashData": [marks for _, marks in found]}

    def _delete(self, call: Call) -> Body:
        marks = dict(section(call.payload.get("certificateHashData")))
        return {"status": "Accepted" if self._papers.forget(marks) else "NotFound"}


def _ignore(_: Payload) -> None:
    return
