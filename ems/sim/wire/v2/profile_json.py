"""Charging profiles and composite schedules as OCPP 2.0.1 and 2.1 JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ems.sim.charging_profiles import Filter
from ems.sim.schedules import Kind, Period, Profile, Purpose, RateUnit, Recurrency, Schedule
from ems.sim.strict_profiles import Refusal
from ems.sim.wire.fields import moment, number, optional_whole, rows, section, text, whole, word
from ems.sim.wire.ocpp_frames import Malformed, Payload
from ems.sim.wire.times import utc_text
from ems.sim.wire.version import Version

PURPOSES: Final[Mapping[str, Purpose]] = {
    "ChargingStationMaxProfile": Purpose.CHARGE_POINT_MAX,
    "TxDefaultProfile": Purpose.TX_DEFAULT,
    "TxProfile": Purpose.TX,
}
SPELLED: Final = {purpose: word for word, purpose in PURPOSES.items()}
NOT_FOR_US: Final = frozenset({"ChargingStationExternalConstraints", "PriorityCharging", "LocalGeneration"})
"""Purposes of the standard that a central system must not set, or that this station does not have."""

NEW_IN_21: Final = frozenset(
    {"maxOfflineDuration", "invalidAfterOfflineDuration", "dynUpdateInterval", "dynUpdateTime"}
)
PLAIN_MODES: Final = frozenset({None, "ChargingOnly"})


class Refused(ValueError):
    """A request that can be read, and that this station does not do."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


def profile_from(payload: object, version: Version) -> Profile:
    """The `chargingProfile` object. Raises Malformed when it is not one, and Refused."""
    fields = section(payload)
    if version is not Version.V21 and NEW_IN_21 & fields.keys():
        raise Malformed("a field of OCPP 2.1")
    kind = word(Kind, fields, "chargingProfileKind")
    if kind is Kind.DYNAMIC and version is not Version.V21:
        raise Malformed("a kind of OCPP 2.1")
    schedules = rows(fields, "chargingSchedule")
    if len(schedules) != 1:
        # More than one is for cars with ISO 15118 alone.
        raise Refused(Refusal.INVALID_SCHEDULE)
    return Profile(
        profile_id=whole(fields, "id"),
        stack_level=whole(fields, "stackLevel"),
        purpose=purpose_from(fields, version),
        kind=kind,
        schedule=_schedule(section(schedules[0])),
        recurrency=word(Recurrency, fields, "recurrencyKind") if "recurrencyKind" in fields else None,
        valid_from=moment(fields, "validFrom"),
        valid_to=moment(fields, "validTo"),
        transaction_id=text(fields, "transactionId") if "transactionId" in fields else None,
        max_offline_s=optional_whole(fields, "maxOfflineDuration"),
        ends_offline=fields.get("invalidAfterOfflineDuration") is True,
        asks_every_s=optional_whole(fields, "dynUpdateInterval") or None,
    )


def purpose_from(fields: Payload, version: Version) -> Purpose:
    """The purpose in `chargingProfilePurpose`. Raises Malformed, and Refused."""
    spelled = str(fields.get("chargingProfilePurpose"))
    if spelled in PURPOSES:
        return PURPOSES[spelled]
    if spelled == "ChargingStationExternalConstraints" or (version is Version.V21 and spelled in NOT_FOR_US):
        raise Refused(Refusal.INVALID_PROFILE)
    raise Malformed("chargingProfilePurpose is none of the known words")


def filter_from(payload: Payload, version: Version) -> Filter:
    """The request of ClearChargingProfile. Raises Malformed, and Refused."""
    criteria = section(payload.get("chargingProfileCriteria", {}))
    named = "chargingProfilePurpose" in criteria
    return Filter(
        profile_id=optional_whole(payload, "chargingProfileId"),
        connector_id=optional_whole(criteria, "evseId"),
        purpose=purpose_from(criteria, version) if named else None,
        stack_level=optional_whole(criteria, "stackLevel"),
    )


def limit_from(fields: Payload) -> float:
    """The lowest limit that a period or an update gives any phase. Raises Malformed, and Refused without one."""
    if fields.get("operationMode") not in PLAIN_MODES:
        raise Refused(Refusal.UNSUPPORTED_REQUEST)
    given = [number(fields, key) for key in ("limit", "limit_L2", "limit_L3") if key in fields]
    if "limit" not in fields:
        raise Refused(Refusal.INVALID_SCHEDULE)
    return min(given)


def profile_json(profile: Profile) -> dict[str, Any]:
    """As ReportChargingProfiles shows it."""
    shown = {
        "id": profile.profile_id,
        "stackLevel": profile.stack_level,
        "chargingProfilePurpose": SPELLED[profile.purpose],
        "chargingProfileKind": profile.kind.value,
        "recurrencyKind": profile.recurrency.value if profile.recurrency else None,
        "validFrom": utc_text(profile.valid_from) if profile.valid_from else None,
        "validTo": utc_text(profile.valid_to) if profile.valid_to else None,
        "transactionId": profile.transaction_id,
        "maxOfflineDuration": profile.max_offline_s,
        "invalidAfterOfflineDuration": profile.ends_offline or None,
        "dynUpdateInterval": profile.asks_every_s,
        "chargingSchedule": [_schedule_json(profile.schedule)],
    }
    return without_nothing(shown)


def periods_json(periods: Iterable[Period]) -> list[dict[str, Any]]:
    """The `chargingSchedulePeriod` of any schedule."""
    return [
        without_nothing(
            {
                "startPeriod": each.start_s,
                "limit": each.limit,
                "numberPhases": each.phases,
                "phaseToUse": each.phase,
            }
        )
        for each in periods
    ]


def without_nothing(fields: dict[str, Any]) -> dict[str, Any]:
    """Only what is there."""
    return {key: value for key, value in fields.items() if value is not None}


def _schedule_json(schedule: Schedule) -> dict[str, Any]:
    return without_nothing(
        {
            "id": schedule.schedule_id,
            "startSchedule": utc_text(schedule.start) if schedule.start else None,
            "duration": schedule.duration_s,
            "chargingRateUnit": schedule.unit.value,
            "chargingSchedulePeriod": periods_json(schedule.periods),
        }
    )


def _schedule(fields: Payload) -> Schedule:
    return Schedule(
        unit=word(RateUnit, fields, "chargingRateUnit"),
        periods=tuple(_period(section(each)) for each in rows(fields, "chargingSchedulePeriod")),
        duration_s=optional_whole(fields, "duration"),
        start=moment(fields, "startSchedule"),
        schedule_id=whole(fields, "id"),
    )


def _period(fields: Payload) -> Period:
    return Period(
        start_s=whole(fields, "startPeriod"),
        limit=limit_from(fields),
        phases=optional_whole(fields, "numberPhases"),
        phase=optional_whole(fields, "phaseToUse"),
    )
