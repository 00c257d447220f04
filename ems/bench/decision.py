"""How long one whole cycle of control takes, by number of stations: a garage that charges under a lively house."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from ems.bench.figures import DecisionFigures, spread
from ems.clock import Clock
from ems.control.cycle import decide, work_out
from ems.control.guard import guard
from ems.control.memory import Memory
from ems.model.decision import Setpoint
from ems.model.electrical import NOMINAL_V, PHASES_OF, Circuit, CircuitTree, Fuse, PerPhase
from ems.model.goals import ChargeMode, Goal
from ems.model.readings import GridReading
from ems.model.site import Site, Station
from ems.model.snapshot import Snapshot
from ems.model.station import CarReading, ConnectorStatus, SendOutcome, SentLimit, StationState, remembered

SEED: Final = 2026
GROUP_SIZE: Final = 20
"""Stations behind one sub-panel."""

WARM_UP_CYCLES: Final = 40
"""Until meters are trusted and cars charge."""

MODES: Final = (ChargeMode.FAST, ChargeMode.SOLAR, ChargeMode.MIN_SOLAR)
"""Of the stations in turn."""

LEASE_S: Final = 60.0
START_S: Final = 1_000.0


def measure_decisions(sizes: Sequence[int], cycles: int, clock: Clock) -> list[DecisionFigures]:
    """One entry per number of stations, from so many cycles of a second each."""
    return [_measure_size(size, cycles, clock) for size in sizes]


def _measure_size(size: int, cycles: int, clock: Clock) -> DecisionFigures:
    site = bench_site(size)
    dice = random.Random(SEED + size)
    states = {station.station_id: plugged_in(station.station_id) for station in site.stations}
    memory = Memory.fresh(START_S)
    durations_s: list[float] = []
    guard_s: list[float] = []
    for cycle in range(WARM_UP_CYCLES + cycles):
        now = look_at(site, states, START_S + cycle, dice)
        began_s = clock.monotonic_s()
        turn = decide(now, memory)
        if cycle >= WARM_UP_CYCLES:
            durations_s.append(clock.monotonic_s() - began_s)
            guard_s.append(_guard_s(now, memory, clock))
        memory = turn.memory
        states = obeyed_by(states, turn.decision.setpoints, now.now_s)
    return DecisionFigures(stations=size, cycles=cycles, decide=spread(durations_s), guard=spread(guard_s))


def _guard_s(now: Snapshot, memory: Memory, clock: Clock) -> float:
    """How long the guard alone takes with what it got in that cycle."""
    at = work_out(now, memory)
    began_s = clock.monotonic_s()
    guard(at.calmed, now, memory, at.room, at.views, at.thermal, at.caps.keep, at.obedience)
    return clock.monotonic_s() - began_s


def bench_site(size: int) -> Site:
    """So many stations behind a main fuse that feeds half of them, in sub-panels of twenty where there are more."""
    rating_a = 25.0 if size <= 2 else 8.0 * size + 20.0
    main = Circuit(
        circuit_id="main", fuse=Fuse(rating_a=rating_a), phases=PHASES_OF[3], metered=True, largest_other_load_a=10.0
    )
    panels = [_panel(g) for g in range(math.ceil(size / GROUP_SIZE))] if size > GROUP_SIZE else []
    stations = [_station(i, f"panel{i // GROUP_SIZE}" if panels else "main") for i in range(size)]
    return Site(circuits=CircuitTree((main, *panels)), stations=tuple(stations))


def _panel(number: int) -> Circuit:
    return Circuit(
        circuit_id=f"panel{number}",
        fuse=Fuse(rating_a=160.0),
        phases=PHASES_OF[3],
        parent_id="main",
        largest_other_load_a=0.0,
    )


def _station(number: int, circuit_id: str) -> Station:
    return Station(
        station_id=f"s{number}",
        circuit_id=circuit_id,
        wiring=tuple(PHASES_OF[3][(number + place) % 3] for place in range(3)),
        lease_verified=True,
        goal=Goal(mode=MODES[number % len(MODES)]),
    )


def plugged_in(station_id: str) -> StationState:
    return StationState(
        station_id=station_id, connected=True, status=ConnectorStatus.CHARGING, in_transaction=True, connections=1
    )


def look_at(site: Site, states: Mapping[str, StationState], now_s: float, dice: random.Random) -> Snapshot:
    """The house with its cars as they draw, and a sun that comes and goes."""
    cars_a = PerPhase()
    for station in site.stations:
        car = states[station.station_id].car
        if car is not None:
            cars_a += PerPhase.on(station.wiring, car.current_a[0])
    sun_a = dice.uniform(4.0, 8.0) * (1 + len(site.stations) / 4)
    house_a = PerPhase(*(dice.uniform(1.0, 6.0) - sun_a for _ in range(3)))
    current_a = house_a + cars_a
    sample = GridReading(current_a=current_a, power_w=current_a.total * NOMINAL_V, taken_at_s=now_s - 0.01)
    return Snapshot(now_s=now_s, site=site, meters={"main": sample}, stations=states)


def obeyed_by(
    states: Mapping[str, StationState], setpoints: Mapping[str, Setpoint], now_s: float
) -> dict[str, StationState]:
    """Every station took its limit at once, and its car follows it."""
    obeyed = {}
    for station_id, state in states.items():
        wanted = setpoints[station_id]
        limit = SentLimit(
            limit_a=wanted.limit_a, phases=wanted.phases, sent_at_s=now_s, lease_ends_at_s=now_s + LEASE_S
        ).settled(SendOutcome.ACCEPTED, now_s)
        last = state.sent[-1] if state.sent else None
        due = last is None or last.limit_a != wanted.limit_a or now_s - last.sent_at_s > LEASE_S / 3
        drawn_a = tuple(wanted.limit_a if p < wanted.phases else 0.0 for p in range(3))
        obeyed[station_id] = replace(
            state,
            sent=remembered((*state.sent, limit), now_s) if due else state.sent,
            car=CarReading(current_a=drawn_a, taken_at_s=now_s),
        )
    return obeyed
