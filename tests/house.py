"""A small house for tests of control: no sockets, no clock, one step per second.

A calm house by default: the meter sees each second what the cars draw at the same instant, cars follow their limit
after a dead time, stations report every few seconds, and a message takes no time. `with_car(car=Car(...))`, the meter's
period and `message_delay_s` make it as unruly as a real one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from ems.control.cycle import decide
from ems.control.memory import Memory
from ems.model.decision import Decision, LimitReason, Setpoint
from ems.model.electrical import PHASES_OF, Circuit, CircuitTree, Fuse, PerPhase, Phase, Wiring
from ems.model.goals import ChargeMode, Goal
from ems.model.readings import GridReading
from ems.model.site import GridOperator, PeakTariff, Policy, Site, Station
from ems.model.snapshot import Snapshot
from ems.model.station import CarReading, ConnectorStatus, StationState
from tests.plant import VOLTS, Car, Lane

LOOK_EVERY_S = 2
"""Control looks this often although no meter speaks."""


@dataclass
class House:
    """Given a house; run it; look at what its stations got and what its fuse carried."""

    main_fuse_a: float = 25.0
    phases: int = 3
    sun_w: float = 0.0
    base_a: PerPhase = PerPhase(1.0, 1.0, 1.0)
    policy: Policy = Policy()
    commissioned: bool = True
    meter_period_s: int = 1
    message_delay_s: Callable[[], float] = lambda: 0.0
    circuits: list[Circuit] = field(default_factory=list)
    stations: list[Station] = field(default_factory=list)
    cars: dict[str, Car] = field(default_factory=dict)
    goals: dict[str, Goal] = field(default_factory=dict)
    states: dict[str, StationState] = field(default_factory=dict)
    """What a station says of itself, where it is not that of a car that charges or waits for current."""

    true_wiring: dict[str, Wiring] = field(default_factory=dict)
    """The house phases really behind a station, where nobody knows them."""

    circuit_base_a: dict[str, PerPhase] = field(default_factory=dict)
    """What everything but cars draws behind the fuse of a sub-circuit."""

    circuit_meter_period_s: dict[str, int] = field(default_factory=dict)
    contract_w: float | None = None
    max_imbalance_a: float | None = None
    grid_operator: GridOperator | None = None
    dimmed: bool | None = None
    peak: PeakTariff | None = None
    utc_s: float | None = None
    """Wall time now, where a tariff asks for it."""

    meter_works: bool = True
    meter_frozen: bool = False
    silent_meters: set[str] = field(default_factory=set)
    offline: set[str] = field(default_factory=set)
    refusing: set[str] = field(default_factory=set)
    mute: set[str] = field(default_factory=set)
    """Stations that take limits without saying so."""

    def __post_init__(self) -> None:
        self.now_s = 1000.0
        self.memory = Memory.fresh(self.now_s)
        self.lanes: dict[str, Lane] = {}
        self.readings: dict[str, GridReading] = {}
        self.decision: Decision | None = None
        self.grid_max_a = PerPhase()
        self.history: list[tuple[float, dict[str, float]]] = []
        self._site: Site | None = None
        self._was_offline: set[str] = set()
        self.came: dict[str, tuple[float, float | None]] = {}
        """When a station last came back, and the fallback current that it is known to have kept."""

    def with_car(
        self,
        station_id: str,
        *,
        mode: ChargeMode = ChargeMode.SOLAR,
        wiring: Wiring = tuple(Phase),
        max_a: float = 16.0,
        fallback_a: float = 6.0,
        priority: int = 0,
        circuit_id: str = "main",
        appetite_a: float = 32.0,
        car_phases: int = 3,
        step_a: float = 0.1,
        car: Car | None = None,
        lease_verified: bool = True,
        hardware_max_a: float | None = None,
        wiring_known: bool = True,
        can_switch_phases: bool = False,
    ) -> House:
        """A station with a car that wants to charge."""
        station = Station(
            station_id=station_id,
            circuit_id=circuit_id,
            wiring=wiring,
            wiring_known=wiring_known,
            can_switch_phases=can_switch_phases,
            max_a=max_a,
            hardware_max_a=max_a if hardware_max_a is None else hardware_max_a,
            fallback_a=fallback_a,
            lease_verified=lease_verified,
            step_a=step_a,
            goal=Goal(mode=mode, priority=priority),
        )
        self.stations.append(station)
        self.cars[station_id] = car or Car(phases=min(car_phases, len(wiring)), appetite_a=appetite_a)
        self.lanes[station_id] = Lane(station, self.policy.lease_s)
        return self

    def with_circuit(
        self,
        circuit_id: str,
        fuse_a: float,
        parent_id: str = "main",
        *,
        meter_period_s: int | None = None,
        phases: Wiring | None = None,
    ) -> House:
        """A fuse below the main one; with a meter of its own where that has a period."""
        self.circuits.append(
            Circuit(
                circuit_id=circuit_id,
                fuse=Fuse(rating_a=fuse_a),
                parent_id=parent_id,
                phases=phases or PHASES_OF[self.phases],
                metered=meter_period_s is not None,
                largest_other_load_a=0.0,
            )
        )
        if meter_period_s is not None:
            self.circuit_meter_period_s[circuit_id] = meter_period_s
        return self

    @property
    def site(self) -> Site:
        if self._site is None or len(self._site.stations) != len(self.stations):
            self._site = self._built()
        return self._site

    def run(self, seconds: float = 0, minutes: float = 0) -> House:
        for _ in range(int(seconds + 60 * minutes)):
            self.step()
        return self

    def step(self) -> None:
        """One second."""
        self.now_s += 1.0
        self.utc_s = None if self.utc_s is None else self.utc_s + 1.0
        self._come_back()
        for station in self.stations:
            if station.station_id not in self.offline:
                self.cars[station.station_id].report(self.now_s, len(station.wiring))
        if self._read_meters() or int(self.now_s) % LOOK_EVERY_S == 0:
            self._decide()
        for station in self.stations:
            self._send(station.station_id)
            phases = self.lanes[station.station_id].phases_in_station
            self.cars[station.station_id].step(self.limit_in_station(station), phases)
        self.grid_max_a = self.grid_max_a.upper(self.grid_a().mapped(abs))

    def unplug(self, station_id: str) -> None:
        """The car leaves; its station says so at once."""
        car, station = self.cars[station_id], self.site.station(station_id)
        car.appetite_a = car.drawn_a = 0.0
        nothing = CarReading(current_a=(0.0,) * len(station.wiring), taken_at_s=self.now_s, power_w=0.0)
        car.last_report = nothing
        self.states[station_id] = StationState(station_id=station_id, status=ConnectorStatus.AVAILABLE)

    def reboot(self, station_id: str) -> None:
        """The station forgets every limit and lets its car draw all that it can, and says so to us at once."""
        self.lanes[station_id].rebooted()
        self.came[station_id] = (self.now_s, None)

    def restart(self, absent: Iterable[str] = ()) -> None:
        """The service begins anew with no memory; of the `absent` stations it has heard nothing yet.

        They all go on under the leases of its earlier life, and then fall back.
        """
        self.memory = Memory.fresh(self.now_s)
        for station in self.stations:
            self.lanes[station.station_id].begun_anew()
            self.cars[station.station_id].last_report = None
        self.readings, self.came = {}, {}
        self.offline = set(absent)
        self._was_offline = set()

    def snapshot(self) -> Snapshot:
        return Snapshot(
            now_s=self.now_s,
            site=self.site,
            meters=dict(self.readings),
            stations={station.station_id: self.state_of(station) for station in self.stations},
            goals=dict(self.goals),
            dimmed=self.dimmed,
            utc_s=self.utc_s,
        )

    def grid_a(self) -> PerPhase:
        """What flows through the main fuse now."""
        return self.flow_a("main")

    def house_a(self, circuit_id: str = "main") -> PerPhase:
        """What everything but cars draws through that fuse, sun included."""
        below = [c for c in self.site.circuits if self.site.circuits.feeds(circuit_id, c.circuit_id)]
        total_a = sum((self.circuit_base_a.get(c.circuit_id, PerPhase()) for c in below), start=PerPhase())
        if circuit_id == "main":
            total_a = total_a + self.base_a - PerPhase.on(PHASES_OF[self.phases], self.sun_w / VOLTS / self.phases)
        return total_a

    def flow_a(self, circuit_id: str) -> PerPhase:
        """What flows through that fuse now."""
        return sum((self.car_a(s) for s in self.site.below(circuit_id)), start=self.house_a(circuit_id))

    def car_a(self, station: Station) -> PerPhase:
        """What the car draws now, on the phases that its station is really wired to."""
        car = self.cars[station.station_id]
        wiring = self.true_wiring.get(station.station_id, station.wiring)
        return PerPhase.on(wiring[: car.loaded_phases], car.drawn_a)

    def limit_in_station(self, station: Station) -> float:
        """What the station works by: the newest limit that it took, or its fallback once the lease is over."""
        return self.lanes[station.station_id].limit_in_station(self.now_s)

    def setpoint(self, station_id: str) -> Setpoint:
        assert self.decision is not None
        return self.decision.setpoints[station_id]

    def limit_a(self, station_id: str) -> float:
        return self.setpoint(station_id).limit_a

    def reason(self, station_id: str) -> LimitReason:
        return self.setpoint(station_id).reason.code

    def state_of(self, station: Station) -> StationState:
        """What the service knows of a station."""
        station_id = station.station_id
        car = self.cars[station_id]
        charging = StationState(
            station_id=station_id,
            protocol="ocpp1.6",
            status=ConnectorStatus.CHARGING if car.drawn_a > 0 else ConnectorStatus.SUSPENDED_EVSE,
            in_transaction=True,
        )
        came_at_s, kept_a = self.came.get(station_id, (None, None))
        return replace(
            self.states.get(station_id, charging),
            connected=station_id not in self.offline,
            came_at_s=came_at_s,
            kept_a=kept_a,
            car=car.last_report,
            sent=self.lanes[station_id].sent,
        )

    def _built(self) -> Site:
        main = Circuit(
            circuit_id="main",
            fuse=Fuse(rating_a=self.main_fuse_a),
            phases=PHASES_OF[self.phases],
            metered=True,
            largest_other_load_a=10.0,
            max_power_w=self.contract_w,
        )
        return Site(
            circuits=CircuitTree((main, *self.circuits)),
            stations=tuple(self.stations),
            policy=self.policy,
            commissioned=self.commissioned,
            meter_period_s={"main": self.meter_period_s, **self.circuit_meter_period_s},
            max_imbalance_a=self.max_imbalance_a,
            peak=self.peak,
            grid_operator=self.grid_operator,
        )

    def _decide(self) -> None:
        turn = decide(self.snapshot(), self.memory)
        self.memory, self.decision = turn.memory, turn.decision
        self.history.append((self.now_s, {s: p.limit_a for s, p in turn.decision.setpoints.items()}))
        for station_id, setpoint in turn.decision.setpoints.items():
            if station_id not in self.offline:
                self.lanes[station_id].ask(setpoint, self.now_s)

    def _come_back(self) -> None:
        for station_id in self._was_offline - self.offline:
            self.lanes[station_id].reconnected()
            self.came[station_id] = (self.now_s, self.site.station(station_id).fallback_a)
        self._was_offline = set(self.offline)

    def _send(self, station_id: str) -> None:
        self.lanes[station_id].step(
            self.now_s,
            delay_s=self.message_delay_s(),
            online=station_id not in self.offline,
            refuses=station_id in self.refusing,
            answer_lost=station_id in self.mute,
        )

    def _read_meters(self) -> bool:
        """Whether any meter spoke."""
        spoke = False
        for circuit_id, period_s in {"main": self.meter_period_s, **self.circuit_meter_period_s}.items():
            if self.meter_works and circuit_id not in self.silent_meters and int(self.now_s) % period_s == 0:
                self.readings[circuit_id] = self._sample(circuit_id)
                spoke = True
        return spoke

    def _sample(self, circuit_id: str) -> GridReading:
        # A live meter never repeats itself.
        seen_a = self.flow_a(circuit_id).mapped(lambda amps: amps + 0.001 * (int(self.now_s) % 7))
        before = self.readings.get(circuit_id)
        if self.meter_frozen and before is not None:
            seen_a = before.current_a
        return GridReading(current_a=seen_a, power_w=seen_a.total * VOLTS, taken_at_s=self.now_s)
