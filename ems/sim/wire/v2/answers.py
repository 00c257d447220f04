"""What a simulated OCPP 2.x station answers to each request of its central system."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from ems.sim.schedules import Profile, Purpose
from ems.sim.wire.fields import rows, section, text, whole
from ems.sim.wire.ocpp_frames import Call, CallError, CallResult, Malformed
from ems.sim.wire.outlet import Outlet
from ems.sim.wire.station_box import StationBox
from ems.sim.wire.times import StationTime
from ems.sim.wire.tongue import OwnCall
from ems.sim.wire.v2.answer_words import Body, Unspeakable, status
from ems.sim.wire.v2.charging import ChargingAnswers
from ems.sim.wire.v2.device_model import DeviceModel, Variable
from ems.sim.wire.v2.profile_json import Refused, profile_from
from ems.sim.wire.v2.reports import Reports2, ignored, parts
from ems.sim.wire.v2.transactions import TransactionBook
from ems.sim.wire.version import Version

REPORTS: Final = frozenset({"ConfigurationInventory", "FullInventory", "SummaryInventory"})
FIXED: Final[Mapping[str, Body]] = {
    "DataTransfer": {"status": "UnknownVendorId"},
    "ClearCache": {"status": "Accepted"},
    "GetLog": {"status": "Rejected"},
}
"""Requests that always get the same answer."""

Responds = Callable[[Call], Body | None]


class Answers2:
    """Turns a request into its answer, and into what it does to the station."""

    def __init__(
        self,
        box: StationBox,
        model: DeviceModel,
        book: TransactionBook,
        reports: Reports2,
        charging: ChargingAnswers,
        time: StationTime,
    ) -> None:
        self.list_version = 0
        self._box = box
        self._model = model
        self._book = book
        self._reports = reports
        self._charging = charging
        self._time = time
        self._odd = box.build.difficulty
        self._reset_asked: str | None = None
        self._responses: dict[str, Responds] = {
            "SetChargingProfile": charging.set_profile,
            "ClearChargingProfile": charging.clear,
            "GetChargingProfiles": charging.report,
            "GetCompositeSchedule": charging.composite,
            "GetVariables": lambda call: model.get(call.payload),
            "SetVariables": self._set_variables,
            "GetBaseReport": self._base_report,
            "GetReport": self._report,
            "TriggerMessage": self._trigger,
            "RequestStartTransaction": self._start,
            "RequestStopTransaction": self._stop,
            "GetTransactionStatus": self._transaction_status,
            "Reset": self._reset,
            "ChangeAvailability": self._availability,
            "UnlockConnector": self._unlock,
            "SendLocalList": self._local_list,
            "GetLocalListVersion": lambda _: {"versionNumber": self.list_version},
        }
        if box.build.version is Version.V21:
            self._responses["UpdateDynamicSchedule"] = charging.update_dynamic

    def answer(self, call: Call) -> CallResult | CallError | None:
        """The answer; wrong requests get the error that the standard names for them, and some stations are mute."""
        if call.action in FIXED:
            return CallResult(message_id=call.message_id, payload=FIXED[call.action])
        respond = self._responses.get(call.action)
        if respond is None:
            return CallError(message_id=call.message_id, code="NotImplemented")
        try:
            body = respond(call)
        except Malformed as err:
            return CallError(message_id=call.message_id, code="FormatViolation", description=str(err))
        except Unspeakable as err:
            return CallError(message_id=call.message_id, code=err.code)
        return None if body is None else CallResult(message_id=call.message_id, payload=body)

    def learns(self, action: str, respond: Responds) -> None:
        """Answer one more action."""
        self._responses[action] = respond

    def reset_wanted(self) -> str | None:
        """Reason of a reboot that is due now, once."""
        if self._reset_asked is None or (self._reset_asked == "OnIdle" and self._busy()):
            return None
        self._reset_asked = None
        self._reports.boot_reason = "RemoteReset"
        return "ImmediateReset"

    def _busy(self) -> bool:
        return any(outlet.session for outlet in self._box.outlets)

    def _set_variables(self, call: Call) -> Body:
        answer = self._model.set(call.payload)
        if self._odd.wants_reset:
            for result in answer["setVariableResult"]:
                if result["attributeStatus"] == "Accepted":
                    result["attributeStatus"] = "RebootRequired"
                    self._charging.wants_reset = True
        return answer

    def _base_report(self, call: Call) -> Body:
        number, kind = whole(call.payload, "requestId"), text(call.payload, "reportBase")
        if kind not in REPORTS:
            raise Malformed("reportBase is none of the known words")
        if kind == "SummaryInventory":
            return status("NotSupported")
        self._send_report(number, list(self._model))
        return status("Accepted")

    def _report(self, call: Call) -> Body:
        number = whole(call.payload, "requestId")
        if "componentVariable" not in call.payload:
            return status("NotSupported")
        wanted = {
            str(section(section(row).get("component")).get("name")).casefold()
            for row in rows(call.payload, "componentVariable")
        }
        found = [variable for variable in self._model if variable.place.component.casefold() in wanted]
        if not found:
            return status("EmptyResultSet")
        self._send_report(number, found)
        return status("Accepted")

    def _send_report(self, number: int, variables: list[Variable]) -> None:
        size = self._model.number("DeviceDataCtrlr", "ItemsPerMessage", "GetReport")
        payloads = [
            {
                "requestId": number,
                "generatedAt": self._time.now(),
                "seqNo": at,
                "tbc": more,
                "reportData": [variable.report() for variable in some],
            }
            for at, some, more in parts(variables, size)
        ]
        if self._odd.shuffles_reports:
            payloads = [*payloads[1::2], *payloads[::2]]
        if self._odd.loses_report_end:
            payloads = [payload for payload in payloads if payload["tbc"]]
        for payload in payloads:
            self._reports.queue(lambda payload=payload: _told("NotifyReport", payload))  # type: ignore[misc]

    def _trigger(self, call: Call) -> Body:
        wanted = text(call.payload, "requestedMessage")
        evse = section(call.payload["evse"]) if "evse" in call.payload else {}
        outlet = self._box.outlet(whole(evse, "id")) if evse else self._box.outlets[0]
        if self._odd.no_triggers or outlet is None:
            return status("Rejected")
        match wanted:
            case "BootNotification":
                self._reports.queue(lambda: self._reports.boot("Triggered"))
            case "Heartbeat":
                self._reports.queue(self._reports.heartbeat)
            case "StatusNotification":
                for each in [outlet] if evse else self._box.outlets:
                    self._reports.queue(lambda each=each: self._reports.status(each))  # type: ignore[misc]
            case "MeterValues":
                self._reports.queue(lambda: self._reports.meter_values(outlet, "Trigger"))
            case "TransactionEvent":
                return status("Accepted" if self._book.trigger(outlet) else "Rejected")
            case _:
                return status("NotImplemented")
        return status("Accepted")

    def _start(self, call: Call) -> Body:
        number = whole(call.payload, "remoteStartId")
        tag = text(section(call.payload.get("idToken")), "idToken")
        try:
            profile = self._start_profile(call)
        except Refused as refused:
            return status("Rejected", refused.reason)
        outlet = self._named_or_free(call)
        if outlet is None or outlet.session is not None or not self._box.operative:
            return status("Rejected", "TxInProgress" if outlet and outlet.session else "UnknownEvse")
        self._box.waiting_start_id = number
        if not outlet.car.plugged:
            self._box.waiting_tag = tag
            return status("Accepted")
        session = self._box.start(tag, None, outlet.connector_id)
        if profile is not None:
            own = replace(profile, transaction_id=session.transaction_id)
            self._box.profiles, _ = self._box.profiles.install(
                outlet.connector_id, own, self._box.now(), outlet.transaction
            )
        return {**status("Accepted"), "transactionId": session.transaction_id}

    def _start_profile(self, call: Call) -> Profile | None:
        if "chargingProfile" not in call.payload:
            return None
        profile = profile_from(call.payload["chargingProfile"], self._box.build.version)
        if profile.purpose is not Purpose.TX or profile.transaction_id is not None:
            raise Malformed("only a TxProfile without transactionId may come with a start")
        return profile

    def _named_or_free(self, call: Call) -> Outlet | None:
        if "evseId" in call.payload:
            return self._box.outlet(whole(call.payload, "evseId"))
        return next((outlet for outlet in self._box.outlets if outlet.session is None), None)

    def _stop(self, call: Call) -> Body:
        outlet = self._box.holder(text(call.payload, "transactionId"))
        if outlet is None:
            return status("Rejected", "TxNotFound")
        self._box.stop("Remote", outlet.connector_id)
        return status("Accepted")

    def _transaction_status(self, call: Call) -> Body:
        if "transactionId" not in call.payload:
            return {"messagesInQueue": self._book.queued()}
        number = text(call.payload, "transactionId")
        ongoing = self._box.holder(number) is not None
        return {"ongoingIndicator": ongoing, "messagesInQueue": self._book.queued(number)}

    def _reset(self, call: Call) -> Body:
        kind = text(call.payload, "type")
        if kind not in {"Immediate", "OnIdle"}:
            raise Malformed("type is neither Immediate nor OnIdle")
        if "evseId" in call.payload:
            return status("Rejected", "UnsupportedRequest")
        self._reset_asked = kind
        return status("Scheduled" if kind == "OnIdle" and self._busy() else "Accepted")

    def _availability(self, call: Call) -> Body:
        wanted = text(call.payload, "operationalStatus")
        if wanted not in {"Operative", "Inoperative"}:
            raise Malformed("operationalStatus is neither Operative nor Inoperative")
        self._box.operative = wanted == "Operative"
        return status("Scheduled" if self._busy() and not self._box.operative else "Accepted")

    def _unlock(self, call: Call) -> Body:
        outlet = self._box.outlet(whole(call.payload, "evseId"))
        if outlet is None or whole(call.payload, "connectorId") != 1:
            return status("UnknownConnector")
        if outlet.session is not None:
            return status("OngoingAuthorizedTransaction")
        return status("UnlockFailed", "FixedCable")

    def _local_list(self, call: Call) -> Body:
        version, kind = whole(call.payload, "versionNumber"), text(call.payload, "updateType")
        if kind == "Differential" and version <= self.list_version:
            return status("VersionMismatch")
        self.list_version = version
        return status("Accepted")


def _told(action: str, payload: dict[str, Any]) -> OwnCall:
    return OwnCall(action=action, payload=payload, answered=ignored)
