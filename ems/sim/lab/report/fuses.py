"""Currents of each fuse against its rating, and how warm the fuse was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ems.sim.lab.records import DaySeconds
from ems.sim.lab.report.markup import Markup
from ems.sim.lab.report.plots import DayAxis, Frame, Key, Layer, Level, Scale, figure
from ems.sim.lab.report.words import clock_time, number, span

NEVER_TRIPS: Final = 1.13
"""Up to this multiple of its rating a fuse or breaker must hold for an hour (IEC 60898-1)."""

EXPORT_SHOWN: Final = 0.7
"""Export above this share of the rating is drawn with the rating below zero: heat knows no direction."""

THERMAL_LIMIT: Final = 1.0


def fuse_figures(
    picture: DaySeconds, ratings_a: Mapping[str, float], axis: DayAxis, main_circuit: str | None
) -> list[Markup]:
    """Two figures per circuit, the main fuse first: current per phase, thermal image per phase."""
    circuits = list(picture.current_a)
    main = main_circuit if main_circuit in circuits else next(iter(circuits), None)
    figures: list[Markup] = []
    for circuit in sorted(circuits, key=lambda each: each != main):
        name = "Main fuse" if circuit == main else f"Fuse of {circuit}"
        figures.append(_currents(name, picture.current_a[circuit], ratings_a.get(circuit), axis))
        if circuit in picture.thermal:
            figures.append(_warmth(name, picture.thermal[circuit], axis))
    return figures


def _currents(name: str, current_a: NDArray[np.float64], rating_a: float | None, axis: DayAxis) -> Markup:
    bounds = [] if rating_a is None else [rating_a * NEVER_TRIPS]
    if rating_a is not None and current_a.min() < -EXPORT_SHOWN * rating_a:
        bounds.append(-rating_a)
    scale = Scale.around(float(current_a.min()), float(current_a.max()), *bounds)
    used = [phase for phase in range(current_a.shape[1]) if np.any(current_a[:, phase])] or [0]
    frames = [_strip(name, phase, current_a[:, phase], rating_a, scale, axis) for phase in used]
    if rating_a is not None:
        frames[0] = replace(frames[0], keys=[*frames[0].keys, *_line_keys(rating_a)])
    note = "A per phase, below zero is export"
    return figure(f"{name}: current", note, axis, frames)


def _strip(
    name: str, phase: int, current_a: NDArray[np.float64], rating_a: float | None, scale: Scale, axis: DayAxis
) -> Frame:
    place = int(np.abs(current_a).argmax())
    most = f"{number(float(current_a[place]), 1)} A at {clock_time(axis.start_utc, place, axis.zone)}"
    keys = [Key(look="phase stroke", text=f"L{phase + 1}, largest {most}")]
    layers = [Layer(values=current_a, look="phase stroke")]
    if rating_a is not None and np.any(np.abs(current_a) > rating_a):
        over_s = int(np.count_nonzero(np.abs(current_a) > rating_a))
        layers += _over(current_a, rating_a)
        keys.append(Key(look="alarm", text=f"over the rating for {span(over_s)}"))
    levels = _levels(rating_a, scale)
    return Frame(
        says=f"{name}, " + ", ".join(key.text for key in keys),
        layers=layers,
        scale=scale,
        keys=keys,
        levels=levels,
        height="flat",
        marks=[0.0, *(level.value for level in levels if level.look == "rating stroke")],
    )


def _over(current_a: NDArray[np.float64], rating_a: float) -> list[Layer]:
    """The parts beyond the rating, in either direction."""
    parts = [(np.maximum(current_a, rating_a), rating_a), (np.minimum(current_a, -rating_a), -rating_a)]
    return [Layer(values=values, look="alarm", base=base) for values, base in parts if np.any(values != base)]


def _levels(rating_a: float | None, scale: Scale) -> list[Level]:
    if rating_a is None:
        return []
    levels = [Level(value=rating_a * NEVER_TRIPS, look="hold stroke"), Level(value=rating_a, look="rating stroke")]
    if scale.low < -rating_a:
        levels.append(Level(value=-rating_a, look="rating stroke"))
    return levels


def _line_keys(rating_a: float) -> list[Key]:
    return [
        Key(look="rating stroke", text=f"rating {number(rating_a)} A"),
        Key(look="hold stroke", text=f"1.13 × rating, {number(rating_a * NEVER_TRIPS, 1)} A"),
    ]


def _warmth(name: str, thermal: NDArray[np.float64], axis: DayAxis) -> Markup:
    used = [phase for phase in range(thermal.shape[1]) if np.any(thermal[:, phase])] or [0]
    keys = [
        Key(look=f"l{phase + 1} stroke", text=f"L{phase + 1}, at most {number(float(thermal[:, phase].max()), 2)}")
        for phase in used
    ]
    frame = Frame(
        says=f"Thermal image of the {name.lower()}; it trips at 1. " + ", ".join(key.text for key in keys),
        layers=[Layer(values=thermal[:, phase], look=f"l{phase + 1} stroke") for phase in used],
        scale=Scale.around(float(thermal.max()), THERMAL_LIMIT),
        keys=keys,
        levels=[Level(value=THERMAL_LIMIT, look="rating stroke", label="trips")],
        height="middle",
    )
    return figure(f"{name}: thermal image", "0 cold, 1 trips", axis, [frame])
