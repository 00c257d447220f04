"""Days and months of the house's time zone, and what a history adds up to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from ems.api.wire import HistoryPoint, HistoryStep

STEP_S: Final = {HistoryStep.MINUTE: 60.0, HistoryStep.QUARTER: 900.0}
"""A day has no length of its own: see `length_s`."""

QUARTERS_KEPT: Final = timedelta(days=360)
"""Older than this only whole days are left."""


class Span(StrEnum):
    """How much the page shows at once."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Energies:
    """What a span brought, in kWh; None where nothing was measured."""

    solar_kwh: float | None
    import_kwh: float | None
    export_kwh: float | None
    home_kwh: float | None
    cars_kwh: float | None
    cars_solar_kwh: float | None

    @property
    def solar_share(self) -> float | None:
        """The sun's part of what went into the cars, 0 to 1."""
        if not self.cars_kwh or self.cars_solar_kwh is None:
            return None
        return min(self.cars_solar_kwh / self.cars_kwh, 1.0)


def begin_of(span: Span, day: date) -> date:
    return day if span is Span.DAY else day.replace(day=1)


def end_of(span: Span, day: date) -> date:
    """The first day after it."""
    return day + timedelta(days=1) if span is Span.DAY else next_month(day)


def before(span: Span, day: date) -> date:
    """A day of the span before."""
    return begin_of(span, day) - timedelta(days=1)


def next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def midnight(day: date, time_zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=time_zone)


def step_for(day: date, today: date) -> HistoryStep:
    """The finest step that is still kept."""
    return HistoryStep.DAY if today - day > QUARTERS_KEPT else HistoryStep.QUARTER


def length_s(step: HistoryStep, at: datetime, time_zone: tzinfo) -> float:
    """How long the step is that begins then: a day has 23 or 25 hours where the clocks change."""
    if step is not HistoryStep.DAY:
        return STEP_S[step]
    day = at.astimezone(time_zone).date()
    begins, ends = midnight(day, time_zone), midnight(day + timedelta(days=1), time_zone)
    return ends.timestamp() - begins.timestamp()


def summed(points: Sequence[HistoryPoint], step: HistoryStep, time_zone: tzinfo) -> Energies:
    """All points together."""
    hours = [length_s(step, point.at, time_zone) / 3600.0 for point in points]

    def total(part: Callable[[HistoryPoint], float | None]) -> float | None:
        powers = zip(map(part, points), hours, strict=True)
        known = [power * for_hours for power, for_hours in powers if power is not None]
        return sum(known) / 1000.0 if known else None

    return Energies(
        solar_kwh=total(lambda point: point.solar_w),
        import_kwh=total(lambda point: point.grid_import_w),
        export_kwh=total(lambda point: point.grid_export_w),
        home_kwh=total(lambda point: point.home_w),
        cars_kwh=total(lambda point: point.charging_w),
        cars_solar_kwh=total(lambda point: point.charging_solar_w),
    )


def by_day(points: Sequence[HistoryPoint], first: date, end: date, time_zone: tzinfo) -> dict[date, list[HistoryPoint]]:
    """The points of each day of the span, also of the days that have none."""
    days: dict[date, list[HistoryPoint]] = {}
    day = first
    while day < end:
        days[day] = []
        day += timedelta(days=1)
    for point in points:
        at = point.at.astimezone(time_zone).date()
        if at in days:
            days[at].append(point)
    return days
