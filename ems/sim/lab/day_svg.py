"""One day of a run as a drawing that stands alone: no page, no style sheet, no script.

The report of `ems simulate` draws the same seconds for a page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ems.sim.lab.records import DaySeconds, Series
from ems.sim.lab.report.envelope import Points, envelope
from ems.sim.lab.report.markup import Markup, element, joined
from ems.sim.lab.report.plots import DayAxis, Scale, stacked
from ems.sim.lab.report.words import MINUS, number

WIDE: Final = 960
LEFT: Final = 46
PLOT_WIDE: Final = WIDE - LEFT - 12
TITLE_HIGH: Final = 34
GAP: Final = 14
BUCKETS: Final = 360
"""Points per line: four minutes each; peaks stay."""

WS_PER_KWH: Final = 3.6e6
CARS: Final = ("#0072b2", "#56b4e9", "#009e73", "#cc79a7")
SUN: Final = "#d98e00"
HOUSE: Final = "#b6bdc5"
CURRENT: Final = "#39424c"
RATING: Final = "#c9480a"
USABLE: Final = "#8a6bbf"
ONE_PHASE: Final = "#e69f00"
LETTER_WIDE: Final = 7.1
"""About, in the units of the drawing; the fonts of readers differ."""

STYLE: Final = (
    "text{font:13px system-ui,'Segoe UI',Roboto,'Noto Sans','DejaVu Sans',sans-serif;fill:#1d2329}"
    ".soft{fill:#58626d}.title{font-weight:600}"
)


Phases: TypeAlias = NDArray[np.float64]
"""One row per second, one column per phase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One series: a line with a paler band from its smallest to its largest values, or an area down to zero."""

    values: Series
    colour: str
    filled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One drawing over the day."""

    title: str
    unit: str
    high: int
    scale: Scale
    curves: Sequence[Curve]
    keys: Sequence[tuple[str, str]] = ()
    """Colour and words."""

    levels: Sequence[tuple[float, str]] = ()
    """A value and its colour, drawn as a line across."""


def day_svg(picture: DaySeconds, *, main_circuit: str, rating_a: float, usable_a: float) -> str:
    """The day: power, each phase of the main fuse against its rating, the thermal image, every car's limit."""
    axis = DayAxis(start_utc=picture.start_utc, seconds=len(picture.pv_w), zone=ZoneInfo("UTC"))
    current_a = picture.current_a[main_circuit]
    panels = [
        _power(picture),
        *(_phase(phase, current_a, rating_a, usable_a) for phase in range(current_a.shape[1])),
        _warmth(picture.thermal[main_circuit].max(axis=1)),
        *(
            _limit(station_id, limit_a, picture.phases[station_id], place)
            for place, (station_id, limit_a) in enumerate(picture.limits_a.items())
        ),
    ]
    drawn: list[Markup] = []
    top = 6
    for panel in panels:
        drawn.append(element("g", *_panel(panel, axis), transform=f"translate(0 {top})"))
        top += TITLE_HIGH + panel.high + GAP
    drawn.append(element("g", *_clock(axis), transform=f"translate({LEFT} {top})"))
    high = top + 22
    return (
        element(
            "svg",
            element("style", Markup(STYLE)),
            element("rect", width=WIDE, height=high, fill="#ffffff"),
            *drawn,
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {WIDE} {high}",
            role="img",
            aria_label=f"One day: {panels[0].title}, main fuse phase by phase, limits of the cars",
        )
        + "\n"
    )


def _power(picture: DaySeconds) -> Panel:
    uses = [("house", HOUSE, picture.house_w)]
    uses += [(name, CARS[i % len(CARS)], w) for i, (name, w) in enumerate(picture.cars_w.items())]
    tops = stacked(*(w / 1000 for _, _, w in uses))
    sun_kw = picture.pv_w / 1000
    areas = [Curve(values=top, colour=colour, filled=True) for top, (_, colour, _) in zip(tops, uses, strict=True)]
    return Panel(
        title="Sun, house and cars",
        unit="kW",
        high=190,
        scale=Scale.around(float(sun_kw.max()), float(tops[-1].max())),
        curves=[*areas[::-1], Curve(values=sun_kw, colour=SUN)],
        keys=[(SUN, f"sun {_kwh(picture.pv_w)}"), *((colour, f"{name} {_kwh(w)}") for name, colour, w in uses)],
    )


def _phase(phase: int, current_a: Phases, rating_a: float, usable_a: float) -> Panel:
    amps: Series = current_a[:, phase]
    most = int(np.abs(amps).argmax())
    return Panel(
        title=f"Main fuse, L{phase + 1}",
        unit="A",
        high=84,
        scale=Scale.around(float(current_a.min()), rating_a),
        curves=[Curve(values=amps, colour=CURRENT)],
        keys=[
            (CURRENT, f"largest {number(float(amps[most]), 1)} A"),
            (USABLE, f"for cars up to {usable_a:g} A"),
            (RATING, f"fuse {rating_a:g} A"),
        ],
        levels=[(rating_a, RATING), (usable_a, USABLE)],
    )


