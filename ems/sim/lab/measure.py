"""What a run adds up to, taken in at the end of every day, so that a year needs no more memory than a day.

Solar energy of a car at a second is min(car power, surplus before cars), where the surplus is max(0, sun − load) and a
battery does not count; several cars share it in proportion to their power (design §7).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ems.config.schema import SimulatedBattery
from ems.model.electrical import NOMINAL_V, PerPhase
from ems.model.site import Site
from ems.sim.lab.picture import Picture
from ems.sim.lab.records import BreakerFigures, DaySeconds, Stay, StayOutcome
from ems.sim.plant.battery import HomeBattery
from ems.sim.plant.bay import Bay
from ems.sim.plant.fuses import FuseTally
from ems.sim.plant.sheet import Sheet

MINUTE_S: Final = 60


class Measure:
    """Listens to a plant."""

    def __init__(self, site: Site, battery: SimulatedBattery | None, picture: Picture | None) -> None:
        self._site = site
        self._fuses = [FuseTally(circuit) for circuit in site.circuits]
        self._house_fuses = [FuseTally(circuit) for circuit in site.circuits]
        self._house_battery = HomeBattery(battery) if battery else None
        self._picture = picture
        self._open: dict[str, _Span] = {}
        self._closed: list[_Span] = []
        self._outcomes: list[_Span] = []
        self._minutes_w: list[NDArray[np.float64]] = []
        self._seconds = 0
        self._day = 0
        self.drawn_day: DaySeconds | None = None
        """The day that was asked for."""

    def arrived(self, stay: Stay, row: int) -> None:
        """A car came."""
        span = _Span(stay, row)
        self._outcomes.append(span)
        self._open[stay.station_id] = span

    def left(self, stay: Stay, row: int) -> None:
        """It left."""
        span = self._open.pop(stay.station_id)
        span.end_s = row
        self._closed.append(span)

    def day_done(self, sheet: Sheet, bays: Mapping[str, Bay]) -> None:
        """Add up one day."""
        surplus_w = np.maximum(sheet.pv_w - sheet.load_w, 0.0)
        self._minutes_w.append(_by_minute(surplus_w))
        cars_w = {station_id: sheet.car_w(station_id) for station_id in bays}
        self._count_energy(sheet, surplus_w, cars_w)
        currents_a = self._currents_a(sheet)
        images = {
            circuit_id: fuse.day(current_a)
            for fuse, (circuit_id, current_a) in zip(self._fuses, currents_a.items(), strict=True)
        }
        self._house_only(sheet)
        if self._picture is not None and self._picture.day == self._day:
            self.drawn_day = self._picture.draw(sheet, bays, cars_w, currents_a, images)
        self._seconds += sheet.seconds
        self._day += 1

    def _count_energy(
        self, sheet: Sheet, surplus_w: NDArray[np.float64], cars_w: Mapping[str, NDArray[np.float64]]
    ) -> None:
        together_w = np.sum(list(cars_w.values()), axis=0)
        solar_part = np.minimum(
            1.0, np.divide(surplus_w, together_w, out=np.ones_like(surplus_w), where=together_w > 0)
        )
        for span in (*self._closed, *self._open.values()):
            part = slice(max(span.begin_s - sheet.first_s, 0), _end(span, sheet))
            car_w = cars_w[span.stay.station_id][part]
            span.energy_kwh += float(car_w.sum()) / 3.6e6
            if span.stay.target_by_s is not None:
                in_time = car_w[: max(0, ceil(span.stay.target_by_s) - sheet.first_s - part.start)]
                span.in_time_kwh = (span.in_time_kwh or 0.0) + float(in_time.sum()) / 3.6e6
            # Not a dot product: its last digits depend on where in memory the numbers happen to lie.
            span.solar_kwh += float((car_w * solar_part[part]).sum()) / 3.6e6
        self._closed.clear()

    def _currents_a(self, sheet: Sheet) -> dict[str, NDArray[np.float64]]:
        """Per circuit, what flowed through its fuse; shape (seconds, 3)."""
        site = self._site
        drawn_a = {s.station_id: sheet.car_a(s.station_id, s.wiring) for s in site.stations}
        currents_a = {}
        for circuit in site.circuits:
            total_a = np.zeros((sheet.seconds, 3))
            for station in site.below(circuit.circuit_id):
                total_a += drawn_a[station.station_id]
            currents_a[circuit.circuit_id] = total_a
        currents_a[site.circuits.main.circuit_id] += sheet.signed_a - self._on_phases_a(np.array(sheet.battery_w))
        return currents_a

    def _house_only(self, sheet: Sheet) -> None:
        """The same day without cars; sub-circuits carry nothing then."""
        house_a = sheet.signed_a
        if self._house_battery is not None:
            house_a = house_a - self._on_phases_a(np.array(self._house_battery.run(sheet.needed_w)))
        self._house_fuses[0].day(house_a)

    def _on_phases_a(self, power_w: NDArray[np.float64]) -> NDArray[np.float64]:
        phases = self._site.phases
        on_house: NDArray[np.float64] = np.array(PerPhase.on(phases, 1.0 / NOMINAL_V / len(phases)))
        return power_w[:, None] * on_house

    @property
    def days(self) -> float:
        return self._seconds / 86_400

    @property
    def surplus_w_by_minute(self) -> NDArray[np.float64]:
        return np.concatenate(self._minutes_w) if self._minutes_w else np.zeros(0)

    def stays(self) -> list[StayOutcome]:
        """What each stay got, in order of arrival."""
        return [
            StayOutcome(
                stay=each.stay,
                energy_kwh=each.energy_kwh,
                solar_kwh=each.solar_kwh,
                in_time_kwh=each.in_time_kwh,
            )
            for each in self._outcomes
        ]

    def breakers(self) -> list[BreakerFigures]:
        return [fuse.figures() for fuse in self._fuses]

    def house_only(self) -> list[BreakerFigures]:
        return [fuse.figures() for fuse in self._house_fuses]


class _Span:
    """A stay in whole seconds of the run, with what it got so far."""

    __slots__ = ("begin_s", "end_s", "energy_kwh", "in_time_kwh", "solar_kwh", "stay")

    def __init__(self, stay: Stay, begin_s: int) -> None:
        self.stay = stay
        self.begin_s = begin_s
        self.end_s: int | None = None
        self.energy_kwh = 0.0
        self.solar_kwh = 0.0
        self.in_time_kwh: float | None = None


def _end(span: _Span, sheet: Sheet) -> int:
    """Where the span ends on that sheet; a car that left in the first second of the next day has it whole."""
    return sheet.seconds if span.end_s is None else min(span.end_s - sheet.first_s, sheet.seconds)


def _by_minute(series: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over each minute; the last one may be shorter."""
    whole = len(series) // MINUTE_S * MINUTE_S
    means: NDArray[np.float64] = series[:whole].reshape(-1, MINUTE_S).mean(axis=1)
    return means if whole == len(series) else np.append(means, series[whole:].mean())
