"""Charging profiles in the spelling of OCPP 1.6, from somebody who is not trusted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from ems.csms.capabilities import RateUnit
from ems.csms.charging_profiles import Period, Purpose
from ems.csms.fields import number, text, whole
from ems.csms.relay.caps import CapProfile, Kind
from ems.csms.station_clock import parse_timestamp

MOST_PERIODS: Final = 48
MOST_PROFILES: Final = 16
MOST_LEVEL: Final = 99
MOST_ID: Final = 2**31 - 1
MOST_S: Final = 366 * 86_400
MOST_LIMIT: Final = 1e6

PURPOSES: Final[Mapping[str, Purpose]] = {
    "ChargePointMaxProfile": Purpose.STATION_MAX,
    "TxDefaultProfile": Purpose.TX_DEFAULT,
    "TxProfile": Purpose.TX,
}
_RECURRENCES: Final[Mapping[str, Kind]] = {"Daily": Kind.DAILY, "Weekly": Kind.WEEKLY}


def read_profile(payload: Mapping[str, object], connector: int, at: datetime) -> CapProfile | None:
    """The profile in a `csChargingProfiles` that came at `at`; None for one that makes no sense or is too large."""
    schedule = payload.get("chargingSchedule")
    purpose = PURPOSES.get(text(payload, "chargingProfilePurpose"))
    kind = _kind(payload)
    profile_id, level = whole(payload, "chargingProfileId"), whole(payload, "stackLevel")
    if not isinstance(schedule, dict) or purpose is None or kind is None or profile_id is None or level is None:
        return None
    unit, periods = _unit(schedule), _periods(schedule.get("chargingSchedulePeriod"))
    duration_s = whole(schedule, "duration")
    in_bounds = 0 <= level <= MOST_LEVEL and abs(profile_id) <= MOST_ID and 0 <= (duration_s or 0) <= MOST_S
    if unit is None or not periods or not in_bounds or _is_out_of_place(purpose, kind, connector):
        return None
    return CapProfile(
        profile_id=profile_id,
        connector=connector,
        purpose=purpose,
        level=level,
        kind=kind,
        unit=unit,
        periods=periods,
        start=parse_timestamp(schedule.get("startSchedule")) or at,
        duration_s=duration_s,
        valid_from=parse_timestamp(payload.get("validFrom")),
        valid_to=parse_timestamp(payload.get("validTo")),
        transaction_id=whole(payload, "transactionId"),
    )


def _is_out_of_place(purpose: Purpose, kind: Kind, connector: int) -> bool:
    """A station maximum is for connector 0 and cannot be relative; a session's own profile is for its connector."""
    if purpose is Purpose.STATION_MAX:
        return connector != 0 or kind is Kind.RELATIVE
    return purpose is Purpose.TX and connector == 0


def _kind(payload: Mapping[str, object]) -> Kind | None:
    word = text(payload, "chargingProfileKind")
    if word == "Recurring":
        return _RECURRENCES.get(text(payload, "recurrencyKind"))
    return {"Absolute": Kind.ABSOLUTE, "Relative": Kind.RELATIVE}.get(word)


def _unit(schedule: Mapping[str, object]) -> RateUnit | None:
    word = text(schedule, "chargingRateUnit")
    return RateUnit(word) if word in set(RateUnit) else None


def _periods(listed: object) -> tuple[Period, ...]:
    """None at all where one of them is out of bounds or they are out of order."""
    found: list[Period] = []
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST_PERIODS:
        return ()
    for each in listed:
        start_s, limit = (whole(each, "startPeriod"), number(each, "limit")) if isinstance(each, dict) else (None, None)
        if start_s is None or limit is None or not 0 <= limit <= MOST_LIMIT or not 0 <= start_s <= MOST_S:
            return ()
        if (found and start_s <= found[-1].start_s) or (not found and start_s != 0):
            return ()
        found.append(Period(start_s=start_s, limit=limit))
    return tuple(found)
