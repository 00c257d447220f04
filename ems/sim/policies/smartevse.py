"""`smartevse`: one current for the group, moved by every new meter sample, split by average (`baselines.md` C)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ems.model.goals import ChargeMode
from ems.model.readings import GridReading
from ems.model.site import Site
from ems.model.snapshot import Snapshot
from ems.sim.policies.ports import Order
from ems.sim.policies.seen import fresh_meter, order_for, usable_a
from ems.sim.policies.smartevse_car import GroupCar

METER_SILENT_S: Final = 11.0
SET_LIMIT_A: Final = 80.0
START_SURPLUS_A: Final = 4.0
STOP_AFTER_S: Final = 600.0
SHORTAGES_TO_STOP: Final = 2


class SmartEvse:
    """A group of chargers with one mode: smart as soon as one car is FAST, else solar.

    SOLAR is its solar mode with the default start and stop; MIN_SOLAR is solar with stop time 0, started without
    waiting for sun (assumed); OFF takes the car out. Mains current = main fuse, circuit current = the smallest fuse on
    the way to a charger, 25 A and 16 A being only placeholders of the menu (assumed). "Half" is read as half of the
    import. Solar looks at the sum of the phases. Chargers that can change phases do so by themselves in solar mode
    and begin on one (assumed); going up needs the sun for all phases at the minimum (assumed). It knows no priorities.
    After silence of the meter all wait the 60 s of a retry.
    """

    name: Final = "smartevse"
    tick_s: Final = 2.0

    def __init__(self, site: Site) -> None:
        main = site.circuits.main
        self._main_id, self._mains_a = main.circuit_id, usable_a(main)
        on_path = {c.circuit_id: c for s in site.stations for c in site.circuits.above(s.circuit_id)}
        self._circuit_a = min((usable_a(circuit) for circuit in on_path.values()), default=self._mains_a)
        self._cars = [GroupCar(station=s, phases=1 if s.can_switch_phases else len(s.wiring)) for s in site.stations]
        self._set_a = 0.0
        self._shortages = 0
        self._short_since_s: float | None = None
        self._seen_at_s: float | None = None

    def decide(self, now: Snapshot) -> Mapping[str, Order]:
        """One order per station."""
        for car in self._cars:
            car.look(now)
        reading = fresh_meter(now, self._main_id, METER_SILENT_S)
        if reading is None:
            self._stop_all(now.now_s)
        elif reading.taken_at_s != self._seen_at_s:
            self._seen_at_s = reading.taken_at_s
            self._regulate(now.now_s, reading)
        shares_a = self._split(now.now_s)
        return {c.station.station_id: order_for(c.station, shares_a.get(id(c), 0.0), c.phases) for c in self._cars}

    @property
    def _active(self) -> list[GroupCar]:
        return [car for car in self._cars if car.active]

    def _regulate(self, now_s: float, reading: GridReading) -> None:
        smart = any(car.wants and car.mode is ChargeMode.FAST for car in self._cars)
        peak_a, import_a = max(reading.current_a), reading.current_a.total
        self._start(now_s, peak_a, import_a, smart)
        if not self._active:
            self._set_a = 0.0
            return
        self._move(self._mains_a - peak_a, import_a, smart)
        self._hold_or_stop(now_s, peak_a, import_a, smart)
        self._keep_in_range(now_s)
        shares_a = self._split(now_s)
        for car in self._active:
            car.change_phases(now_s, shares_a[id(car)], import_a, smart)

    def _start(self, now_s: float, peak_a: float, import_a: float, smart: bool) -> None:
        """At most one car per sample, when everyone's minimum fits and, in solar mode, the sun is there."""
        active = self._active
        base_a = peak_a - sum(car.drawn_a for car in active)
        needed_a = sum(car.station.min_a for car in active)
        for car in self._cars:
            if not car.may_start(now_s):
                continue
            with_it_a = needed_a + car.station.min_a
            sunny = -import_a >= START_SURPLUS_A if not active else self._set_a >= with_it_a
            if with_it_a > min(self._mains_a - base_a, self._circuit_a):
                continue
            if smart or sunny or car.mode is ChargeMode.MIN_SOLAR:
                car.start(now_s)
                self._set_a = max(self._set_a, with_it_a)
                return

    def _move(self, spare_a: float, import_a: float, smart: bool) -> None:
        if spare_a < 0:
            self._set_a += spare_a
        elif smart:
            self._set_a += spare_a / 4
        else:
            self._set_a += _solar_step_a(import_a)

    def _hold_or_stop(self, now_s: float, peak_a: float, import_a: float, smart: bool) -> None:
        """Short of current: hold the minimums; stop at the third sample of overload, or after 10 min without sun."""
        least_a = self._least_a()
        overloaded = peak_a > self._mains_a
        self._shortages = self._shortages + 1 if overloaded and self._set_a < least_a else 0
        if self._shortages > SHORTAGES_TO_STOP or peak_a > 2 * self._mains_a:
            self._stop_all(now_s)
            return
        sunless = not smart and import_a > 0 and self._set_a <= least_a
        self._set_a = max(self._set_a, least_a)
        if not sunless or any(car.can_go_down for car in self._active):
            self._short_since_s = None
        elif self._short_since_s is None:
            self._short_since_s = now_s
        elif now_s - self._short_since_s >= STOP_AFTER_S:
            self._short_since_s = None
            for car in self._active:
                if car.mode is ChargeMode.SOLAR:
                    car.stop(now_s)

    def _keep_in_range(self, now_s: float) -> None:
        most_a = min(SET_LIMIT_A, self._circuit_a, sum(car.cap_a(now_s) for car in self._active))
        self._set_a = max(0.0, min(self._set_a, most_a))

    def _least_a(self) -> float:
        return sum(car.station.min_a for car in self._active)

    def _stop_all(self, now_s: float) -> None:
        for car in self._cars:
            if car.wants:
                car.stop(now_s)
        self._set_a, self._shortages, self._short_since_s = 0.0, 0, None

    def _split(self, now_s: float) -> dict[int, float]:
        """The average; who cannot use it gets its maximum, and the rest are averaged again."""
        shares_a: dict[int, float] = {}
        waiting, left_a = self._active, min(self._set_a, self._circuit_a)
        while waiting:
            average_a = left_a / len(waiting)
            capped = [car for car in waiting if car.cap_a(now_s) <= average_a]
            for car in capped:
                shares_a[id(car)] = car.cap_a(now_s)
                left_a -= car.cap_a(now_s)
            if not capped:
                shares_a.update((id(car), max(average_a, car.station.min_a)) for car in waiting)
                break
            waiting = [car for car in waiting if car not in capped]
        return shares_a


def _solar_step_a(import_a: float) -> float:
    if import_a < -1.0:
        return 0.5
    if import_a < 0.0:
        return 0.1
    if import_a > 2.0:
        return -import_a / 2
    if import_a > 1.0:
        return -0.5
    return -0.1 if import_a > 0.3 else 0.0
