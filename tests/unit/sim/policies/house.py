"""A small house that obeys at once: time steps by the policy's tick, cars follow their orders, the meter adds up."""

from __future__ import annotations

from dataclasses import dataclass, field

from ems.model.electrical import NOMINAL_V, PHASES_OF, Circuit, CircuitTree, Fuse, PerPhase
from ems.model.goals import ChargeMode, Goal
from ems.model.readings import BatteryReading, GridReading
from ems.model.site import Site, Station
from ems.model.snapshot import Snapshot
from ems.model.station import CarReading, ConnectorStatus, StationState
from ems.sim.policies.ports import Order
from ems.sim.policies.registry import policy_named

ALL = PHASES_OF[3]


def circuit(circuit_id: str, fuse_a: float, parent_id: str | None = None) -> Circuit:
    return Circuit(circuit_id=circuit_id, fuse=Fuse(rating_a=fuse_a), parent_id=parent_id, phases=ALL)


def station(
    station_id: str = "garage",
    *,
    phases: int = 3,
    mode: ChargeMode = ChargeMode.SOLAR,
    priority: int = 0,
    switch: bool = False,
    max_a: float = 16.0,
    circuit_id: str = "main",
) -> Station:
    return Station(
        station_id=station_id,
        circuit_id=circuit_id,
        wiring=PHASES_OF[phases],
        max_a=max_a,
        can_switch_phases=switch,
        goal=Goal(mode=mode, priority=priority),
    )


@dataclass(slots=True)
class Car:
    plugged: bool = True
    appetite_a: float = 32.0
    phases: int = 3
    order: Order = field(default_factory=lambda: Order(limit_a=0.0, phases=3))


class House:
    """A policy with a house around it; sun and house load are ours to set between runs."""

    def __init__(self, policy: str, *stations: Station, fuse_a: float = 35.0, sub: Circuit | None = None) -> None:
        main = circuit("main", fuse_a)
        self.site = Site(circuits=CircuitTree((main, *([sub] if sub else ()))), stations=stations)
        self.policy = policy_named(policy, self.site)
        self.cars = {s.station_id: Car() for s in stations}
        self.goals: dict[str, Goal] = {}
        self.house_a = PerPhase(0.0, 0.0, 0.0)
        self.sun_w = 0.0
        self.battery_w = 0.0
        self.sub_reading: GridReading | None = None
        self.meter_works = True
        self.now_s = 0.0
        self.log: list[tuple[float, dict[str, Order]]] = []
        self._reading: GridReading | None = None

    def look(self) -> Snapshot:
        if self.meter_works:
            current_a = self.house_a
            for s in self.site.stations:
                current_a += PerPhase.of((*self._drawn(s), 0.0, 0.0)[:3])
            current_a -= PerPhase.on(ALL, (self.sun_w + self.battery_w) / 3 / NOMINAL_V)
            self._reading = GridReading(current_a=current_a, power_w=current_a.total * NOMINAL_V, taken_at_s=self.now_s)
        readings = {"main": self._reading, "garages": self.sub_reading}
        return Snapshot(
            now_s=self.now_s,
            site=self.site,
            meters={circuit_id: reading for circuit_id, reading in readings.items() if reading is not None},
            battery=BatteryReading(power_w=self.battery_w, taken_at_s=self.now_s),
            stations={s.station_id: self._state(s) for s in self.site.stations},
            goals=self.goals,
        )

    def tick(self) -> dict[str, Order]:
        """One look and its orders; then the next tick's time."""
        orders = dict(self.policy.decide(self.look()))
        for station_id, order in orders.items():
            self.cars[station_id].order = order
        self.log.append((self.now_s, orders))
        self.now_s += self.policy.tick_s
        return orders

    def run(self, seconds: float) -> None:
        """Ticks that fall within the next `seconds`."""
        end_s = self.now_s + seconds
        while self.now_s < end_s - 1e-9:
            self.tick()

    def limit_a(self, station_id: str = "garage") -> float:
        return self.cars[station_id].order.limit_a

    def phases(self, station_id: str = "garage") -> int:
        return self.cars[station_id].order.phases

    def wish(self, mode: ChargeMode, station_id: str = "garage") -> None:
        self.goals[station_id] = Goal(mode=mode)

    def _drawn(self, s: Station) -> tuple[float, ...]:
        car = self.cars[s.station_id]
        drawn_a = min(car.order.limit_a, car.appetite_a) if car.plugged else 0.0
        return tuple(drawn_a if i < min(car.order.phases, car.phases) else 0.0 for i in range(len(s.wiring)))

    def _state(self, s: Station) -> StationState:
        car, drawn_a = self.cars[s.station_id], self._drawn(s)
        charging = ConnectorStatus.CHARGING if drawn_a[0] > 0 else ConnectorStatus.SUSPENDED_EVSE
        return StationState(
            station_id=s.station_id,
            connected=True,
            status=charging if car.plugged else ConnectorStatus.AVAILABLE,
            car=CarReading(current_a=drawn_a, taken_at_s=self.now_s),
        )
