"""Charging schedules of version 2 as they are read, whoever wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ems.csms.capabilities import RateUnit
from ems.csms.charging_profiles import Period
from ems.csms.energy_words import Schedule
from ems.csms.fields import number, text, whole
from ems.csms.station_clock import parse_timestamp

MOST_PERIODS: Final = 1000


def periods_of(schedule: Mapping[str, object]) -> tuple[Period, ...]:
    """The periods that can be read, in the order of their beginning."""
    listed = schedule.get("chargingSchedulePeriod")
    periods = []
    for each in listed[:MOST_PERIODS] if isinstance(listed, list) else []:
        start_s, limit = (whole(each, "startPeriod"), number(each, "limit")) if isinstance(each, dict) else (None, None)
        if start_s is not None and limit is not None:
            periods.append(Period(start_s=start_s, limit=limit))
    return tuple(sorted(periods, key=lambda period: period.start_s))


def unit_of(schedule: Mapping[str, object]) -> RateUnit | None:
    unit = text(schedule, "chargingRateUnit").upper()
    return RateUnit(unit) if unit in set(RateUnit) else None


def read_schedule(schedule: object) -> Schedule | None:
    """None for one that says nothing."""
    if not isinstance(schedule, dict):
        return None
    unit, periods = unit_of(schedule), periods_of(schedule)
    if unit is None or not periods:
        return None
    listed = schedule.get("chargingSchedulePeriod")
    first = next((each for each in listed if isinstance(each, dict)), {}) if isinstance(listed, list) else {}
    return Schedule(
        unit=unit,
        periods=periods,
        start=parse_timestamp(schedule.get("startSchedule")),
        duration_s=whole(schedule, "duration"),
        phases=min(max(whole(first, "numberPhases") or 3, 1), 3),
    )


def first_schedule(payload: Mapping[str, object]) -> Schedule | None:
    """The first that can be read of a message's `chargingSchedule`, which is one or a list."""
    told = payload.get("chargingSchedule")
    read = [read_schedule(each) for each in (told if isinstance(told, list) else [told])]
    return next((each for each in read if each is not None), None)
