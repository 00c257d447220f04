"""Meters, inverters and the battery of the plant behind the ports of `ems.devices`.

A sample is taken at whole periods since the start of the run and arrives `latency_s` later; each wakes its reader once.
"""

from __future__ import annotations

import math
import random
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Final, Generic, TypeVar

from ems.errors import NoAnswer
from ems.model.battery import BatteryTakes
from ems.model.electrical import NOMINAL_V, PerPhase
from ems.model.readings import BatteryReading, GridReading, Reading, SolarReading
from ems.sim.car import ROUNDING_S
from ems.sim.plant.battery import BOUND_LASTS_S
from ems.sim.plant.faults import MeterFaults
from ems.sim.plant.house import Plant

R = TypeVar("R", bound=Reading)


class PlantDevice(ABC, Generic[R]):
    """One device that gives a sample every period, unless its faults say otherwise."""

    pushes: Final = True

    def __init__(self, name: str, plant: Plant, faults: MeterFaults, *, period_s: float, latency_s: float) -> None:
        self.name: Final = name
        self.period_s: Final = period_s
        self._plant = plant
        self._faults = faults
        self._latency_s = latency_s
        self._count = 0
        self._last: R | None = None
        self._chance = random.Random(f"{name}/loss")

    async def read(self) -> R:
        """The next sample. Raises NoAnswer while the device is lost, and when a sample got lost."""
        plant, faults = self._plant, self._faults
        latency_s = self._latency_s + faults.late_s
        now_s = plant.run_s()
        self._count = max(self._count + 1, math.ceil((now_s - latency_s) / self.period_s - ROUNDING_S))
        taken_s = self._count * self.period_s
        await plant.clock.sleep(taken_s + latency_s - now_s)
        plant.advance_to(plant.clock.monotonic_s())
        if faults.lost or (faults.loss_share and self._chance.random() < faults.loss_share):
            raise NoAnswer(f"{self.name} gave no answer")
        taken_at_s = plant.start_s + taken_s
        if faults.frozen and self._last is not None:
            return self._again(self._last, taken_at_s)
        if faults.backwards and self._last is not None:
            taken_at_s = self._last.taken_at_s - self.period_s
        self._last = self._sample(min(math.floor(taken_s + ROUNDING_S), plant.row), taken_at_s)
        return self._last

    async def close(self) -> None:
        """Nothing to let go of."""

    @abstractmethod
    def _sample(self, row: int, taken_at_s: float) -> R:
        """What it saw in that second."""

    def _again(self, last: R, taken_at_s: float) -> R:
        return replace(last, taken_at_s=taken_at_s)


class PlantMeter(PlantDevice[GridReading]):
    """The meter at a circuit's fuse, with white noise on each phase."""

    def __init__(
        self,
        circuit_id: str,
        plant: Plant,
        *,
        period_s: float,
        latency_s: float,
        noise_a: float,
        seed: int,
    ) -> None:
        faults = plant.faults.meters[circuit_id]
        super().__init__(f"meter of {circuit_id}", plant, faults, period_s=period_s, latency_s=latency_s)
        self._circuit_id = circuit_id
        self._noise_a = noise_a
        self._noise = random.Random(f"{seed}/{circuit_id}")
        phases = plant.site.circuits[circuit_id].phases
        self._phases = [float(phase in phases) for phase in range(3)]
        # A meter without noise repeats itself in a quiet house; one that states volts would then count as frozen.
        self._volts = PerPhase.on(phases, NOMINAL_V) if noise_a > 0 else None

    def _sample(self, row: int, taken_at_s: float) -> GridReading:
        one_a, two_a, three_a = self._plant.current_a(self._circuit_id, row)
        if self._noise_a:
            gauss, noise_a, phases = self._noise.gauss, self._noise_a, self._phases
            one_a += gauss(0.0, noise_a) * phases[0]
            two_a += gauss(0.0, noise_a) * phases[1]
            three_a += gauss(0.0, noise_a) * phases[2]
        if self._faults.spike_a and self._noise.random() < self._faults.spike_share:
            one_a += self._faults.spike_a
        return GridReading(
            current_a=PerPhase(one_a, two_a, three_a),
            power_w=(one_a + two_a + three_a) * NOMINAL_V,
            taken_at_s=taken_at_s,
            voltage_v=self._volts,
        )


class PlantInverter(PlantDevice[SolarReading]):
    """One inverter, which gives `share` of the sun."""

    def __init__(self, name: str, plant: Plant, *, share: float, period_s: float, latency_s: float) -> None:
        super().__init__(name, plant, plant.faults.inverter, period_s=period_s, latency_s=latency_s)
        self._share = share

    def _sample(self, row: int, taken_at_s: float) -> SolarReading:
        return SolarReading(power_w=self._plant.sun_w(row) * self._share, taken_at_s=taken_at_s)


class PlantBattery(PlantDevice[BatteryReading]):
    """The home battery."""

    def __init__(self, name: str, plant: Plant, *, period_s: float, latency_s: float) -> None:
        super().__init__(name, plant, plant.faults.battery, period_s=period_s, latency_s=latency_s)

    def _sample(self, row: int, taken_at_s: float) -> BatteryReading:
        battery = self._plant.battery
        return BatteryReading(
            power_w=self._plant.battery_w(row), taken_at_s=taken_at_s, soc=battery.soc if battery else None
        )


class PlantValve:
    """Where the battery of the plant takes its bounds; refuses while the battery gives no answer."""

    refresh_s = 15.0
    lasts_s = float(BOUND_LASTS_S)

    def __init__(self, plant: Plant, takes: BatteryTakes) -> None:
        self.takes: Final = takes
        self._plant = plant

    async def clear(self) -> None:
        """It forgets by itself."""

    async def bound(self, *, charge_at_most_w: float | None, discharge_at_most_w: float | None) -> None:
        """Say both; None bounds nothing. Raises NoAnswer."""
        battery = self._plant.battery
        if battery is None or self._plant.faults.battery.lost:
            raise NoAnswer("the battery does not answer")
        if discharge_at_most_w == 0.0 and self.takes.hold_stops_charging:
            charge_at_most_w = 0.0
        battery.bound(charge_at_most_w=charge_at_most_w, discharge_at_most_w=discharge_at_most_w)
