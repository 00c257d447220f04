"""Unruly houses: seeded, with everything that real ones do to a controller, and a watch on every fuse."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from random import Random
from typing import Final

from ems.model.electrical import PerPhase, Phase, Wiring
from ems.model.goals import ChargeMode
from ems.model.site import Policy
from tests.house import House
from tests.plant import Car

WIRINGS: Final[tuple[Wiring, ...]] = (
    (Phase.L1, Phase.L2, Phase.L3),
    (Phase.L2, Phase.L3, Phase.L1),
    (Phase.L3, Phase.L1, Phase.L2),
    (Phase.L1,),
    (Phase.L2,),
    (Phase.L3,),
)
LEASE_MARGIN_S: Final = 10.0
HAIR_A: Final = 0.05
"""Rounding of meters and limits."""


@dataclass
class Device:
    """Something in the house that switches on and off at random."""

    phases: Wiring
    amps: float
    on_s: int
    off_s: int
    left_s: int = 0
    on: bool | None = None
    """None before its first pause."""

    def step(self, dice: Random) -> PerPhase:
        if self.left_s <= 0:
            self.on = self.on is False
            self.left_s = int(dice.expovariate(1.0 / (self.on_s if self.on else self.off_s))) + 2
        self.left_s -= 1
        return PerPhase.on(self.phases, self.amps if self.on else 0.0)


@dataclass
class Watch:
    """Sees every overload that control had the time to end.

    What the house and cars that just started rose by within the reaction time is excused, and so is what the house and
    those stations carry that cannot be told anything.
    """

    reaction_s: float
    house_a: dict[tuple[str, Phase], deque[float]] = field(default_factory=dict)
    worst_a: float = 0.0
    """Largest such excess, over the rating."""

    worst: str = ""
    seconds: int = 0
    idle_at_s: dict[str, float] = field(default_factory=dict)

    def look(self, house: House, deaf: set[str], *, off_duty: bool) -> None:
        """One second; the `deaf` stations cannot be told anything now."""
        self.idle_at_s.update({name: house.now_s for name, car in house.cars.items() if car.drawn_a <= 1.0})
        starting = {name for name, at_s in self.idle_at_s.items() if house.now_s - at_s <= self.reaction_s}
        for circuit in house.site.circuits:
            flow_a = house.flow_a(circuit.circuit_id)
            house_a = house.house_a(circuit.circuit_id)
            deaf_a = sum(
                (house.car_a(s) for s in house.site.below(circuit.circuit_id) if s.station_id in deaf), start=PerPhase()
            )
            starting_a = sum(
                (house.car_a(s) for s in house.site.below(circuit.circuit_id) if s.station_id in starting),
                start=PerPhase(),
            )
            for phase in circuit.phases:
                seen = self.house_a.setdefault((circuit.circuit_id, phase), deque(maxlen=int(self.reaction_s) + 1))
                seen.append(house_a[phase])
                excess_a = flow_a[phase] - starting_a[phase] - house_a[phase] + min(seen) - circuit.fuse.rating_a
                excused = off_duty or house_a[phase] + deaf_a[phase] > circuit.fuse.rating_a
                if excess_a <= HAIR_A or excused:
                    continue
                self.seconds += 1
                if excess_a > self.worst_a:
                    self.worst_a = excess_a
                    self.worst = f"{circuit.circuit_id} {phase.name} {flow_a[phase]:.1f} A at {house.now_s:.0f} s"


@dataclass
class Unruly:
    """A house with faults that come and go."""

    seed: int
    faults: bool = True
    dice: Random = field(init=False)
    house: House = field(init=False)
    devices: list[Device] = field(init=False)
    watch: Watch = field(init=False)
    meter_back_s: float = 0.0
    heals_at_s: dict[str, tuple[float, str]] = field(default_factory=dict)
    deaf_until_s: dict[str, float] = field(default_factory=dict)
    cloud_w: float = 0.0

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)
        self.house = self._built()
        self.watch = Watch(self.reaction_s)
        phases = self.house.site.phases
        rating_a = self.house.main_fuse_a
        self.devices = [
            Device((self.dice.choice(phases),), self.dice.uniform(4, 12), 120, 240),
            Device((self.dice.choice(phases),), self.dice.uniform(2, 9), 30, 60),
            Device((self.dice.choice(phases),), self.dice.uniform(4, 16), 60, 60),
            Device(phases, self.dice.uniform(3, 0.5 * rating_a), 60, 400),
        ]

    @property
    def reaction_s(self) -> float:
        """T_react of `control.md` §4, in whole seconds of this house: meter, message, car, and a step of each."""
        periods = [self.house.meter_period_s, *self.house.circuit_meter_period_s.values()]
        return max(periods) + 1 + 1 + 5 + 1

    def run(self, minutes: float = 0, seconds: float = 0) -> Unruly:
        for _ in range(int(60 * minutes + seconds)):
            self.step()
        return self

    def step(self) -> None:
        dice, house = self.dice, self.house
        gross_a = sum((device.step(dice) for device in self.devices), start=PerPhase())
        house.base_a = PerPhase.on(house.site.phases, 0.8 + 0.2 * dice.random()) + gross_a.mapped(
            lambda amps: min(amps, 0.9 * house.main_fuse_a)
        )
        if dice.random() < 1 / 90:
            self.cloud_w = dice.uniform(0, 9000)
        house.sun_w += max(-500.0, min(500.0, self.cloud_w - house.sun_w))
        if self.faults:
            self._faults()
        house.step()
        self.watch.look(house, self._excused(), off_duty=self._off_duty())

    def _faults(self) -> None:
        dice, house, now_s = self.dice, self.house, self.house.now_s
        for station_id, (heal_s, kind) in list(self.heals_at_s.items()):
            if now_s >= heal_s:
                getattr(house, kind).discard(station_id)
                del self.heals_at_s[station_id]
        for station in house.stations:
            if station.station_id not in self.heals_at_s and dice.random() < 1 / 250:
                kind = dice.choice(["offline", "refusing", "mute"])
                getattr(house, kind).add(station.station_id)
                self.heals_at_s[station.station_id] = (now_s + dice.choice([3, 12, 40, 150]), kind)
        if house.meter_works and dice.random() < 1 / 700:
            house.meter_works = False
            self.meter_back_s = now_s + dice.choice([2, 4, 8, 30]) * house.meter_period_s
        if not house.meter_works and now_s >= self.meter_back_s:
            house.meter_works = True

    def _excused(self) -> set[str]:
        """Stations that were deaf a moment ago, for as long as their lease may run."""
        for station_id in self.house.offline | self.house.refusing | self.house.mute:
            self.deaf_until_s[station_id] = self.house.now_s + 33.0 + self.reaction_s
        return {station_id for station_id, until_s in self.deaf_until_s.items() if self.house.now_s < until_s}

    def _off_duty(self) -> bool:
        """While no meter speaks the fallback currents are the proof; these houses have not all done it."""
        if not self.house.meter_works:
            self.meter_back_s = max(self.meter_back_s, self.house.now_s)
        on_duty_s = max(1000.0 + 12 * self.reaction_s, self.meter_back_s + self.reaction_s)
        return not self.house.meter_works or self.house.now_s < on_duty_s

    def _built(self) -> House:
        dice = self.dice
        phases = 3 if dice.random() < 0.8 else 1
        nested = dice.random() < 0.5
        house = House(
            main_fuse_a=dice.choice([16.0, 20.0, 25.0, 35.0]),
            phases=phases,
            meter_period_s=dice.choice([1, 1, 2, 5, 10]),
            message_delay_s=lambda: dice.choice([0.0, 0.0, 1.0]),
            policy=Policy(),
        )
        if nested:
            house.with_circuit("garage", 20.0, meter_period_s=dice.choice([None, 1, 5, 10]))
        for i in range(dice.choice([1, 2, 2, 3, 4])):
            wiring = (Phase.L1,) if phases == 1 else dice.choice(WIRINGS)
            car_phases = min(len(wiring), dice.choice([1, 3, 3]))
            known = len(wiring) == 1 or dice.random() < 0.8
            if not known:
                house.true_wiring[f"car{i}"] = dice.choice([w for w in WIRINGS if len(w) == len(wiring)])
            house.with_car(
                f"car{i}",
                wiring_known=known,
                lease_verified=dice.random() < 0.8,
                mode=dice.choice([ChargeMode.FAST, ChargeMode.FAST, ChargeMode.SOLAR, ChargeMode.MIN_SOLAR]),
                wiring=wiring,
                max_a=dice.choice([16.0, 16.0, 32.0]),
                fallback_a=dice.choice([0.0, 6.0]),
                priority=dice.choice([0, 0, 3]),
                circuit_id="garage" if nested and dice.random() < 0.7 else "main",
                step_a=dice.choice([0.1, 0.1, 1.0]),
                car=Car(
                    phases=car_phases,
                    appetite_a=dice.choice([32.0, 32.0, 16.0, 10.0]),
                    offset_a=dice.choice([0.0, 0.3, 0.5]),
                    dead_s=dice.choice([1, 2, 5]),
                    start_s=dice.choice([0, 10, 25]),
                    ramp_a_per_s=dice.choice([1.0, 4.0, 100.0]),
                    report_every_s=dice.randint(5, 10),
                    report_shift_s=dice.randint(0, 9),
                    report_lag_s=dice.choice([0, 0, 2]),
                ),
            )
        return house


def changes_per_hour(house: House) -> dict[str, float]:
    """How often each station's set-point changed."""
    hours = (house.history[-1][0] - house.history[0][0]) / 3600.0
    return {
        station.station_id: sum(
            before[station.station_id] != after[station.station_id]
            for (_, before), (_, after) in zip(house.history, house.history[1:], strict=False)
        )
        / hours
        for station in house.stations
    }
