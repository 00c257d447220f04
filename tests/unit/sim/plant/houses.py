"""Houses by hand for tests of the plant."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np

from ems.clock import VirtualClock
from ems.csms.ports import LeasedLimit
from ems.model.electrical import Circuit, CircuitTree, Fuse, Phase
from ems.model.site import Site, Station
from ems.sim.lab.records import Stay
from ems.sim.plant.house import Plant
from ems.sim.traces.seconds import SecondsOfDay

START = datetime(2026, 6, 21, tzinfo=UTC)
THREE = tuple(Phase)


class SteadyDays:
    """The same load and sun all the time; short days make quick tests."""

    def __init__(self, load_w: tuple[float, float, float], pv_w: float, *, days: int = 1, seconds: int = 3600) -> None:
        self.days = days
        self.asked: list[int] = []
        self._load_w = load_w
        self._pv_w = pv_w
        self._seconds = seconds

    def day(self, index: int) -> SecondsOfDay:
        self.asked.append(index)
        return SecondsOfDay(
            start_utc=START + timedelta(seconds=index * self._seconds),
            load_w=np.tile(np.array(self._load_w), (self._seconds, 1)),
            pv_w=np.full(self._seconds, self._pv_w),
        )


QUIET = SteadyDays((0.0, 0.0, 0.0), 0.0)

SITE = Site(
    circuits=CircuitTree(
        (
            Circuit(circuit_id="main", fuse=Fuse(rating_a=25), phases=THREE, metered=True),
            Circuit(circuit_id="garage", fuse=Fuse(rating_a=20), parent_id="main", phases=THREE),
        )
    ),
    stations=(
        Station(
            station_id="one",
            circuit_id="garage",
            wiring=(Phase.L2, Phase.L3, Phase.L1),
            max_a=16,
            hardware_max_a=16,
            fallback_a=6,
            can_switch_phases=True,
        ),
        Station(station_id="two", circuit_id="main", wiring=(Phase.L3,), max_a=32, hardware_max_a=32),
    ),
)


def stay(
    station_id: str = "one",
    *,
    arrival_s: float = 0,
    departure_s: float = 1e9,
    energy_kwh: float = math.inf,
    phases: int = 3,
    max_a: float = 32,
) -> Stay:
    return Stay(
        station_id=station_id,
        arrival_s=arrival_s,
        departure_s=departure_s,
        energy_kwh=energy_kwh,
        phases=phases,
        max_a=max_a,
    )


def plant(*stays: Stay, days: SteadyDays = QUIET, **changes: object) -> Plant:
    return Plant(SITE, days, stays, VirtualClock(start_utc=START), **changes)  # type: ignore[arg-type] # Plant's own


def lease(limit_a: float, phases: int = 3) -> LeasedLimit:
    return LeasedLimit(limit_a=limit_a, phases=phases, fallback_a=6, lease_s=60)


class House:
    """A plant whose time the test moves by hand."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant

    def at(self, second: float) -> House:
        self.plant.advance_to(self.plant.start_s + second)
        return self

    def limit(
        self, limit_a: float, phases: int = 3, *, station_id: str = "one", at_s: float, ends_s: float = 1e9
    ) -> None:
        self.at(at_s)
        self.plant.bays[station_id].install(lease(limit_a, phases), ends_s, at_s)

    def main_a(self, second: int) -> tuple[float, float, float]:
        return self.at(second).plant.current_a("main", second)
