"""A small house for tests of control: no sockets, no clock, one step per second.

The meter sees what the cars draw at the same instant; cars follow their limit after a dead time; stations report every
few seconds; a message takes no time.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ems.control.cycle import decide
from ems.control.memory import Memory
from ems.model.decision import Decision, LimitReason, Setpoint
from ems.model.electrical import PHASES_OF, Circuit, CircuitTree, Fuse, PerPhase, Phase
from ems.model.goals import ChargeMode, Goal
from ems.model.readings import GridReading
from ems.model.site import Policy, Site, Station
from ems.model.snapshot import Snapshot
from ems.model.station import CarReading, ConnectorStatus, SendOutcome, SentLimit, StationState, remembered

VOLTS = 230.0
REPORT_EVERY_S = 5
DEAD_TIME_S = 2


@dataclass
class Car:
    """A car on a station: always hungry unless `appetite_a` says otherwise."""

    phases: int = 3
    appetite_a: float = 32.0
    offered: list[float] = field(default_factory=lambda: [0.0] * (DEAD_TIME_S + 1))
    drawn_a: float = 0.0
    last_report: CarReading | None = None

    def step(self, limit_a: float) -> None:
        self.offered = [*self.offered[1:], limit_a]
        followed_a = self.offered[0]
        self.drawn_a = min(followed_a, self.appetite_a) if followed_a >= 6 else 0.0


@dataclass
class House:
    """Given a house; run it; look at what its stations got and what its fuse carried."""

    main_fuse_a: float = 25.0
    phases: int = 3
    sun_w: float = 0.0
    base_a: PerPhase = PerPhase(1.0, 1.0, 1.0)
    policy: Policy = Policy()
    commissioned: bool = True
    circuits: list[Circuit] = field(default_factory=list)
    stations: list[Station] = field(default_factory=list)
    cars: dict[str, Car] = field(default_factory=dict)
    goals: dict[str, Goal] = field(default_factory=dict)
    meter_works: bool = True
    meter_frozen: bool = False
    offline: set[str] = field(default_factory=set)
    refusing: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.now_s = 1000.0
        self.memory = Memory.fresh(self.now_s)
        self.sent: dict[str, tuple[SentLimit, ...]] = {}
        self.reading: GridReading | None = None
        self.decision: Decision | None = None
        self.grid_max_a = PerPhase()
        self.history: list[tuple[float, dict[str, float]]] = []

    def with_car(
        self,
        station_id: str,
        *,
        mode: ChargeMode = ChargeMode.SOLAR,
        wiring: tuple[Phase, ...] = tuple(Phase),
        max_a: float = 16.0,
        fallback_a: float = 6.0,
        priority: int = 0,
        circuit_id: str = "main",
        appetite_a: float = 32.0,
        car_phases: int = 3,
        step_a: float = 0.1,
    ) -> House:
        self.stations.append(
            Station(
                station_id=station_id,
                circuit_id=circuit_id,
                wiring=wiring,
                max_a=max_a,
                hardware_max_a=max_a,
                fallback_a=fallback_a,
                lease_verified=True,
                step_a=step_a,
                goal=Goal(mode=mode, priority=priority),
            )
        )
        self.cars[station_id] = Car(phases=min(car_phases, len(wiring)), appetite_a=appetite_a)
        return self

    def with_circuit(self, circuit_id: str, fuse_a: float, parent_id: str = "main") -> House:
        self.circuits.append(
            Circuit(
                circuit_id=circuit_id,
                fuse=Fuse(rating_a=fuse_a),
                parent_id=parent_id,
                phases=PHASES_OF[self.phases],
                largest_other_load_a=0.0,
            )
        )
        return self

    @property
    def site(self) -> Site:
        main = Circuit(
            circuit_id="main",
            fuse=Fuse(rating_a=self.main_fuse_a),
            phases=PHASES_OF[self.phases],
            metered=True,
            largest_other_load_a=10.0,
        )
        return Site(
            circuits=CircuitTree((main, *self.circuits)),
            stations=tuple(self.stations),
            policy=self.policy,
            commissioned=self.commissioned,
        )

    def run(self, seconds: float = 0, minutes: float = 0) -> House:
        for _ in range(int(seconds + 60 * minutes)):
            self.step()
        return self

    def step(self) -> None:
        self.now_s += 1.0
        for station in self.stations:
            self._report(station)
        if self.meter_works:
            self._read_meter()
        turn = decide(self.snapshot(), self.memory)
        self.memory, self.decision = turn.memory, turn.decision
        self.history.append((self.now_s, {s: p.limit_a for s, p in turn.decision.setpoints.items()}))
        for setpoint in turn.decision.setpoints.values():
            self._deliver(setpoint)
        for station in self.stations:
            self.cars[station.station_id].step(self.limit_in_station(station))
        self.grid_max_a = self.grid_max_a.upper(self.grid_a().mapped(abs))

    def snapshot(self) -> Snapshot:
        return Snapshot(
            now_s=self.now_s,
            site=self.site,
            meters={"main": self.reading} if self.reading is not None else {},
            stations={station.station_id: self._state(station) for station in self.stations},
            goals=self.goals,
        )

    def grid_a(self) -> PerPhase:
        """What flows through the main fuse now."""
        total_a = self.base_a - PerPhase.on(PHASES_OF[self.phases], self.sun_w / VOLTS / self.phases)
        for station in self.stations:
            car = self.cars[station.station_id]
            total_a = total_a + PerPhase.on(station.wiring[: car.phases], car.drawn_a)
        return total_a

    def limit_in_station(self, station: Station) -> float:
        """What the station works by: the newest accepted limit, or its fallback once the lease is over."""
        accepted = self._state(station).accepted
        if accepted is None or accepted.lease_ends_at_s < self.now_s:
            return station.fallback_a
        return accepted.limit_a

    def setpoint(self, station_id: str) -> Setpoint:
        assert self.decision is not None
        return self.decision.setpoints[station_id]

    def limit_a(self, station_id: str) -> float:
        return self.setpoint(station_id).limit_a

    def reason(self, station_id: str) -> LimitReason:
        return self.setpoint(station_id).reason.code

    def _deliver(self, setpoint: Setpoint) -> None:
        station_id = setpoint.station_id
        if station_id in self.offline:
            return
        outcome = SendOutcome.REJECTED if station_id in self.refusing else SendOutcome.ACCEPTED
        newest = next(reversed(self.sent.get(station_id, ())), None)
        same = newest is not None and (newest.limit_a, newest.outcome) == (setpoint.limit_a, outcome)
        if same and newest is not None and newest.lease_ends_at_s - self.now_s > self.policy.lease_s * 2 / 3:
            return
        limit = SentLimit(
            limit_a=setpoint.limit_a,
            phases=setpoint.phases,
            sent_at_s=self.now_s,
            lease_ends_at_s=self.now_s + self.policy.lease_s,
        ).settled(outcome, self.now_s)
        self.sent[station_id] = remembered((*self.sent.get(station_id, ()), limit), self.now_s)

    def _state(self, station: Station) -> StationState:
        car = self.cars[station.station_id]
        return StationState(
            station_id=station.station_id,
            connected=station.station_id not in self.offline,
            protocol="ocpp1.6",
            status=ConnectorStatus.CHARGING if car.drawn_a > 0 else ConnectorStatus.SUSPENDED_EVSE,
            in_transaction=True,
            car=car.last_report,
            sent=self.sent.get(station.station_id, ()),
            resident_fallback_a=station.fallback_a,
        )

    def _report(self, station: Station) -> None:
        car = self.cars[station.station_id]
        if int(self.now_s) % REPORT_EVERY_S == 0 and station.station_id not in self.offline:
            currents = tuple(car.drawn_a if i < car.phases else 0.0 for i in range(len(station.wiring)))
            car.last_report = CarReading(current_a=currents, taken_at_s=self.now_s, power_w=sum(currents) * VOLTS)

    def _read_meter(self) -> None:
        seen_a = self.grid_a()
        # A live meter never repeats itself.
        seen_a = seen_a.mapped(lambda amps: amps + 0.001 * (int(self.now_s) % 7))
        if self.meter_frozen and self.reading is not None:
            seen_a = self.reading.current_a
        self.reading = GridReading(current_a=seen_a, power_w=seen_a.total * VOLTS, taken_at_s=self.now_s)
