"""One cycle: from a look at the house to a limit for every station. No clock, no log, no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ems.control.demand import Demand, demands, phases_used
from ems.control.goal import hurried, pace_notices, pace_of_goals, usual_house
from ems.control.guard import Guarded, guard
from ems.control.guarding.thermal import thermal_images
from ems.control.headroom import Headroom, headroom, usable
from ems.control.memory import Memory, MeterTrust, RowKey
from ems.control.pace import Pace
from ems.control.seen.alarms import alarm_notices
from ems.control.seen.blind import without_sight
from ems.control.seen.draw import Draws
from ems.control.seen.learn import NOTHING, Learned, learn
from ems.control.seen.obedience import Obedience, escalations, judge_all, notices
from ems.control.seen.peculiar import as_known
from ems.control.seen.refusal import ended, judge_refusals, refusal_notices, refusal_steps
from ems.control.seen.refused import Refusing
from ems.control.seen.trust import MeterView, flip_notices, judge_meters
from ems.control.seen.upstream import upstream_notices
from ems.control.seen.wiring import wiring_notices
from ems.control.settle import calm, take_turns
from ems.control.sharing.bounds import Bounds, bounds
from ems.control.sharing.rows import Row, Share
from ems.control.sun.battery_first import with_battery_named
from ems.control.sun.kept import with_stop_named
from ems.control.sun.sun_cars import SunPlan, plan_sun
from ems.control.sun.surplus import Surplus, surplus, voltage_v
from ems.control.timers import charging_since_s, timers_after
from ems.model.decision import CircuitLoad, Decision, LimitReason, Reason, Setpoint
from ems.model.electrical import PerPhase, Wiring
from ems.model.quick import quick
from ems.model.site import Station
from ems.model.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Turn:
    """What one cycle yields: the decision, and what the next cycle must know."""

    decision: Decision
    memory: Memory


def decide(now: Snapshot, memory: Memory) -> Turn:
    """Turn one look at the house into set-points."""
    now = as_known(now)
    stages = work_out(now, memory)
    guarded, sun = stages.guarded, stages.sun
    decision = Decision(
        at_s=now.now_s,
        setpoints=guarded.setpoints,
        circuits=_loads(now, stages.room, stages.views),
        surplus_w=sun.surplus_w,
        escalations={**refusal_steps(stages.refusing), **escalations(stages.obedience)},
        notices=(
            *guarded.notices,
            *notices(stages.obedience),
            *refusal_notices(stages.refusing),
            *flip_notices(stages.trust),
            *pace_notices(now, stages.paces),
            *wiring_notices(now.site),
            *upstream_notices(now),
            *alarm_notices(now),
        ),
    )
    remembered = Memory(
        started_at_s=memory.started_at_s,
        last_at_s=now.now_s,
        trust=stages.trust,
        house_a=stages.room.house_a,
        held_a=stages.room.held_a,
        given_a=stages.room.given_a,
        house_w=sun.house_w,
        surplus_w=sun.surplus_w,
        room_since_s=guarded.room_since_s,
        timers=timers_after(now, memory, guarded),
        learned=stages.learned,
        regrets=stages.plan.regrets,
        thermal=stages.thermal,
        obedience=stages.obedience,
        refusing=stages.refusing,
        peak=stages.caps.peak,
        paces=stages.paces,
        usual_a=stages.usual_a,
    )
    return Turn(decision, remembered)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """One cycle step by step: what `decide` keeps the end of, and `explain` tells in full."""

    views: Mapping[str, MeterView]
    trust: Mapping[str, MeterTrust]
    room: Headroom
    sun: Surplus
    learned: Mapping[str, Learned]
    thermal: Mapping[RowKey, float]
    obedience: Mapping[str, Obedience]
    refusing: Mapping[str, Refusing]
    usual_a: Mapping[RowKey, float]
    paces: Mapping[str, Pace]
    caps: Bounds
    plan: SunPlan
    wishes: Mapping[str, Demand]
    rows: Sequence[Row]
    shares: Mapping[str, Share]
    calmed: Mapping[str, Setpoint]
    guarded: Guarded


def work_out(now: Snapshot, memory: Memory) -> Stages:
    """All steps of one cycle, in their order (design §4)."""
    now = as_known(now)
    views, trust = judge_meters(now, memory)
    main = views.get(now.site.circuits.main.circuit_id)
    volts = voltage_v(main.good if main is not None else None)
    obedience = judge_all(now, memory.obedience)
    unruly = frozenset(station_id for station_id, each in obedience.items() if each.is_ignoring)
    draws = Draws(now, memory, unruly)
    learned = learn(now, memory.learned, charging_since_s(memory))
    measured = {station_id: each.phases for station_id, each in learned.items() if each.phases is not None}
    room = headroom(now, memory, views, draws, unruly, measured)
    usual_a = usual_house(now, memory, room)
    paces = pace_of_goals(now, memory, usual_a, learned, volts)
    now = hurried(now, paces)
    sun = surplus(now, memory, main, draws, learned)
    wishes = without_sight(demands(now, learned), views, now, room.unseen_a)
    plan = plan_sun(wishes, now, memory, room, sun.surplus_w, learned, volts)
    turns = take_turns(plan.wishes, memory, now, room)
    caps = bounds(now, memory, views, room, turns, learned, volts)
    rows, shares = _shared(now, turns, room, sun, plan, learned, volts, caps)
    calmed = with_battery_named(with_stop_named(calm(shares, turns, now), plan, sun.surplus_w, now.site.policy), now)
    thermal = thermal_images(now, memory, views, room)
    guarded = guard(calmed, now, memory, room, views, thermal, caps.keep, obedience)
    refusing = judge_refusals(now, memory.refusing, room, views, thermal)
    if refusing:
        guarded = replace(guarded, setpoints=ended(guarded.setpoints, refusing))
    return Stages(
        views=views,
        trust=trust,
        room=room,
        sun=sun,
        learned=learned,
        thermal=thermal,
        obedience=obedience,
        refusing=refusing,
        usual_a=usual_a,
        paces=paces,
        caps=caps,
        plan=plan,
        wishes=turns,
        rows=rows,
        shares=shares,
        calmed=calmed,
        guarded=guarded,
    )


def _shared(
    now: Snapshot,
    turns: Mapping[str, Demand],
    room: Headroom,
    sun: Surplus,
    plan: SunPlan,
    learned: Mapping[str, Learned],
    volts: PerPhase,
    caps: Bounds,
) -> tuple[Sequence[Row], dict[str, Share]]:
    """What the fuses and the sun allow, and what each car gets of it under the caps."""
    candidates = [wish.candidate for wish in turns.values() if wish.candidate is not None]
    if not candidates:
        return (), {}
    fuses = fuse_rows(now, turns, room)
    rows = [*fuses, *sun_rows(now, turns, sun.surplus_w, plan, learned, volts)]
    shares = caps.share(candidates, rows)
    refused = frozenset(name for name in plan.least_w if name in shares and shares[name].limit_a == 0.0)
    if refused:
        # What the sun lent to their minimums is not for others to buy.
        rows = [*fuses, *sun_rows(now, turns, sun.surplus_w, plan, learned, volts, refused)]
        shares = caps.share(candidates, rows)
    return rows, shares


def fuse_rows(now: Snapshot, wishes: Mapping[str, Demand], room: Headroom) -> list[Row]:
    """A row per circuit and phase. Held peaks keep limits from rising, but never push down what is granted."""
    claims = {s.station_id: _claim(s, wishes[s.station_id], now, room) for s in now.site.stations}
    rows = []
    for (circuit_id, phase), spot in room.rooms.items():
        granted_a = taken_a = 0.0
        weights: dict[str, float] = {}
        wired = now.site.on_phase(circuit_id, phase)
        for station in wired:
            claim = claims[station.station_id]
            granted_a += claim.granted_a[phase]
            taken_a += claim.taken_a[phase]
            if phase in claim.loads:
                weights[station.station_id] = 1.0
        if not weights:
            continue
        now_a = spot.now_a
        keeps_a = min(granted_a, now_a - taken_a + room.spared_a(spot, wired))
        cap_a = max(keeps_a, min(now_a, spot.for_raises_a) - taken_a)
        reason = spot.reason if cap_a >= now_a - taken_a else spot.raise_reason
        rows.append(Row(cap=cap_a, weights=weights, reason=reason))
    return rows


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """What one station has of each phase before the sharing."""

    granted_a: PerPhase = PerPhase()
    """Of a car that takes part in the sharing."""

    taken_a: PerPhase = PerPhase()
    """Of one that does not: it rests at a current of its own, or nobody can tell it anything."""

    loads: Wiring = ()
    """The phases that its share will load."""


_NO_CLAIM: Final = _Claim()


def _claim(station: Station, wish: Demand, now: Snapshot, room: Headroom) -> _Claim:
    station_id = station.station_id
    if station_id in room.unruly or not now.state_of(station_id).connected:
        return _Claim(taken_a=room.ceilings_a[station_id])
    loads = room.loaded(station, wish.phases)
    if wish.candidate is None:
        return _Claim(taken_a=PerPhase.on(loads, wish.rest_a)) if wish.rest_a > 0 else _NO_CLAIM
    limit = room.commanded[station_id]
    if limit is None or limit.limit_a == 0.0:
        return _Claim(loads=loads)
    return _Claim(granted_a=PerPhase.on(room.loaded(station, limit.phases), limit.limit_a), loads=loads)


def sun_rows(
    now: Snapshot,
    wishes: Mapping[str, Demand],
    sun_w: float | None,
    plan: SunPlan,
    learned: Mapping[str, Learned],
    volts: PerPhase,
    refused: frozenset[str] = frozenset(),
) -> Sequence[Row]:
    """The surplus, in watts, over all cars that follow the sun and draw.

    Never less than the minimums of the pattern, but for those that a fuse has `refused`.
    """
    weights: dict[str, float] = {}
    for station in now.site.stations:
        wish = wishes[station.station_id]
        if wish.candidate is not None and wish.follows_sun and wish.draws:
            used = phases_used(station, wish.phases, learned.get(station.station_id, NOTHING))
            weights[station.station_id] = volts.sum_over(station.wiring[:used])
    if not weights:
        return []
    reason = Reason(code=LimitReason.SOLAR_SURPLUS, surplus_w=sun_w)
    counted = weights.keys() - refused
    least_w = sum([watts for station_id, watts in plan.least_w.items() if station_id in counted])
    extra_w = sum([watts for station_id, watts in plan.extra_w.items() if station_id in counted])
    cap_w = max(sun_w or 0.0, least_w) + extra_w
    return [Row(cap=cap_w, weights=weights, reason=reason, yields_to_must=True)]


def _loads(now: Snapshot, room: Headroom, views: Mapping[str, MeterView]) -> dict[str, CircuitLoad]:
    loads = {}
    for circuit in now.site.circuits:
        house_a, held_a = [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]
        for phase in circuit.phases:
            spot = room.rooms[circuit.circuit_id, phase]
            house_a[phase], held_a[phase] = spot.house_a, spot.held_a
        view = views.get(circuit.circuit_id)
        loads[circuit.circuit_id] = CircuitLoad(
            circuit_id=circuit.circuit_id,
            usable_a=usable(circuit, now.site.policy.hold_fraction),
            measured_a=view.good.current_a if view is not None and view.good is not None else None,
            house_a=PerPhase(*house_a),
            held_a=PerPhase(*held_a),
            meter_age_s=view.age_s if view is not None else None,
        )
    return loads
