"""Plots of one day as SVG that stretches with the page: shapes scale, line widths and words do not.

Hand-made, because plotly's script alone is 4.8 MB, draws nothing without JavaScript and knows no colour scheme of the
page. Words stand in HTML over the drawing, so that they stay readable on a telephone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, floor, log10
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from ems.sim.lab.records import Series
from ems.sim.lab.report.envelope import BUCKETS, Points, envelope
from ems.sim.lab.report.markup import Markup, element
from ems.sim.lab.report.words import number

WIDE: Final = 2 * BUCKETS
HIGH: Final = 1000
AIR: Final = 0.06
LEAST_RANGE: Final = 1.0
"""One kW, one A or a whole thermal image: noise far below is no mountain."""

VIEW_BOX: Final = f"0 0 {WIDE} {HIGH}"

STEPS_MIN: Final = (1, 5, 15, 60, 180)
MOST_MARKS: Final = 9
EDGE: Final = 0.05
"""Share of the width within which an hour's label would stick out on a small screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayAxis:
    """The seconds of the day that all plots of a policy share."""

    start_utc: datetime
    seconds: int
    zone: ZoneInfo

    @property
    def step_min(self) -> int:
        """Between two marks: the shortest that leaves few of them."""
        return next((step for step in STEPS_MIN if self.seconds <= MOST_MARKS * step * 60), STEPS_MIN[-1])

    def marks(self) -> list[tuple[float, int]]:
        """Round times on the clocks of the zone: share of the width, minute of the day."""
        pace_s = min(self.step_min, 60) * 60
        local = self.start_utc.astimezone(self.zone)
        found = []
        for at_s in range(-(local.minute * 60 + local.second) % pace_s, self.seconds, pace_s):
            then = (self.start_utc + timedelta(seconds=at_s)).astimezone(self.zone)
            minute = then.hour * 60 + then.minute
            if minute % self.step_min == 0:
                found.append((at_s / self.seconds, minute))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The values from the bottom of a plot to its top."""

    low: float
    high: float

    @classmethod
    def around(cls, *values: float) -> Scale:
        """Holds zero and all values, with some air above the largest and below a negative one."""
        low, high = min(0.0, *values), max(0.0, *values)
        air = AIR * max(high - low, LEAST_RANGE)
        high = max(high, low + LEAST_RANGE)
        return cls(low=low - air if low < 0 else 0.0, high=high + air)

    def share(self, value: float) -> float:
        """Distance from the top, 0 to 1."""
        return (self.high - value) / (self.high - self.low)

    def ticks(self, about: int = 4) -> list[float]:
        """Round values inside."""
        rough = (self.high - self.low) / about
        power = 10 ** floor(log10(rough))
        step = next((factor * power for factor in (1, 2, 5) if factor * power >= rough), 10 * power)
        return [round(i * step, 6) for i in range(ceil(self.low / step), floor(self.high / step) + 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One series with its peaks: a line, or an area down to `base`. `look` is a class of the style sheet."""

    values: Series
    look: str
    base: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A horizontal line, as the rating of a fuse."""

    value: float
    look: str
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One row of a legend."""

    look: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One drawing: what it shows in words, its layers from back to front, its legend."""

    says: str
    """For those who do not see it."""

    layers: Sequence[Layer]
    scale: Scale
    keys: Sequence[Key]
    levels: Sequence[Level] = ()
    height: str = "tall"
    """tall, middle, flat or low."""

    marks: Sequence[float] = ()
    """Values with a number and a line across; none: round ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """When something was so: one coloured band over the day."""

    name: str
    look: str
    spans: Sequence[tuple[float, float]]
    """From and to, in seconds of the day."""

    total: str


def figure(title: str, note: str, axis: DayAxis, frames: Iterable[Frame], lanes: Sequence[Lane] = ()) -> Markup:
    """Drawings under one title over one time axis, with bands below them."""
    caption = element("figcaption", element("strong", title), " ", element("span", note, class_="note"))
    bands = [_lane(lane, axis) for lane in lanes]
    return element("figure", caption, *(_frame(each, axis) for each in frames), *bands, _hours(axis), class_="plot")


def _frame(frame: Frame, axis: DayAxis) -> Markup:
    drawing = element(
        "svg",
        *_grid(frame, axis),
        *(path for layer in frame.layers for path in _shape(layer, frame.scale, axis)),
        *(_level(level, frame.scale) for level in frame.levels),
        role="img",
        aria_label=frame.says,
        viewBox=VIEW_BOX,
        preserveAspectRatio="none",
    )
    names = [
        element("span", level.label, class_=f"level {level.look}", style=_top(frame.scale.share(level.value)))
        for level in frame.levels
        if level.label
    ]
    return element(
        "div",
        element("div", *_ticks(frame), class_="ticks", aria_hidden="true"),
        element("div", drawing, *names, class_=f"canvas {frame.height}"),
        element("ul", *(_key(key) for key in frame.keys), class_="keys"),
        class_="frame",
    )


