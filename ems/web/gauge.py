"""The phases of one fuse: what flows, who takes it, and how much is free below the rating."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from nicegui.element import Element

from ems.api.wire import CircuitState
from ems.web.bits import box, dress, measure, put, words
from ems.web.visit import Visit

OLD_S: Final = 10.0
"""A sample this old is shown as old."""


@dataclass(frozen=True, slots=True)
class PhaseLoad:
    """One phase as it is drawn; lengths are shares of the fuse's rating."""

    measured_a: float | None
    free_a: float | None
    house: float
    cars: float
    export: float
    usable: float
    strain: str
    """Empty, `reserve` above what our rules let flow, `over` above the rating itself."""


def phase_load(circuit: CircuitState, place: int) -> PhaseLoad:
    """What to draw of the circuit's phase number `place`."""
    measured_a = None if circuit.measured_a is None else circuit.measured_a[place]
    free_a = None if circuit.headroom_a is None else circuit.headroom_a[place]
    taken_a = max(measured_a or 0.0, 0.0)
    house_a = min(max(circuit.house_a[place], 0.0), taken_a)
    return PhaseLoad(
        measured_a=measured_a,
        free_a=free_a,
        house=house_a / circuit.fuse_a,
        cars=(taken_a - house_a) / circuit.fuse_a,
        export=max(-(measured_a or 0.0), 0.0) / circuit.fuse_a,
        usable=circuit.usable_a / circuit.fuse_a,
        strain="over" if taken_a > circuit.fuse_a else "reserve" if taken_a > circuit.usable_a else "",
    )


class Gauges:
    """The card of one circuit."""

    def __init__(self, visit: Visit, circuit: CircuitState) -> None:
        self._voice = visit.voice
        with box("section", "card", aria_label=f"{self._voice('page.fuse')} {circuit.id}", data_circuit=circuit.id):
            with box("div", "row spread gauge-head"):
                words(self._voice("page.fuse_of", circuit=circuit.id, rating=_rating(circuit)), "h2", "card-title")
                self._age = words("", "span", "age gone")
            with box("div", "") as self._rows:
                self._phases = [_Phase(visit, circuit.id, name) for name in circuit.phases]
            self._legend()

    def draw(self, circuit: CircuitState, age_s: float) -> None:
        meter_age_s = None if circuit.meter_age_s is None else circuit.meter_age_s + age_s
        old = meter_age_s is not None and meter_age_s > OLD_S
        self._age.set_text(self._voice("page.measured_ago", age=self._voice.lasting(meter_age_s or 0.0)))
        dress(self._age, "age" if old else "age gone")
        dress(self._rows, "stale" if old else "")
        for place, phase in enumerate(self._phases):
            phase.draw(phase_load(circuit, place), circuit.fuse_a)

    def _legend(self) -> None:
        with box("div", "legend"):
            for tint, key in (("tint-home", "home"), ("tint-cars", "cars"), ("dot-export", "grid_out")):
                with box("span", ""):
                    box("span", f"dot {tint}", aria_hidden="true")
                    words(self._voice(f"page.flow.{key}"))


class _Phase:
    """One row."""

    def __init__(self, visit: Visit, circuit_id: str, name: str) -> None:
        self._voice = visit.voice
        self._label = f"{circuit_id} {name}"
        with box("div", "phase") as self._row:
            words(name, "span", "phase-name")
            with box("div", "phase-bar", role="meter", aria_valuemin=0) as self._bar:
                self._house = box("div", "phase-house")
                self._cars = box("div", "phase-cars")
                self._export = box("div", "phase-export")
                self._mark = box("div", "phase-mark")
            self._now = words("", "span", "phase-now")
            self._free = words("", "span", "phase-free")

    def draw(self, load: PhaseLoad, fuse_a: float) -> None:
        voice = self._voice
        dress(self._row, f"phase phase-{load.strain}" if load.strain else "phase")
        self._now.set_text(voice.amps(load.measured_a))
        free = voice("page.free", free=voice.amps(max(load.free_a, 0.0), 0)) if load.free_a is not None else ""
        self._free.set_text(voice(f"page.strain.{load.strain}") if load.strain else free)
        _span(self._house, 0.0, load.house)
        _span(self._cars, load.house, load.cars)
        _span(self._export, 0.0, load.export)
        _span(self._mark, load.usable, 0.0)
        put(self._bar, "aria-label", f"{self._label}: {voice.amps(load.measured_a)}, {free}")
        put(self._bar, "aria-valuenow", round(load.measured_a or 0.0, 1))
        put(self._bar, "aria-valuemax", fuse_a)


def _span(element: Element, start: float, part: float) -> None:
    measure(element, **{"from": start, "part": part})


def _rating(circuit: CircuitState) -> str:
    count = len(circuit.phases)
    amps = f"{circuit.fuse_a:g}\N{NO-BREAK SPACE}A"
    return amps if count == 1 else f"{count} × {amps}"
