"""What OCPP 1.6 stations are asked. Judged by the schema before it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ems.csms.capabilities import RateUnit
from ems.csms.charging_profiles import Period, Profile, Purpose
from ems.csms.complaints import Complaints
from ems.csms.fields import number, printable, text, whole
from ems.csms.lane import Answer, CallLane, Urgency
from ems.csms.messages import (
    CompositeSchedule,
    Configuration,
    Report,
    Setting,
)
from ems.csms.pace import Pace
from ems.csms.station_clock import parse_timestamp
from ems.csms.v16.certificates import CertificatesV16
from ems.csms.v16.commands import CommandsV16
from ems.csms.v16.profile_words import PURPOSES, charging_profile
from ems.csms.v16.service import ServiceV16
from ems.csms.v16.vocabulary import call, encode, result_complaint
from ems.errors import StationRefused

MOST_UNKNOWN: Final = 500


class OutboundV16(CommandsV16, ServiceV16, CertificatesV16):
    """Asks one connected station. Implements `dialect.StationDialect`."""

    def __init__(self, lane: CallLane, pace: Pace, complaints: Complaints, *, station: str) -> None:
        self._lane = lane
        self._pace = pace
        self._complaints = complaints
        self._station = station

    async def install(self, profile: Profile) -> Answer:
        request = call.SetChargingProfile(
            connector_id=profile.connector, cs_charging_profiles=charging_profile(profile)
        )
        answer = await self._ask(request, Urgency.LIMIT, connector=profile.connector)
        return self._accepted("SetChargingProfile", answer)

    async def offer(self, profile: Profile) -> None:
        request = call.SetChargingProfile(
            connector_id=profile.connector, cs_charging_profiles=charging_profile(profile)
        )
        self._accepted("SetChargingProfile", await self._ask(request, Urgency.COMMAND))

    async def prepare(self) -> None:
        """Nothing: what OCPP 1.6 can tell of a station are its configuration keys."""

    def features(self) -> Mapping[str, str]:
        return {}

    async def catch_up(self) -> None:
        """Nothing: OCPP 1.6 has no word for it."""

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
            charging_profile_purpose=PURPOSES[purpose] if purpose else None,
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
        self,
        request: object,
        urgency: Urgency = Urgency.ROUTINE,
        *,
        within_s: float | None = None,
        connector: int = 0,
    ) -> Answer:
        action, payload = encode(request)
        answer = await self._lane.call(
            action,
            payload,
            urgency=urgency,
            within_s=within_s or self._pace.answer_within_s,
            connector=connector,
        )
        self._complaints.note(f"{action} answer", result_complaint(action, answer.payload))
        return answer

    def _accepted(self, what: str, answer: Answer, *, also: str = "Accepted") -> Answer:
        status = text(answer.payload, "status")
        if status not in {"Accepted", also}:
            raise StationRefused(f"{self._station} refused {what} ({status or 'no status'})")
        return answer


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
