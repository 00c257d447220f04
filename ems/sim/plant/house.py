"""The plant: house, sun, battery, stations and cars in steps of one second, moved on when somebody looks.

Row n of a sheet is what flows from second n to second n + 1; it follows from the offers that were noticed by second n.
The house's load and the sun meet at the main circuit, the sun evenly on its phases; 230 V everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from ems.clock import Clock
from ems.config.schema import SimulatedBattery
from ems.model.electrical import NOMINAL_V, PerPhase
from ems.model.site import Site
from ems.model.station import StationState
from ems.sim.car import ROUNDING_S
from ems.sim.lab.records import Stay
from ems.sim.plant.battery import HomeBattery
from ems.sim.plant.bay import Bay
from ems.sim.plant.faults import Faults
from ems.sim.plant.plugged_car import CarKind
from ems.sim.plant.sheet import HouseDays, Row, Sheet
from ems.sim.plant.visits import Visits

DayDone = Callable[[Sheet, Mapping[str, Bay]], None]
"""Hears of every day that is over."""

USUAL_CAR: Final = CarKind()
SELDOM_S: Final = 5.0
"""Often enough to look by itself while meters look every second or so."""

TOLD_EVERY_S: Final = 3600.0


class Plant:
    """The house of one run, which starts at monotonic `clock.monotonic_s()`."""

    row: int = -1
    """The newest second that was worked out."""

    day: int = 0
    """Which day it is, from 0."""

    over: bool = False
    """Whether the last second of the last day is done."""

    def __init__(
        self,
        site: Site,
        days: HouseDays,
        stays: Sequence[Stay],
        clock: Clock,
        *,
        cars: Mapping[str, CarKind] | None = None,
        battery: SimulatedBattery | None = None,
        inverter_max_w: float | None = None,
        reports_every_s: int = 10,
    ) -> None:
        self.site: Final = site
        self.clock: Final = clock
        self.start_s: Final = clock.monotonic_s()
        circuit_ids = [circuit.circuit_id for circuit in site.circuits]
        self.faults: Final = Faults(circuit_ids, [station.station_id for station in site.stations])
        self.station_changed: Callable[[StationState], None] = lambda _state: None
        self.day_done: DayDone = lambda _sheet, _bays: None
        self.arrived: Callable[[Stay], None] = lambda _stay: None
        self.left: Callable[[Stay], None] = lambda _stay: None
        self.bays: Final = self._built(reports_every_s)
        self.battery: Final = HomeBattery(battery) if battery else None
        self._days = days
        self._cars = cars or {}
        self._inverter_max_w = inverter_max_w
        self._visits = Visits(stays)
        self._plugged: dict[str, tuple[Bay, Row, bytearray]] = {}
        self._behind = {each: [(self.bays[s.station_id], s.wiring) for s in site.below(each)] for each in circuit_ids}
        self._yesterday: Sheet | None = None
        self.today: Sheet = self._sheet(0, 0)
        self._day_ends_s = self.today.seconds
        self._event_s = 0.0
        self.faults.connection_changed = lambda name, up: self.bays[name].connection(self.row, up=up)
        self.faults.power_changed = lambda name, up: self.bays[name].power(self.row, up=up)

    def _built(self, reports_every_s: int) -> dict[str, Bay]:
        return {
            station.station_id: Bay(
                station,
                self.faults.stations[station.station_id],
                start_s=self.start_s,
                reports_every_s=reports_every_s,
                changed=self._tell,
            )
            for station in self.site.stations
        }

    async def run(self, progress: Callable[[float], None] | None = None) -> None:
        """Move the plant on until its days are over; tells `progress` the share that is done."""
        told_s = 0.0
        while not self.over:
            others_look = not self.advance_to(self.clock.monotonic_s())
            if progress and self.row >= told_s + TOLD_EVERY_S:
                told_s = self.row
                progress((self.day + (self.row - self.today.first_s) / self.today.seconds) / self._days.days)
            await self.clock.sleep(self.start_s + self._next_look_s(others_look) - self.clock.monotonic_s())
        if progress:
            progress(1.0)

    def advance_to(self, now_s: float) -> bool:
        """Let everything happen up to `now_s`, monotonic, and say whether that was anything new."""
        due = math.floor(now_s - self.start_s + ROUNDING_S)
        if self.row >= due:
            return False
        while self.row < due and not self.over:
            if not self._plugged and self.battery is None and self.row + 1 < self._event_s:
                self.row = min(due, math.ceil(self._event_s) - 1)
                continue
            self.row += 1
            if self.row >= self._event_s:
                self._events()
            if not self.over:
                self._second()
        return True

    def current_a(self, circuit_id: str, row: int) -> tuple[float, float, float]:
        """What flowed through that circuit's fuse in second `row`, today or yesterday: signed per phase."""
        sheet = self._sheet_of(row)
        at = row - sheet.first_s
        amps = [0.0, 0.0, 0.0]
        if circuit_id == self.site.circuits.main.circuit_id:
            one, two, three = sheet.house_a
            amps = [one[at], two[at], three[at]]
            if self.battery is not None:
                for phase in self.site.phases:
                    amps[phase] -= sheet.battery_w[at] / NOMINAL_V / len(self.site.phases)
        for bay, wiring in self._behind[circuit_id]:
            drawn_a = sheet.drawn_a[bay.station.station_id][at]
            if drawn_a:
                for phase in wiring[: sheet.drawn_on[bay.station.station_id][at]]:
                    amps[phase] += drawn_a
        return amps[0], amps[1], amps[2]

    def grid_a(self) -> PerPhase:
        """What flows through the main fuse now."""
        return PerPhase(*self.current_a(self.site.circuits.main.circuit_id, self.row))

    def sun_w(self, row: int) -> float:
        """What all inverters gave in second `row`."""
        sheet = self._sheet_of(row)
        return sheet.sun_w[row - sheet.first_s]

    def battery_w(self, row: int) -> float:
        """What the battery gave in second `row`, + discharge."""
        sheet = self._sheet_of(row)
        return sheet.battery_w[row - sheet.first_s]

    def run_s(self) -> float:
        """Seconds since the start of the run."""
        return self.clock.monotonic_s() - self.start_s

    def _tell(self, state: StationState) -> None:
        self.station_changed(state)

    def _second(self) -> None:
        row = self.row
        at = row - self.today.first_s
        needed_w = 0.0
        for bay, drawn_a, drawn_on in self._plugged.values():
            amps = bay.step(row)
            if amps:
                drawn_a[at] = amps
                drawn_on[at] = phases = bay.car.phases if bay.car else 0
                needed_w += amps * phases * NOMINAL_V
        if self.battery is not None:
            self.today.battery_w[at] = self.battery.step(self.today.needed_w[at] + needed_w)

    def _events(self) -> None:
        """What happens at the beginning of this second: a new day, faults, cars that come and leave."""
        if self.row >= self._day_ends_s:
            self._turn_page()
            if self.over:
                return
        self.faults.turn(self.row)
        for stay in self._visits.leaving(self.row):
            self.bays[stay.station_id].unplug(self.row)
            del self._plugged[stay.station_id]
            self.left(stay)
        for stay in self._visits.coming(self.row):
            self._let_in(stay)
        self._event_s = min(self._day_ends_s, self.faults.next_s, self._visits.next_s)

    def _let_in(self, stay: Stay) -> None:
        kind = replace(self._cars.get(stay.station_id, USUAL_CAR), phases=stay.phases, max_a=stay.max_a)
        self.arrived(stay)
        self.bays[stay.station_id].plug_in(kind, stay.energy_kwh, self.row)
        self._plug(stay.station_id)

    def _plug(self, station_id: str) -> None:
        sheet = self.today
        self._plugged[station_id] = (self.bays[station_id], sheet.drawn_a[station_id], sheet.drawn_on[station_id])

    def _turn_page(self) -> None:
        self.day_done(self.today, self.bays)
        self.day += 1
        if self.day >= self._days.days:
            self.over = True
            self.row = self._day_ends_s - 1
            return
        self._yesterday = self.today
        self.today = self._sheet(self.day, self._day_ends_s)
        self._day_ends_s += self.today.seconds
        for bay in self.bays.values():
            bay.new_day(self.row)
        for station_id in self._plugged:
            self._plug(station_id)

    def _sheet(self, day: int, first_s: int) -> Sheet:
        circuits = self.site.circuits
        return Sheet(first_s, self._days.day(day), circuits.main.phases, self._inverter_max_w, self.bays)

    def _sheet_of(self, row: int) -> Sheet:
        if row >= self.today.first_s or self._yesterday is None:
            return self.today
        return self._yesterday

    def _next_look_s(self, others_look: bool) -> float:
        """Every second while something is on and nobody else looks; in the middle of it, so that others come first."""
        busy = self._plugged or self.battery is not None
        pause_s = TOLD_EVERY_S if not busy else SELDOM_S if others_look else 1.0
        return min(math.ceil(self._event_s), self.row + pause_s + 0.5)
