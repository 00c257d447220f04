"""A house as the ledger sees it: powers and registers that a test sets, second by second."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from ems.model.battery import BatteryStanding
from ems.model.decision import CircuitLoad, Decision, Escalation, Setpoint
from ems.model.electrical import PHASES_OF, Circuit, CircuitTree, Fuse, PerPhase
from ems.model.readings import BatteryReading, GridReading, SolarReading
from ems.model.site import Site, Station
from ems.model.snapshot import Snapshot
from ems.model.station import CarReading, ConnectorStatus, StationState
from ems.model.tariff import Tariff
from ems.runtime.ledger import Ledger
from ems.runtime.terms import Terms
from ems.store.entries import LedgerState, Page, SessionEntry, Step

NOON_S = datetime(2026, 6, 21, 12, tzinfo=UTC).timestamp()


@dataclass
class Yard:
    """Set what flows, let time pass, look at the ledger and its pages."""

    stations: tuple[str, ...] = ("garage",)
    zone: tzinfo = UTC
    tariff: Tariff | None = None
    inverters: int = 1
    has_battery: bool = False
    kept: LedgerState | None = None
    write: Callable[[Page], None] | None = None
    """Where pages go; kept here when left out."""

    meter_period_s: float = 1.0
    now_s: float = 1000.0
    utc_s: float = NOON_S
    grid_w: float | None = 0.0
    """None: the meter is silent."""

    solar_w: float | None = 0.0
    battery_w: float | None = None
    ordered: BatteryStanding | None = None
    cars_w: dict[str, float] = field(default_factory=dict)
    registers_kwh: dict[str, float] = field(default_factory=dict)
    import_kwh: float | None = None
    export_kwh: float | None = None
    plugged: set[str] = field(default_factory=set)
    offline: set[str] = field(default_factory=set)
    setpoints: dict[str, Setpoint] = field(default_factory=dict)
    escalations: dict[str, Escalation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pages: list[Page] = []
        self._ids = iter(range(1_000_000))
        self._reading: GridReading | None = None
        self._cars: dict[str, CarReading] = {}
        main = Circuit(circuit_id="main", fuse=Fuse(rating_a=25.0), phases=PHASES_OF[3], metered=True)
        self.site = Site(
            circuits=CircuitTree((main,)),
            stations=tuple(Station(station_id=name, circuit_id="main", wiring=PHASES_OF[3]) for name in self.stations),
            meter_period_s={"main": self.meter_period_s},
            inverters=self.inverters,
            has_battery=self.has_battery,
        )
        self.ledger = self._opened(self.kept)

    def restart(self, *, after_s: float = 0.0, new_machine_time: bool = False) -> Yard:
        """Another run of the service, from the last state that was handed on."""
        self.now_s = 50.0 if new_machine_time else self.now_s + after_s
        self.utc_s += after_s
        self._reading = None
        self._cars.clear()
        self.ledger = self._opened(self.state)
        return self

    def run(self, seconds: float = 0, minutes: float = 0, *, step_s: float = 1.0) -> Yard:
        for _ in range(round((seconds + 60 * minutes) / step_s)):
            self.step(step_s)
        return self

    def step(self, seconds: float = 1.0) -> None:
        """Let time pass, then look."""
        self.now_s += seconds
        self.utc_s += seconds
        self.look()

    def look(self) -> None:
        if self.grid_w is not None:
            self._reading = GridReading(
                current_a=PerPhase(self.grid_w / 690, self.grid_w / 690, self.grid_w / 690),
                power_w=self.grid_w,
                taken_at_s=self.now_s,
                energy_import_kwh=self.import_kwh,
                energy_export_kwh=self.export_kwh,
            )
        self.ledger.watch(self._snapshot(), self._decision())

    @property
    def state(self) -> LedgerState | None:
        """The newest that was handed on."""
        return next((page.state for page in reversed(self.pages) if page.state is not None), None)

    @property
    def told(self) -> list[str]:
        """Kinds of the events that were handed on, in their order."""
        return [event.kind for page in self.pages for event in page.events]

    @property
    def minutes(self) -> list[Step]:
        """As they stand in the books, oldest first."""
        newest = {step.at_utc_s: step for page in self.pages for step in page.minutes}
        return [newest[at] for at in sorted(newest)]

    @property
    def sessions(self) -> list[SessionEntry]:
        """As they stand in the books, oldest first."""
        newest = {entry.session_id: entry for page in self.pages for entry in page.sessions}
        return sorted(newest.values(), key=lambda entry: entry.began_utc_s)

    def kwh_in_minutes(self, flow: str) -> float:
        return sum(getattr(step.flows, flow) or 0.0 for step in self.minutes) / 1000.0

    def _opened(self, kept: LedgerState | None) -> Ledger:
        terms = Terms(
            zone=self.zone,
            tariff=self.tariff,
            vehicles={"garage": "family"},
            ended_because=lambda _: "EVDisconnected",
            new_id=lambda: f"session {next(self._ids)}",
        )
        return Ledger(self.site, terms, self.write or self.pages.append, kept=kept)

    def _snapshot(self) -> Snapshot:
        return Snapshot(
            now_s=self.now_s,
            utc_s=self.utc_s,
            site=self.site,
            meters={} if self._reading is None else {"main": self._reading},
            stations={name: self._station(name) for name in self.stations},
            solar=None if self.solar_w is None else SolarReading(power_w=self.solar_w, taken_at_s=self.now_s),
            battery=None
            if self.battery_w is None
            else BatteryReading(power_w=self.battery_w, taken_at_s=self.now_s, soc=0.5),
            ordered=self.ordered,
        )

    def _station(self, name: str) -> StationState:
        online = name not in self.offline
        if online:
            power_w = self.cars_w.get(name, 0.0)
            self._cars[name] = CarReading(
                current_a=(power_w / 690,) * 3,
                taken_at_s=self.now_s,
                power_w=power_w,
                energy_kwh=self.registers_kwh.get(name),
            )
        plugged = name in self.plugged
        return StationState(
            station_id=name,
            connected=online,
            status=ConnectorStatus.CHARGING if plugged else ConnectorStatus.AVAILABLE,
            in_transaction=plugged,
            car=self._cars.get(name),
        )

    def _decision(self) -> Decision:
        reading = self._reading
        load = CircuitLoad(
            circuit_id="main",
            usable_a=20.0,
            measured_a=None if reading is None else reading.current_a,
            house_a=PerPhase(),
            held_a=PerPhase(),
            meter_age_s=None if reading is None else self.now_s - reading.taken_at_s,
        )
        return Decision(
            at_s=self.now_s,
            setpoints=dict(self.setpoints),
            circuits={"main": load},
            escalations=dict(self.escalations),
        )


def energy(entries: Iterable[SessionEntry]) -> list[float]:
    """kWh of each, rounded."""
    return [round(entry.energy_kwh, 3) for entry in entries]
