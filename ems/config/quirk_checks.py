"""Quirks that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from ems.config.problems import Finding
from ems.config.schema import SiteFile
from ems.config.schema_quirks import QuirkSection

LEAST_A: Final = 6.0


class Contradiction(NamedTuple):
    """Two keys that cannot both be right."""

    key: str
    other: str
    problem: str
    cure: str


def contradictions(quirks: QuirkSection) -> Iterator[Contradiction]:
    """What cannot be true of one station."""
    if quirks.purposes is not None and len(set(quirks.purposes)) < len(quirks.purposes):
        yield Contradiction("purposes", "purposes", "names a purpose twice", "write each once, the best first")
    if quirks.step_amps is not None:
        yield from _steps(quirks.step_amps)
    if quirks.step_amps is not None and quirks.unit == "W":
        yield Contradiction("step_amps", "unit", "counts amperes, and unit is W", "drop one of them")
    if quirks.min_pause_w and quirks.unit == "A":
        problem = "is a least power, and unit is A"
        yield Contradiction("min_pause_w", "unit", problem, "only stations that take watts need it; drop it")
    if quirks.deadman == "verified" and quirks.persist_on_disconnect is False:
        problem = "is verified, and the station lets go of its limit when it is cut off"
        yield Contradiction("deadman", "persist_on_disconnect", problem, "drop one of them")
    if quirks.kind == "relative" and quirks.purposes == ("station_max",):
        problem = "is relative, and only limits of the whole station are taken"
        yield Contradiction("kind", "purposes", problem, "those count from no start of charging; add tx_default")
    if quirks.stop_style == "remote_stop" and quirks.needs_remote_start is False:
        problem = "ends transactions, and none may be started from here"
        yield Contradiction("stop_style", "needs_remote_start", problem, "a car would never charge again; drop one")


def quirks(file: SiteFile) -> Iterator[Finding]:
    """Contradictions in a station's own quirks."""
    for i, station in enumerate(file.stations):
        place = ("stations", i, "quirks")
        for each in () if station.quirks is None else contradictions(station.quirks):
            rests_on = () if each.other == each.key else ((*place, each.other),)
            yield Finding(place=(*place, each.key), problem=each.problem, cure=each.cure, rests_on=rests_on)


def _steps(steps_a: tuple[float, ...]) -> Iterator[Contradiction]:
    if list(steps_a) != sorted(set(steps_a)):
        yield Contradiction("step_amps", "step_amps", "does not rise", "write each current once, the smallest first")
    elif len(steps_a) > 1 and steps_a[0] < LEAST_A:
        problem = f"begins with {steps_a[0]:g}"
        yield Contradiction("step_amps", "step_amps", problem, "no car charges with less than 6 A; leave those out")
