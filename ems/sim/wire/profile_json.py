"""Charging profiles and composite schedules as OCPP 1.6 JSON."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, TypeVar

from ems.sim.charging_profiles import Filter
from ems.sim.schedules import Kind, Period, Profile, Purpose, RateUnit, Recurrency, Schedule
from ems.sim.wire.ocpp_frames import Malformed, Payload

LARGEST_NUMBER: Final = 2**31 - 1
YEARS: Final = range(1970, 2200)

_E = TypeVar("_E", bound=StrEnum)


def profile_from(payload: object) -> Profile:
    """The `csChargingProfiles` (or `chargingProfile`) object. Raises Malformed when it is not one."""
    fields = _object(payload)
    return Profile(
        profile_id=_whole(fields, "chargingProfileId"),
        stack_level=_whole(fields, "stackLevel"),
        purpose=_word(Purpose, fields, "chargingProfilePurpose"),
        kind=_word(Kind, fields, "chargingProfileKind"),
        schedule=_schedule(_object(fields.get("chargingSchedule"))),
        recurrency=_word(Recurrency, fields, "recurrencyKind") if "recurrencyKind" in fields else None,
        valid_from=_moment(fields.get("validFrom")),
        valid_to=_moment(fields.get("validTo")),
        transaction_id=_optional_whole(fields, "transactionId"),
    )


def filter_from(payload: Payload) -> Filter:
    """The request of ClearChargingProfile. Raises Malformed."""
    purpose = "chargingProfilePurpose"
    return Filter(
        profile_id=_optional_whole(payload, "id"),
        connector_id=_optional_whole(payload, "connectorId"),
        purpose=_word(Purpose, payload, purpose) if purpose in payload else None,
        stack_level=_optional_whole(payload, "stackLevel"),
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


def whole_number(payload: Payload, key: str) -> int:
    """A required whole number. Raises Malformed."""
    return _whole(payload, key)


def timestamp(moment: datetime) -> str:
    """UTC without fractions, as stations write it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _schedule(fields: Payload) -> Schedule:
    periods = fields.get("chargingSchedulePeriod")
    if not isinstance(periods, list):
        raise Malformed("chargingSchedulePeriod is not a list")
    return Schedule(
        unit=_word(RateUnit, fields, "chargingRateUnit"),
        periods=tuple(_period(_object(each)) for each in periods),
        duration_s=_optional_whole(fields, "duration"),
        start=_moment(fields.get("startSchedule")),
    )


def _period(fields: Payload) -> Period:
    limit = fields.get("limit")
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not abs(limit) <= LARGEST_NUMBER:
        raise Malformed("limit is not a possible number")
    return Period(
        start_s=_whole(fields, "startPeriod"), limit=float(limit), phases=_optional_whole(fields, "numberPhases")
    )


def _object(value: object) -> Payload:
    if not isinstance(value, dict):
        raise Malformed("an object is missing")
    return value


def _whole(fields: Payload, key: str) -> int:
    value = fields.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST_NUMBER:
        raise Malformed(f"{key} is not a possible whole number")
    return value


def _optional_whole(fields: Payload, key: str) -> int | None:
    return _whole(fields, key) if key in fields else None


def _word(words: type[_E], fields: Payload, key: str) -> _E:
    try:
        return words(str(fields.get(key)))
    except ValueError as err:
        raise Malformed(f"{key} is none of the known words") from err


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise Malformed("a timestamp is not text")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as err:
        raise Malformed("a timestamp is not one") from err
    if moment.year not in YEARS:
        raise Malformed("a timestamp is of another age")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