def _warmth(thermal: Series) -> Panel:
    return Panel(
        title="Thermal image of the warmest phase",
        unit="",
        high=60,
        scale=Scale(low=0.0, high=1.05),
        curves=[Curve(values=thermal, colour=CURRENT)],
        keys=[(CURRENT, f"largest {number(float(thermal.max()), 2)}"), (RATING, "may trip")],
        levels=[(1.0, RATING)],
    )


def _limit(station_id: str, limit_a: Series, phases: Series, place: int) -> Panel:
    colour = CARS[place % len(CARS)]
    single: Series = np.where(phases == 1, limit_a, 0.0)
    keys, curves = [(colour, "limit")], [Curve(values=limit_a, colour=colour, filled=True)]
    if np.any(single) and np.any(limit_a[phases > 1]):
        keys = [(colour, "on three phases"), (ONE_PHASE, "on one phase")]
        curves.append(Curve(values=single, colour=ONE_PHASE, filled=True))
    return Panel(
        title=f"Limit of {station_id}",
        unit="A",
        high=84,
        scale=Scale.around(float(limit_a.max())),
        curves=curves,
        keys=keys,
    )


def _panel(panel: Panel, axis: DayAxis) -> Iterator[Markup]:
    unit = f", {panel.unit}" if panel.unit else ""
    yield element("text", f"{panel.title}{unit}", x=LEFT, y=14, class_="title")
    yield from _keys(panel)
    yield element(
        "g",
        *_grid(panel, axis),
        *(_curve(curve, panel, axis) for curve in panel.curves),
        *(_level(panel, *level) for level in panel.levels),
        transform=f"translate({LEFT} {TITLE_HIGH - 10})",
    )


def _keys(panel: Panel) -> Iterator[Markup]:
    """To the right of the title, the last one at the edge."""
    right = WIDE - 12
    for colour, words in reversed(panel.keys):
        left = right - round(LETTER_WIDE * len(words)) - 14
        yield element("rect", x=left, y=5, width=10, height=10, fill=colour)
        yield element("text", words, x=left + 15, y=14)
        right = left - 14


def _grid(panel: Panel, axis: DayAxis) -> Iterator[Markup]:
    down = "".join(f"M{share * PLOT_WIDE:.1f} 0V{panel.high}" for share, _ in axis.marks())
    yield element("path", d=down or "M0 0", stroke="#e4e7ea")
    ticks = panel.scale.ticks(4 if panel.high > 100 else 2)
    for value in ticks:
        y = _y(panel, value)
        yield element("path", d=f"M0 {y:.1f}H{PLOT_WIDE}", stroke="#9aa3ad" if value == 0 else "#e4e7ea")
        words = f"{value:g}".replace("-", MINUS)
        yield element("text", words, x=-6, y=f"{y + 4:.1f}", text_anchor="end", class_="soft")


def _curve(curve: Curve, panel: Panel, axis: DayAxis) -> Markup:
    found = envelope(curve.values, BUCKETS)
    mean = _points(found.mean, panel, axis)
    if curve.filled:
        base = f"{_y(panel, 0.0):.1f}"
        return element("path", d=f"M0 {base}L{' '.join(mean)}V{base}Z", fill=curve.colour)
    highest, lowest = _points(found.highest, panel, axis), _points(found.lowest, panel, axis)
    band = element("path", d=f"M{' '.join([*highest, *lowest[::-1]])}Z", fill=curve.colour, fill_opacity=0.3)
    line = element("path", d=f"M{' '.join(mean)}", fill="none", stroke=curve.colour, stroke_width=1.3)
    return joined(band, line)


def _points(line: Points, panel: Panel, axis: DayAxis) -> list[str]:
    places, values = line
    across = places * (PLOT_WIDE / max(1, axis.seconds - 1))
    return [f"{x:.1f} {_y(panel, y):.1f}" for x, y in zip(across.tolist(), values.tolist(), strict=True)]


def _level(panel: Panel, value: float, colour: str) -> Markup:
    return element("path", d=f"M0 {_y(panel, value):.1f}H{PLOT_WIDE}", stroke=colour, stroke_dasharray="5 3")


def _clock(axis: DayAxis) -> Iterator[Markup]:
    for share, minute in axis.marks():
        said = f"{minute // 60:02d}:{minute % 60:02d}"
        yield element("text", said, x=f"{share * PLOT_WIDE:.1f}", y=0, text_anchor="middle", class_="soft")
    yield element("text", "UTC", x=PLOT_WIDE, y=0, text_anchor="end", class_="soft")


def _y(panel: Panel, value: float) -> float:
    return panel.scale.share(value) * panel.high


def _kwh(series_w: Series) -> str:
    return f"{number(float(series_w.sum()) / WS_PER_KWH, 1)} kWh"
