"""The physics of a house: what flows through every fuse while house, sun and cars do as they please.

`World.advance_to` moves it in steps of 0.1 s, so the same calls at the same times give the same world. Stations set
what they offer; meters, inverters and stations read samples. Signs as everywhere: grid + import, sun + production.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ems.model.electrical import NOMINAL_V, CircuitTree, PerPhase, Phase, Wiring
from ems.sim.car import NO_OFFER, Car, CarState, Offer, step
from ems.sim.day import SummerDay
from ems.sim.plant.battery import HomeBattery
from ems.sim.tally import CircuitFigures, Tally

STEP_S: Final = 0.1
LINE_OHM: Final = 0.08
"""Of a house connection, phase and neutral: 25 A pull the voltage down by 2 V."""

VOLTAGE_NOISE_V: Final = 0.4
FREQUENCY_NOISE_HZ: Final = 0.01
NOMINAL_HZ: Final = 50.0
NOTHING: Final = PerPhase()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A parking place with a station, and the car that comes to it."""

    station_id: str
    circuit_id: str
    wiring: Wiring
    car: Car
    soc: float = 0.4
    arrives_after_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitSample:
    """What a perfect meter at a circuit's fuse sees."""

    at_s: float
    current_a: PerPhase
    """Signed; negative while exporting."""

    voltage_v: PerPhase
    frequency_hz: float
    import_kwh: float
    export_kwh: float

    @property
    def power_w(self) -> PerPhase:
        pairs = zip(self.current_a, self.voltage_v, strict=True)
        return PerPhase.of(current_a * voltage_v for current_a, voltage_v in pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class SunSample:
    """What one inverter gives."""

    at_s: float
    power_w: float
    current_a: PerPhase
    voltage_v: PerPhase
    frequency_hz: float
    energy_kwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BatterySample:
    """What the home battery does."""

    at_s: float
    power_w: float
    """+ discharge."""

    soc: float
    held: bool = False
    """An energy manager keeps it from discharging."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarSample:
    """What a station sees of its car. Currents and voltages in the station's own phase order."""

    at_s: float
    plugged: bool
    full: bool
    current_a: tuple[float, ...]
    voltage_v: tuple[float, ...]
    energy_kwh: float
    """All that the station ever gave out."""

    @property
    def power_w(self) -> float:
        pairs = zip(self.current_a, self.voltage_v, strict=True)
        return sum(current_a * voltage_v for current_a, voltage_v in pairs)


class World:
    """One house, its sun and its cars. Starts at monotonic `start_s`, which is `day_start_s` after midnight."""

    def __init__(
        self,
        *,
        circuits: CircuitTree,
        day: SummerDay,
        places: Iterable[Place] = (),
        peaks_w: Mapping[str, float] | None = None,
        start_s: float = 0.0,
        day_start_s: float = 11.5 * 3600,
        battery: HomeBattery | None = None,
        battery_wiring: Wiring = (),
    ) -> None:
        """`battery` steps with the world, every STEP_S; it feeds all phases where its wiring is not told."""
        self._circuits = circuits
        self._day = day
        self._places = {place.station_id: _Parked(place) for place in places}
        self._peaks_w = dict(peaks_w or {})
        self._start_s = start_s
        self._day_start_s = day_start_s
        self._ticks = 0
        self._noise = random.Random(f"{day.seed}/grid")
        self._tallies = {circuit.circuit_id: Tally(circuit) for circuit in circuits}
        self._battery = battery
        self._battery_wiring = battery_wiring or circuits.main.phases
        self._fed_by = {each.circuit_id: [c.circuit_id for c in circuits.above(each.circuit_id)] for each in circuits}
        self._sun_kwh = 0.0
        self.switched_a = NOTHING
        """A load at the main circuit that somebody switched on, beside the day's own; a test may change it."""

        self._voltage_v = PerPhase.on(circuits.main.phases, NOMINAL_V)
        self._frequency_hz = NOMINAL_HZ
        self._sun_w = 0.0
        self._settle()

    @property
    def now_s(self) -> float:
        """Monotonic second up to which the world has happened."""
        return self._start_s + self._ticks * STEP_S

    def advance_to(self, now_s: float) -> None:
        """Let everything happen up to `now_s`; an earlier time changes nothing."""
        due = math.floor((now_s - self._start_s) / STEP_S + 1e-6)
        while self._ticks < due:
            self._ticks += 1
            self._settle()

    def offer(self, station_id: str, offer: Offer) -> None:
        """What that station offers its car from now on."""
        self._places[station_id].offer = offer

    def plug_in(self, station_id: str, soc: float = 0.4) -> None:
        """A car comes."""
        self._places[station_id].car = CarState(soc=soc)

    def unplug(self, station_id: str) -> None:
        """The car leaves and does not come back by itself."""
        self._places[station_id].leave()

    def circuit(self, circuit_id: str) -> CircuitSample:
        """What a meter at the fuse of that circuit sees."""
        tally = self._tallies[circuit_id]
        return CircuitSample(
            at_s=self.now_s,
            current_a=tally.current_a,
            voltage_v=PerPhase.of(
                volts if phase in tally.circuit.phases else 0.0
                for phase, volts in zip(Phase, self._voltage_v, strict=True)
            ),
            frequency_hz=self._frequency_hz,
            import_kwh=tally.import_kwh,
            export_kwh=tally.export_kwh,
        )

    def sun(self, inverter_id: str) -> SunSample:
        """What that inverter gives."""
        total_w = sum(self._peaks_w.values())
        share = self._peaks_w[inverter_id] / total_w if total_w > 0 else 0.0
        return SunSample(
            at_s=self.now_s,
            power_w=self._sun_w * share,
            current_a=self._sun_a() * share,
            voltage_v=self._voltage_v,
            frequency_hz=self._frequency_hz,
            energy_kwh=self._sun_kwh * share,
        )

    def battery(self) -> BatterySample | None:
        """What the home battery does; None in a house without one."""
        own = self._battery
        return (
            None if own is None else BatterySample(at_s=self.now_s, power_w=own.power_w, soc=own.soc, held=own.is_held)
        )

    def bound_battery(
        self, *, charge_at_most_w: float | None, discharge_at_most_w: float | None, lasts_s: float
    ) -> None:
        """What an energy manager writes to the home battery, which forgets it after `lasts_s` of this world."""
        if self._battery is not None:
            self._battery.bound(
                charge_at_most_w=charge_at_most_w, discharge_at_most_w=discharge_at_most_w, lasts_s=lasts_s
            )

    def car(self, station_id: str) -> CarSample:
        """What that station sees of its car."""
        parked = self._places[station_id]
        used = parked.car.phases if parked.car else 0
        drawn_a = parked.car.drawn_a if parked.car else 0.0
        return CarSample(
            at_s=self.now_s,
            plugged=parked.car is not None,
            full=parked.car is not None and parked.car.full,
            current_a=tuple(drawn_a if n < used else 0.0 for n in range(len(parked.place.wiring))),
            voltage_v=tuple(self._voltage_v[phase] for phase in parked.place.wiring),
            energy_kwh=parked.earlier_kwh + (parked.car.energy_kwh if parked.car else 0.0),
        )

    def figures(self) -> tuple[CircuitFigures, ...]:
        """How every circuit fared, the main one first."""
        return tuple(tally.figures() for tally in self._tallies.values())

    def _settle(self) -> None:
        """One step: new weather, new car states, new currents everywhere."""
        day_s = self._day_start_s + self._ticks * STEP_S
        self._sun_w = self._day.sun_w(day_s)
        for parked in self._places.values():
            parked.step(self._ticks * STEP_S)
        flows = dict.fromkeys(self._tallies, NOTHING)
        flows[self._circuits.main.circuit_id] = self._day.house_a(day_s) + self.switched_a - self._sun_a()
        for parked in self._places.values():
            drawn = parked.drawn_a()
            for circuit_id in self._fed_by[parked.place.circuit_id]:
                flows[circuit_id] = flows[circuit_id] + drawn
        dt_s, main_id = STEP_S if self._ticks else 0.0, self._circuits.main.circuit_id
        flows[main_id] = flows[main_id] - self._battery_a(flows[main_id])
        self._waver(flows[main_id])
        self._sun_kwh += self._sun_w * dt_s / 3_600_000
        for circuit_id, tally in self._tallies.items():
            tally.count(flows[circuit_id], self._voltage_v, dt_s)

    def _sun_a(self) -> PerPhase:
        phases = self._circuits.main.phases
        return PerPhase.on(phases, self._sun_w / NOMINAL_V / len(phases))

    def _battery_a(self, needed_a: PerPhase) -> PerPhase:
        """What the battery gives one step later, while the house needs that much beyond the sun."""
        if self._battery is None:
            return NOTHING
        power_w = self._battery.step(needed_a.total * NOMINAL_V)
        return PerPhase.on(self._battery_wiring, power_w / NOMINAL_V / len(self._battery_wiring))

    def _waver(self, grid_a: PerPhase) -> None:
        """The grid's voltage sags under load, rises while exporting, and never stands still."""
        noise, phases = self._noise, self._circuits.main.phases
        self._voltage_v = PerPhase.of(
            NOMINAL_V - LINE_OHM * grid_a[phase] + noise.uniform(-VOLTAGE_NOISE_V, VOLTAGE_NOISE_V)
            if phase in phases
            else 0.0
            for phase in Phase
        )
        self._frequency_hz = NOMINAL_HZ + noise.uniform(-FREQUENCY_NOISE_HZ, FREQUENCY_NOISE_HZ)


class _Parked:
    """A place with what stands on it now."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.offer = NO_OFFER
        self.car: CarState | None = None
        self.earlier_kwh = 0.0
        self._expected = True

    def step(self, elapsed_s: float) -> None:
        if self.car is None and self._expected and elapsed_s >= self.place.arrives_after_s:
            self.car = CarState(soc=self.place.soc)
        if self.car is not None:
            self._expected = False
            self.car = step(self.place.car, self.car, self.offer, STEP_S)

    def leave(self) -> None:
        self.earlier_kwh += self.car.energy_kwh if self.car else 0.0
        self.car = None
        self._expected = False

    def drawn_a(self) -> PerPhase:
        if self.car is None or self.car.drawn_a == 0:
            return NOTHING
        return PerPhase.on(self.place.wiring[: self.car.phases], self.car.drawn_a)
