"""OCPP 1.6J to and from the version-neutral words of `messages`.

Inbound is read leniently: a station is never refused for an extra field, a long id tag or an unknown word (Q17).
Outbound is judged by the schema before it leaves.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Final

from ems.clock import Clock
from ems.csms.capabilities import RateUnit
from ems.csms.charging_profiles import Period, Profile, Purpose
from ems.csms.commands_v16 import CommandsV16
from ems.csms.complaints import Complaints
from ems.csms.fields import number, printable, text, whole
from ems.csms.lane import Answer, CallLane, Urgency
from ems.csms.messages import (
    Boot,
    CompositeSchedule,
    Configuration,
    Heard,
    MeterReport,
    Report,
    Setting,
    StartReport,
    StatusReport,
    StopReport,
)
from ems.csms.pace import Pace
from ems.csms.rpc import Unanswerable
from ems.csms.station_clock import format_timestamp, parse_timestamp
from ems.csms.vocabulary import ACTIONS, call, call_complaint, datatypes, encode, result_complaint
from ems.errors import StationRefused
from ems.model.station import ConnectorStatus

LOGGER = logging.getLogger(__name__)

PROTOCOL: Final = "ocpp1.6"
MOST_VENDORS: Final = 50
MOST_UNKNOWN: Final = 500

_PURPOSES: Final[Mapping[Purpose, str]] = {
    Purpose.STATION_MAX: "ChargePointMaxProfile",
    Purpose.TX_DEFAULT: "TxDefaultProfile",
    Purpose.TX: "TxProfile",
}
_STATUSES: Final = {status.value.lower(): status for status in ConnectorStatus}
_JUST_NOTED: Final = frozenset(
    {
        "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
        "LogStatusNotification",
        "SecurityEventNotification",
        "SignedFirmwareStatusNotification",
    }
)


class InboundV16:
    """Answers a station's requests. One for the life of a station."""

    def __init__(self, heard: Heard, clock: Clock, pace: Pace, *, station: str) -> None:
        self._heard = heard
        self._clock = clock
        self._pace = pace
        self._station = station
        self.complaints: Final = Complaints(station)
        self._vendors_refused: set[str] = set()
        self._answers: Mapping[str, Callable[[Mapping[str, object], str], Mapping[str, object]]] = {
            "Authorize": self._authorize,
            "BootNotification": self._boot,
            "DataTransfer": self._vendor_data,
            "Heartbeat": self._heartbeat,
            "MeterValues": self._meter_values,
            "SignCertificate": lambda _payload, _message_id: {"status": "Rejected"},
            "StartTransaction": self._start,
            "StatusNotification": self._status,
            "StopTransaction": self._stop,
            **dict.fromkeys(_JUST_NOTED, _noted),
        }

    def answer(self, action: str, payload: Mapping[str, object], message_id: str) -> Mapping[str, object]:
        """The answer to one request. Raises Unanswerable."""
        answer = self._answers.get(action)
        if answer is None:
            code = "NotImplemented" if action in ACTIONS else "NotSupported"
            raise Unanswerable(code, f"{printable(action, 50)} is not served")
        self.complaints.note(action, call_complaint(action, payload))
        return answer(payload, message_id)

    def _boot(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        serials = (text(payload, "chargePointSerialNumber"), text(payload, "chargeBoxSerialNumber"))
        boot = Boot(
            vendor=text(payload, "chargePointVendor"),
            model=text(payload, "chargePointModel"),
            firmware=text(payload, "firmwareVersion"),
            serials=tuple(serial for serial in serials if serial),
        )
        status = "Accepted" if self._heard.booted(boot) else "Rejected"
        return {"status": status, "currentTime": self._now(), "interval": self._pace.heartbeat_s}

    def _heartbeat(self, _payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        return {"currentTime": self._now()}

    def _status(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        report = StatusReport(
            connector=_connector(payload),
            status=_STATUSES.get(text(payload, "status").lower()),
            error=text(payload, "errorCode"),
            at=parse_timestamp(payload.get("timestamp")),
        )
        self._heard.status_reported(report)
        return {}

    def _meter_values(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        report = MeterReport(
            connector=_connector(payload),
            transaction_id=whole(payload, "transactionId"),
            meter_value=payload.get("meterValue"),
        )
        self._heard.metered(report)
        return {}

    def _authorize(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        return {"idTagInfo": {"status": self._heard.authorize(text(payload, "idTag")).value}}

    def _start(self, payload: Mapping[str, object], message_id: str) -> Mapping[str, object]:
        id_tag = text(payload, "idTag")
        report = StartReport(
            connector=_connector(payload),
            id_tag=id_tag,
            meter_start_wh=number(payload, "meterStart"),
            at=parse_timestamp(payload.get("timestamp")),
            message_id=message_id,
        )
        transaction_id = self._heard.transaction_started(report)
        return {"transactionId": transaction_id, "idTagInfo": {"status": self._heard.authorize(id_tag).value}}

    def _stop(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        report = StopReport(
            transaction_id=whole(payload, "transactionId"),
            meter_stop_wh=number(payload, "meterStop"),
            at=parse_timestamp(payload.get("timestamp")),
            reason=text(payload, "reason") or "Local",
        )
        self._heard.transaction_stopped(report)
        return {"idTagInfo": {"status": "Accepted"}} if text(payload, "idTag") else {}

    def _vendor_data(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        vendor = text(payload, "vendorId")[:60]
        if vendor not in self._vendors_refused and len(self._vendors_refused) < MOST_VENDORS:
            self._vendors_refused.add(vendor)
            LOGGER.info("%s sends data of vendor %r, which nobody here understands", self._station, vendor)
        return {"status": "UnknownVendorId"}

    def _now(self) -> str:
        self._heard.time_told()
        return format_timestamp(self._clock.utc_now())


class OutboundV16(CommandsV16):
    """Asks one connected station. Implements `messages.Dialect`."""

    def __init__(self, lane: CallLane, pace: Pace, complaints: Complaints, *, station: str) -> None:
        self._lane = lane
        self._pace = pace
        self._complaints = complaints
        self._station = station

    async def install(self, profile: Profile) -> Answer:
        request = call.SetChargingProfile(
            connector_id=profile.connector, cs_charging_profiles=_charging_profile(profile)
        )
        return self._accepted("SetChargingProfile", await self._ask(request, Urgency.LIMIT))

    async def clear_profiles(
        self,
        *,
        profile_id: int | None = None,
        connector: int | None = None,
        purpose: Purpose | None = None,
        level: int | None = None,
    ) -> None:
        request = call.ClearChargingProfile(
            id=profile_id,
            connector_id=connector,
            charging_profile_purpose=_PURPOSES[purpose] if purpose else None,
            stack_level=level,
        )
        self._accepted("ClearChargingProfile", await self._ask(request, Urgency.COMMAND), also="Unknown")

    async def get_configuration(self, keys: tuple[str, ...]) -> Configuration:
        answer = await self._ask(call.GetConfiguration(key=list(keys) or None))
        listed = answer.payload.get("configurationKey")
        unknown = answer.payload.get("unknownKey")
        entries = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
        return Configuration(
            known={
                text(each, "key"): Setting(value=text(each, "value"), readonly=each.get("readonly") is True)
                for each in entries
            },
            unknown=frozenset(printable(str(each), 50) for each in unknown[:MOST_UNKNOWN])
            if isinstance(unknown, list)
            else frozenset(),
        )

    async def change_configuration(self, key: str, value: str) -> None:
        answer = await self._ask(call.ChangeConfiguration(key=key, value=value))
        self._accepted(f"ChangeConfiguration {key}", answer, also="RebootRequired")

    async def trigger(self, report: Report, connector: int | None) -> None:
        request = call.TriggerMessage(requested_message=report.value, connector_id=connector)
        answer = await self._ask(request, within_s=max(self._pace.trigger_within_s, self._pace.answer_within_s))
        self._accepted(f"TriggerMessage {report.value}", answer)

    async def composite_schedule(self, connector: int, duration_s: int) -> CompositeSchedule:
        request = call.GetCompositeSchedule(connector_id=connector, duration=duration_s)
        answer = self._accepted("GetCompositeSchedule", await self._ask(request, Urgency.COMMAND))
        schedule = answer.payload.get("chargingSchedule")
        return _composite(schedule if isinstance(schedule, dict) else {}, answer.payload)

    async def _ask(
        self, request: object, urgency: Urgency = Urgency.ROUTINE, *, within_s: float | None = None
    ) -> Answer:
        action, payload = encode(request)
        answer = await self._lane.call(
            action, payload, urgency=urgency, within_s=within_s or self._pace.answer_within_s
        )
        self._complaints.note(f"{action} answer", result_complaint(action, answer.payload))
        return answer

    def _accepted(self, what: str, answer: Answer, *, also: str = "Accepted") -> Answer:
        status = text(answer.payload, "status")
        if status not in {"Accepted", also}:
            raise StationRefused(f"{self._station} refused {what} ({status or 'no status'})")
        return answer


def _noted(_payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
    return {}


def _connector(payload: Mapping[str, object]) -> int:
    """1 where it is missing or absurd: homes have one connector."""
    connector = whole(payload, "connectorId")
    return connector if connector is not None and 0 <= connector < 100 else 1


def _charging_profile(profile: Profile) -> object:
    start = None if profile.start is None else format_timestamp(profile.start)
    schedule = datatypes.ChargingSchedule(
        charging_rate_unit=profile.unit.value,
        charging_schedule_period=[
            datatypes.ChargingSchedulePeriod(
                start_period=period.start_s, limit=_plain(period.limit), number_phases=profile.phases
            )
            for period in profile.periods
        ],
        duration=profile.duration_s,
        start_schedule=start,
    )
    return datatypes.ChargingProfile(
        charging_profile_id=profile.profile_id,
        stack_level=profile.level,
        charging_profile_purpose=_PURPOSES[profile.purpose],
        charging_profile_kind="Relative" if start is None else "Absolute",
        charging_schedule=schedule,
        transaction_id=profile.transaction_id,
        valid_from=None if profile.valid_from is None else format_timestamp(profile.valid_from),
    )


def _plain(limit: float) -> float:
    """16 rather than 16.0: some stations read only the former as a whole number."""
    return int(limit) if limit.is_integer() else limit


def _composite(schedule: Mapping[str, object], payload: Mapping[str, object]) -> CompositeSchedule:
    unit = text(schedule, "chargingRateUnit").upper()
    listed = schedule.get("chargingSchedulePeriod")
    periods = []
    for each in listed if isinstance(listed, list) else []:
        start_s, limit = (whole(each, "startPeriod"), number(each, "limit")) if isinstance(each, dict) else (None, None)
        if start_s is not None and limit is not None:
            periods.append(Period(start_s=start_s, limit=limit))
    return CompositeSchedule(
        start=parse_timestamp(payload.get("scheduleStart") or schedule.get("startSchedule")),
        unit=RateUnit(unit) if unit in set(RateUnit) else None,
        periods=tuple(periods),
    )
