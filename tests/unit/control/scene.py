"""One look at a house for tests of single passes: what is known, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ems.control.memory import Memory, StationTimers
from ems.control.seen.trust import Health, MeterView
from ems.model.electrical import PHASES_OF, Circuit, CircuitTree, Fuse, FuseDevice, PerPhase
from ems.model.goals import ChargeMode, Goal
from ems.model.readings import BatteryReading, GridReading
from ems.model.site import Policy, Site, Station
from ems.model.snapshot import Snapshot
from ems.model.station import CarReading, ConnectorStatus, SendOutcome, SentLimit, StationState

NOW_S = 5_000.0
LEASE_S = 60.0

CALM = Memory(
    started_at_s=NOW_S - 1000,
    last_at_s=NOW_S - 1,
    timers={name: StationTimers(on_since_s=NOW_S - 500) for name in ("a", "b", "c")},
)
"""Control has run for long, and so have the cars."""

MAIN = Circuit(
    circuit_id="main",
    fuse=Fuse(rating_a=25.0, device=FuseDevice.MCB_B),
    phases=PHASES_OF[3],
    metered=True,
    largest_other_load_a=10.0,
)


STATION = Station(
    station_id="a",
    circuit_id="main",
    wiring=PHASES_OF[3],
    max_a=16.0,
    hardware_max_a=16.0,
    fallback_a=6.0,
    lease_verified=True,
    goal=Goal(mode=ChargeMode.FAST),
)


def limit(
    amps: float, *, ago_s: float, outcome: SendOutcome = SendOutcome.ACCEPTED, phases: int = 3, took_s: float = 0.0
) -> SentLimit:
    """A limit sent so long ago, and settled `took_s` later."""
    sent = SentLimit(
        limit_a=amps, phases=phases, sent_at_s=NOW_S - ago_s, lease_ends_at_s=NOW_S - ago_s + took_s + LEASE_S
    )
    return sent if outcome is SendOutcome.PENDING else sent.settled(outcome, NOW_S - ago_s + took_s)


def report(*amps: float, ago_s: float = 1.0) -> CarReading:
    """What the station said of its car."""
    return CarReading(current_a=amps, taken_at_s=NOW_S - ago_s)


def state(
    name: str = "a",
    *,
    sent: Iterable[SentLimit] = (),
    car: CarReading | None = None,
    connected: bool = True,
    status: ConnectorStatus | None = ConnectorStatus.CHARGING,
) -> StationState:
    """What the service knows of a station."""
    return StationState(station_id=name, connected=connected, status=status, sent=tuple(sent), car=car)


def grid(*amps: float, ago_s: float = 0.0) -> GridReading:
    """A sample of a meter, signed per phase."""
    current_a = PerPhase.of(amps)
    return GridReading(current_a=current_a, power_w=current_a.total * 230.0, taken_at_s=NOW_S - ago_s)


def look(
    stations: Iterable[Station],
    states: Iterable[StationState],
    *,
    meters: Mapping[str, GridReading] | None = None,
    circuits: tuple[Circuit, ...] = (MAIN,),
    goals: Mapping[str, Goal] | None = None,
    battery: BatteryReading | None = None,
    policy: Policy | None = None,
    commissioned: bool = True,
) -> Snapshot:
    """The house at `NOW_S`."""
    return Snapshot(
        now_s=NOW_S,
        site=Site(
            circuits=CircuitTree(circuits),
            stations=tuple(stations),
            policy=policy or Policy(),
            commissioned=commissioned,
        ),
        meters={} if meters is None else meters,
        stations={each.station_id: each for each in states},
        goals={} if goals is None else goals,
        battery=battery,
    )


def view(sample: GridReading | None, circuit_id: str = "main", *, health: Health = Health.GOOD) -> MeterView:
    """A meter as `judge_meters` would hand it on."""
    return MeterView(
        circuit_id=circuit_id,
        good=sample,
        age_s=None if sample is None else NOW_S - sample.taken_at_s,
        health=health,
        fresh=sample is not None,
        samples_to_go=0,
    )
