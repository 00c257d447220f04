"""The two pictures of the history, as options of the chart library that comes with the pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from ems.api.wire import HistoryPoint, HistoryStep
from ems.web.spans import STEP_S, summed
from ems.web.voice import Voice

SUN: Final = "#e5a50a"
GRID: Final = "#4a7bdc"
HOME: Final = "#8a959e"
CARS: Final = "#17a37b"
SOFT: Final = "#8a9791"
"""Readable on light and dark."""

TICKS_APART: Final = 12
"""Quarters of an hour between two times that are written below a day."""

Options = dict[str, Any]


def day_chart(voice: Voice, points: Sequence[HistoryPoint], first: datetime, end: datetime) -> Options:
    """Powers over the whole day, in kW: what home and cars took piled up, and what the sun gave as a line."""
    by_time = {point.at.timestamp(): point for point in points}
    step_s, first_s = STEP_S[HistoryStep.QUARTER], first.timestamp()
    times = [first_s + place * step_s for place in range(round((end.timestamp() - first_s) / step_s))]

    def curve(part: Callable[[HistoryPoint], float | None]) -> list[float | None]:
        return [_kw(part(by_time[at])) if at in by_time else None for at in times]

    series = [
        _area(voice("page.flow.home"), HOME, curve(lambda point: point.home_w)),
        _area(voice("page.flow.cars_sun"), CARS, curve(lambda point: point.charging_solar_w)),
        _area(voice("page.flow.cars_grid"), GRID, curve(_from_grid)),
        _line(voice("page.flow.sun"), SUN, curve(lambda point: point.solar_w)),
    ]
    ticks = [voice.time(datetime.fromtimestamp(at, tz=UTC)) for at in times]
    return _options(voice, ticks, series, "kW", every=TICKS_APART)


def month_chart(voice: Voice, days: Mapping[date, Sequence[HistoryPoint]], step: HistoryStep) -> Options:
    """Energies of each day, in kWh: sun beside what home and cars took."""
    sums = {day: summed(points, step, voice.time_zone) for day, points in days.items()}
    series = [
        _bar(voice("page.flow.sun"), SUN, [_kwh(each.solar_kwh) for each in sums.values()], "from"),
        _bar(voice("page.flow.home"), HOME, [_kwh(each.home_kwh) for each in sums.values()], "to"),
        _bar(voice("page.flow.cars_sun"), CARS, [_kwh(each.cars_solar_kwh) for each in sums.values()], "to"),
        _bar(
            voice("page.flow.cars_grid"),
            GRID,
            [_kwh(_less(each.cars_kwh, each.cars_solar_kwh)) for each in sums.values()],
            "to",
        ),
    ]
    return _options(voice, [f"{day.day}" for day in sums], series, "kWh")


def _options(voice: Voice, ticks: list[str], series: list[Options], unit: str, *, every: int | None = None) -> Options:
    axis = {"axisLine": {"lineStyle": {"color": SOFT}}, "axisLabel": {"color": SOFT}, "axisTick": {"show": False}}
    apart = {} if every is None else {"interval": every - 1}
    return {
        "animation": False,
        "aria": {"enabled": True, "label": {"description": voice("page.chart", unit=unit)}},
        "textStyle": {"fontFamily": "Roboto, system-ui, sans-serif"},
        "grid": {"left": 8, "right": 12, "top": 32, "bottom": 64, "containLabel": True},
        "legend": {"bottom": 0, "icon": "roundRect", "itemWidth": 12, "itemHeight": 12, "textStyle": {"color": SOFT}},
        "tooltip": {"trigger": "axis", "confine": True},
        "xAxis": {
            "type": "category",
            "data": ticks,
            **axis,
            "axisLabel": {"color": SOFT, "hideOverlap": True, **apart},
        },
        "yAxis": {
            "type": "value",
            "name": unit,
            "nameTextStyle": {"color": SOFT},
            "splitLine": {"lineStyle": {"color": SOFT, "opacity": 0.22}},
            **axis,
            "axisLine": {"show": False},
        },
        "series": series,
    }


def _area(name: str, color: str, values: list[float | None]) -> Options:
    return {
        **_line(name, color, values),
        "stack": "to",
        "areaStyle": {"opacity": 0.75},
        "lineStyle": {"width": 0},
    }


def _line(name: str, color: str, values: list[float | None]) -> Options:
    return {
        "name": name,
        "type": "line",
        "data": values,
        # A single value has no line yet.
        "symbol": "circle" if sum(value is not None for value in values) == 1 else "none",
        "color": color,
        "lineStyle": {"width": 2.5},
        "emphasis": {"disabled": True},
    }


def _bar(name: str, color: str, values: list[float | None], stack: str) -> Options:
    return {"name": name, "type": "bar", "data": values, "color": color, "stack": stack, "barMaxWidth": 14}


def _from_grid(point: HistoryPoint) -> float | None:
    return _less(point.charging_w, point.charging_solar_w)


def _less(whole: float | None, part: float | None) -> float | None:
    return None if whole is None else max(whole - (part or 0.0), 0.0)


def _kw(power_w: float | None) -> float | None:
    return None if power_w is None else round(power_w / 1000.0, 2)


def _kwh(energy_kwh: float | None) -> float | None:
    return None if energy_kwh is None else round(energy_kwh, 1)
