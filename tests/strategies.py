"""Random houses for the laws of control."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from ems.control.cycle import decide
from ems.control.memory import Memory
from ems.model.electrical import PHASES_OF, Circuit, CircuitTree, Fuse, PerPhase, Phase, Wiring
from ems.model.goals import ChargeMode, Goal
from ems.model.readings import BatteryReading, GridReading
from ems.model.site import Site, Station
from ems.model.snapshot import Snapshot
from ems.model.station import CarReading, ConnectorStatus, SendOutcome, SentLimit, StationState

NOW_S = 5_000.0
IDS = ("a", "b", "c", "d")

amps = st.floats(-40, 40)
per_phase = st.builds(PerPhase, amps, amps, amps)
wirings: st.SearchStrategy[Wiring] = st.sampled_from(
    [
        (Phase.L1, Phase.L2, Phase.L3),
        (Phase.L2, Phase.L3, Phase.L1),
        (Phase.L3, Phase.L1, Phase.L2),
        (Phase.L1,),
        (Phase.L2,),
        (Phase.L3,),
    ]
)


@st.composite
def sent_limits(draw: st.DrawFn, phases: int, least_a: float = 6.0) -> tuple[SentLimit, ...]:
    """A record as dispatch keeps it: in order, at most the last one pending."""
    limits = []
    at_s = NOW_S - draw(st.floats(0, 200))
    for i in range(draw(st.integers(0, 4))):
        at_s = min(NOW_S, at_s + draw(st.floats(0.1, 60)))
        outcomes = [SendOutcome.ACCEPTED, SendOutcome.REJECTED, SendOutcome.UNANSWERED]
        limit = SentLimit(
            limit_a=draw(st.sampled_from([0.0, least_a, 8.5, 10.0, 16.0])),
            phases=draw(st.sampled_from([1, phases])),
            sent_at_s=at_s,
            lease_ends_at_s=at_s + 60.0,
        )
        if i == 3 and draw(st.booleans()):
            limits.append(limit)
            break
        at_s = min(NOW_S, at_s + draw(st.floats(0.0, 5)))
        limits.append(limit.settled(draw(st.sampled_from(outcomes)), at_s))
    return tuple(limits)


@st.composite
def stations(draw: st.DrawFn, station_id: str) -> tuple[Station, StationState]:
    wiring = draw(wirings)
    min_a = draw(st.sampled_from([6.0, 6.0, 8.0]))
    max_a = draw(st.sampled_from([min_a, 10.0, 16.0, 32.0]))
    station = Station(
        station_id=station_id,
        circuit_id=draw(st.sampled_from(["main", "garage"])),
        wiring=wiring,
        wiring_known=draw(st.booleans()),
        can_switch_phases=draw(st.booleans()),
        min_a=min_a,
        max_a=max_a,
        hardware_max_a=draw(st.sampled_from([max_a, 32.0])),
        fallback_a=draw(st.sampled_from([0.0, min_a])),
        step_a=draw(st.sampled_from([0.1, 1.0])),
        lease_verified=draw(st.booleans()),
        goal=Goal(mode=draw(st.sampled_from(list(ChargeMode))), priority=draw(st.integers(0, 2))),
        vehicle_phases=draw(st.sampled_from([None, 1, 3])),
    )
    car = CarReading(current_a=tuple(draw(st.floats(0, 33)) for _ in wiring), taken_at_s=NOW_S - draw(st.floats(0, 60)))
    state = StationState(
        station_id=station_id,
        connected=draw(st.booleans()),
        status=draw(st.sampled_from([None, *ConnectorStatus])),
        in_transaction=draw(st.booleans()),
        car=draw(st.sampled_from([None, car])),
        sent=draw(sent_limits(len(wiring), min_a)),
    )
    return station, state


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    main = Circuit(
        circuit_id="main",
        fuse=Fuse(rating_a=draw(st.sampled_from([16.0, 25.0, 63.0]))),
        phases=PHASES_OF[3],
        reserve_a=draw(st.sampled_from([0.0, 2.0])),
        metered=True,
        largest_other_load_a=draw(st.sampled_from([None, 10.0])),
    )
    garage = Circuit(
        circuit_id="garage",
        fuse=Fuse(rating_a=20.0),
        parent_id="main",
        phases=PHASES_OF[3],
        metered=draw(st.booleans()),
        largest_other_load_a=0.0,
    )
    built = [draw(stations(station_id)) for station_id in IDS[: draw(st.integers(1, 4))]]
    meters = {}
    for circuit in (main, garage):
        if circuit.metered and draw(st.booleans()):
            current_a = draw(per_phase)
            meters[circuit.circuit_id] = GridReading(
                current_a=current_a, power_w=current_a.total * 230.0, taken_at_s=NOW_S - draw(st.floats(0, 20))
            )
    return Snapshot(
        now_s=NOW_S,
        site=Site(
            circuits=CircuitTree((main, garage)),
            stations=tuple(station for station, _ in built),
            commissioned=draw(st.sampled_from([True, True, True, False])),
        ),
        meters=meters,
        stations={state.station_id: state for _, state in built},
        battery=draw(st.sampled_from([None, BatteryReading(power_w=800.0, taken_at_s=NOW_S)])),
    )


@st.composite
def memories(draw: st.DrawFn, look: Snapshot) -> Memory:
    """What control may remember at that look: a few turns of the same house before it."""
    memory = Memory.fresh(NOW_S - draw(st.sampled_from([0.0, 40.0, 500.0])))
    turns = draw(st.sampled_from([0, 1, 12]))
    for i in range(turns):
        earlier = _aged(look, turns - i)
        memory = decide(earlier, memory).memory
    return memory


def _aged(look: Snapshot, by_s: float) -> Snapshot:
    return replace(
        look,
        now_s=look.now_s - by_s,
        meters={
            circuit_id: replace(
                reading,
                taken_at_s=reading.taken_at_s - by_s,
                current_a=reading.current_a + PerPhase(0.01 * by_s, 0.0, 0.0),
            )
            for circuit_id, reading in look.meters.items()
        },
    )


@st.composite
def looks(draw: st.DrawFn) -> tuple[Snapshot, Memory]:
    """A house at one instant, and what control remembers of it."""
    look = draw(snapshots())
    return look, draw(memories(look))