def _ticks(frame: Frame) -> list[Markup]:
    values = _marks(frame)
    digits = 0 if all(value == round(value) for value in values) else 1
    return [element("span", number(value, digits), style=_top(frame.scale.share(value))) for value in values]


def _marks(frame: Frame) -> Sequence[float]:
    return frame.marks or frame.scale.ticks()


def _grid(frame: Frame, axis: DayAxis) -> list[Markup]:
    across = [
        element("path", d=f"M0 {_y(value, frame.scale)}H{WIDE}", class_="zero" if value == 0 else "grid")
        for value in _marks(frame)
    ]
    down = "".join(f"M{_short(share * WIDE)} 0V{HIGH}" for share, _ in axis.marks())
    return [element("path", d=down or "M0 0", class_="grid"), *across]


def _shape(layer: Layer, scale: Scale, axis: DayAxis) -> list[Markup]:
    """The mean as line or area; the way from smallest to largest value in a paler tone."""
    found = envelope(layer.values)
    mean = _points(found.mean, scale, axis)
    highest, lowest = _points(found.highest, scale, axis), _points(found.lowest, scale, axis)
    band = [element("path", d=f"M{' '.join([*highest, *lowest[::-1]])}Z", class_=f"area {layer.look} pale")]
    if layer.base is None:
        return [
            *(band if highest != lowest else []),
            element("path", d=f"M{' '.join(mean)}", class_=f"line {layer.look}"),
        ]
    base = _y(layer.base, scale)
    area = element("path", d=f"M0 {base}L{' '.join(mean)}V{base}Z", class_=f"area {layer.look}")
    return [*(band if highest != lowest else []), area]


def _points(line: Points, scale: Scale, axis: DayAxis) -> list[str]:
    places, values = line
    across = places * (WIDE / max(1, axis.seconds - 1))
    return [f"{_short(x)} {_y(y, scale)}" for x, y in zip(across.tolist(), values.tolist(), strict=True)]


def _level(level: Level, scale: Scale) -> Markup:
    return element("path", d=f"M0 {_y(level.value, scale)}H{WIDE}", class_=f"line {level.look}")


def _key(key: Key) -> Markup:
    return element("li", element("svg", element("path", d="M0 5H16", class_=key.look), viewBox="0 0 16 10"), key.text)


def _lane(lane: Lane, axis: DayAxis) -> Markup:
    says = f"{lane.name}: {lane.total}"
    band = element(
        "svg", element("path", d=_bands(lane, axis), class_=f"area {lane.look}"),
        role="img", aria_label=says, viewBox=f"0 0 {WIDE} 1", preserveAspectRatio="none",
    )  # fmt: skip
    key = _key(Key(look=lane.look, text=says))
    return element(
        "div", element("div", class_="ticks"), element("div", band, class_="canvas band"),
        element("ul", key, class_="keys"), class_="frame",
    )  # fmt: skip


def _bands(lane: Lane, axis: DayAxis) -> str:
    """Every span at least one step wide, those that touch as one."""
    on = np.zeros(WIDE + 2, dtype=np.int8)
    for from_s, to_s in lane.spans:
        first = min(WIDE - 1, max(0, floor(from_s / axis.seconds * WIDE)))
        on[first + 1 : max(first + 1, min(WIDE, ceil(to_s / axis.seconds * WIDE))) + 1] = 1
    edges = np.flatnonzero(np.diff(on)).tolist()
    return "".join(f"M{a} 0H{b}V1H{a}Z" for a, b in zip(edges[::2], edges[1::2], strict=True)) or "M0 0"


def _hours(axis: DayAxis) -> Markup:
    marks = [
        element(
            "span",
            f"{minute // 60:02d}:{minute % 60:02d}",
            class_=_mark_class(share, minute // axis.step_min),
            style=f"left:{100 * share:.2f}%",
        )
        for share, minute in axis.marks()
    ]
    row = element("div", *marks, class_="hours")
    return element("div", element("div", class_="ticks"), row, class_="frame", aria_hidden="true")


def _mark_class(share: float, place: int) -> str | None:
    """Every other one a small screen leaves out; those at an edge stand inside it, the others centred on their line."""
    edge = "begin" if share < EDGE else "end" if share > 1 - EDGE else ""
    return " ".join(filter(None, ("fine" if place % 2 else "", edge))) or None


def _y(value: float, scale: Scale) -> str:
    return f"{scale.share(value) * HIGH:.0f}"


def _short(x: float) -> str:
    return f"{x:.1f}".removesuffix(".0")


def _top(share: float) -> str:
    return f"top:{100 * share:.2f}%"


def stacked(*series: Series) -> list[Series]:
    """Each series on top of those before it."""
    return list(np.cumsum(series, axis=0)) if series else []
