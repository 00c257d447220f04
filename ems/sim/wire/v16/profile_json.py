"""Charging profiles and composite schedules as OCPP 1.6 JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ems.sim.charging_profiles import Filter
from ems.sim.schedules import COUNTED, Kind, Period, Profile, Purpose, RateUnit, Recurrency, Schedule
from ems.sim.wire.fields import moment, number, optional_whole, rows, section, whole, word
from ems.sim.wire.ocpp_frames import Malformed, Payload


def profile_from(payload: object) -> Profile:
    """The `csChargingProfiles` (or `chargingProfile`) object. Raises Malformed when it is not one."""
    fields = section(payload)
    kind = word(Kind, fields, "chargingProfileKind")
    if kind not in COUNTED:
        raise Malformed("OCPP 1.6 has no such kind of profile")
    return Profile(
        profile_id=whole(fields, "chargingProfileId"),
        stack_level=whole(fields, "stackLevel"),
        purpose=word(Purpose, fields, "chargingProfilePurpose"),
        kind=kind,
        schedule=_schedule(section(fields.get("chargingSchedule"))),
        recurrency=word(Recurrency, fields, "recurrencyKind") if "recurrencyKind" in fields else None,
        valid_from=moment(fields, "validFrom"),
        valid_to=moment(fields, "validTo"),
        transaction_id=optional_whole(fields, "transactionId"),
    )


def filter_from(payload: Payload) -> Filter:
    """The request of ClearChargingProfile. Raises Malformed."""
    purpose = "chargingProfilePurpose"
    return Filter(
        profile_id=optional_whole(payload, "id"),
        connector_id=optional_whole(payload, "connectorId"),
        purpose=word(Purpose, payload, purpose) if purpose in payload else None,
        stack_level=optional_whole(payload, "stackLevel"),
    )


def schedule_json(periods: Iterable[Period], unit: RateUnit, duration_s: int) -> dict[str, Any]:
    """The `chargingSchedule` of a composite."""
    return {
        "duration": duration_s,
        "chargingRateUnit": unit.value,
        "chargingSchedulePeriod": [
            {"startPeriod": each.start_s, "limit": each.limit, "numberPhases": each.phases} for each in periods
        ],
    }


def _schedule(fields: Payload) -> Schedule:
    return Schedule(
        unit=word(RateUnit, fields, "chargingRateUnit"),
        periods=tuple(_period(section(each)) for each in rows(fields, "chargingSchedulePeriod")),
        duration_s=optional_whole(fields, "duration"),
        start=moment(fields, "startSchedule"),
    )


def _period(fields: Payload) -> Period:
    return Period(
        start_s=whole(fields, "startPeriod"),
        limit=number(fields, "limit"),
        phases=optional_whole(fields, "numberPhases"),
    )
