"""The last word before the wire: lowers set-points, never raises one (`control.md` §4 and §6).

In this order: nothing above 6 A on one phase before the fuse is stated; fallback currents while a meter is lost; what
must come down comes down at once, in inverse priority; what may go up goes up slowly, into room that has been there
for a while and that no other car may still be using.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ems.control.guarding.raising import raise_slowly
from ems.control.guarding.reaction import reaction_s
from ems.control.guarding.thermal import time_to_trip_s
from ems.control.headroom import Headroom, Room
from ems.control.memory import Memory, RowKey
from ems.control.seen.in_force import is_stuck, lowered_at_s, phases_allowed
from ems.control.seen.obedience import SOUND, Obedience, suspended
from ems.control.seen.trust import Health, MeterView, worst_health
from ems.control.settle import rounded_down
from ems.model.decision import LimitReason, Notice, NoticeCode, Reason, Setpoint
from ems.model.electrical import PerPhase
from ems.model.quick import quick
from ems.model.site import Station
from ems.model.snapshot import Snapshot

UNCOMMISSIONED_A: Final = 6.0
"""Design §6, last row."""

NO_ROOM: Final = frozenset({LimitReason.MAIN_FUSE, LimitReason.CIRCUIT_FUSE, LimitReason.PRIORITY})
"""Why the sharing stops a car that the guard would have to stop otherwise."""

SHOWS_LATER_S: Final = 2.0
"""Beside the car's reaction time, until a meter shows that a limit was followed (`control.md` §4)."""

HAIR_A: Final = 1e-6
"""Rounding of sums of amps."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """Set-points that may go out, and what the guard wants remembered."""

    setpoints: Mapping[str, Setpoint]
    room_since_s: Mapping[RowKey, float]
    shed: frozenset[str]
    """Stations that it stopped in this cycle."""

    squeezed: frozenset[str] = frozenset()
    """Stations that the sharing stopped for a fuse. They wait as long and need no margin: their place is kept free, and
    a margin would leave it unused."""

    notices: tuple[Notice, ...] = ()


def guard(
    wanted: Mapping[str, Setpoint],
    now: Snapshot,
    memory: Memory,
    room: Headroom,
    views: Mapping[str, MeterView],
    thermal: Mapping[RowKey, float] | None = None,
    caps: Callable[[Mapping[str, Setpoint]], Mapping[str, Setpoint]] | None = None,
    obedience: Mapping[str, Obedience] | None = None,
) -> Guarded:
    """Last word before the wire. May lower a set-point; must not raise one.

    `thermal`: the image of each fuse and phase; without it nothing but the ratings is watched. `caps` lowers what is
    above caps that are no fuses. `obedience`: what is held against stations.
    """
    room_since_s = _room_since(now, memory, room)
    squeezed = _squeezed(wanted, room)
    notices = tuple(_overloads(room, views))
    if not room.unruly and not any(setpoint.limit_a > 0 for setpoint in wanted.values()):
        return Guarded(
            setpoints=wanted, room_since_s=room_since_s, shed=frozenset(), squeezed=squeezed, notices=notices
        )
    vouched: dict[str, Setpoint] = {}
    kept: dict[str, Setpoint] = {}
    for station in now.site.stations:
        station_id = station.station_id
        setpoint = _vouched(wanted[station_id], station, now, room, views)
        if obedience:
            setpoint = suspended(setpoint, obedience.get(station_id, SOUND))
        vouched[station_id] = setpoint
        kept[station_id] = _not_raised(setpoint, station, room)
    fitting = _fit(kept, now, room, views, thermal or {})
    risen = raise_slowly(fitting, _may_rise(vouched, kept, fitting), now, memory, room, room_since_s)
    raised = risen if caps is None else caps(risen)
    shed = frozenset(
        station_id for station_id, setpoint in raised.items() if setpoint.limit_a <= 0 < kept[station_id].limit_a
    )
    return Guarded(setpoints=raised, room_since_s=room_since_s, shed=shed, squeezed=squeezed, notices=notices)


def _squeezed(wanted: Mapping[str, Setpoint], room: Headroom) -> frozenset[str]:
    """The running cars that the sharing has stopped for want of room."""
    stopped = set()
    for station_id, setpoint in wanted.items():
        limit = room.commanded[station_id]
        runs = limit is not None and limit.limit_a > 0
        if runs and setpoint.limit_a <= 0 and setpoint.reason.code in NO_ROOM:
            stopped.add(station_id)
    return frozenset(stopped)


def _vouched(
    setpoint: Setpoint, station: Station, now: Snapshot, room: Headroom, views: Mapping[str, MeterView]
) -> Setpoint:
    """Bound by commissioning, and by what the meters above the station can vouch for."""
    setpoint = _commissioned(setpoint, station, now)
    view = worst_health(views, now.site.circuits.ids_above(station.circuit_id))
    if view is None or view.health is Health.GOOD:
        return setpoint
    limit = room.commanded[station.station_id]
    if limit is not None and limit.limit_a > 0 and limit.phases < setpoint.phases:
        # More phases are a raise, too.
        setpoint = replace(setpoint, phases=limit.phases)
    if view.health is Health.LOST:
        return setpoint.lowered_to(station.fallback_a, view.reason)
    return setpoint.lowered_to(room.commanded_a(station), view.reason)


def _commissioned(setpoint: Setpoint, station: Station, now: Snapshot) -> Setpoint:
    if now.site.commissioned or setpoint.limit_a <= 0:
        return setpoint
    one_phase_possible = len(station.wiring) == 1 or station.can_switch_phases
    most_a = UNCOMMISSIONED_A if one_phase_possible and station.min_a <= UNCOMMISSIONED_A else 0.0
    reason = Reason(code=LimitReason.NOT_COMMISSIONED, limit_a=most_a)
    return replace(setpoint.lowered_to(most_a, reason), phases=1, reason=reason)


def _not_raised(setpoint: Setpoint, station: Station, room: Headroom) -> Setpoint:
    """The set-point, but no higher than what is commanded already, and on no more phases."""
    limit = room.commanded[station.station_id]
    phases = setpoint.phases if limit is None or limit.limit_a <= 0 else min(setpoint.phases, limit.phases)
    limit_a = min(setpoint.limit_a, station.fallback_a if limit is None else limit.limit_a)
    if limit_a == setpoint.limit_a and phases == setpoint.phases:
        return setpoint
    return Setpoint(station_id=setpoint.station_id, limit_a=limit_a, phases=phases, reason=setpoint.reason)


def _fit(
    setpoints: Mapping[str, Setpoint],
    now: Snapshot,
    room: Headroom,
    views: Mapping[str, MeterView],
    thermal: Mapping[RowKey, float],
) -> dict[str, Setpoint]:
    """Lower until every fuse holds. Where a meter gives nothing, the fallback currents are the proof instead."""
    fitting = dict(setpoints)
    deaf = {s.station_id for s in now.site.stations if s.station_id in room.unruly or _is_deaf(s, now)}
    loads = {s.station_id: room.loaded(s, setpoints[s.station_id].phases) for s in now.site.stations}
    for key, row in room.rooms.items():
        view = views.get(row.circuit_id)
        if view is not None and not view.fresh:
            continue
        wired = now.site.on_phase(*key)
        load_a = 0.0
        for s in wired:
            asked_a = fitting[s.station_id].limit_a if key[1] in loads[s.station_id] else 0.0
            load_a += max(asked_a, room.ceilings_a[s.station_id][key[1]]) if s.station_id in deaf else asked_a
        excess_a = load_a - room.spared_a(row, wired) - row.now_a
        if excess_a <= HAIR_A:
            excess_a = _pressing_a(key, row, now, view, thermal)
            if excess_a <= HAIR_A or any(fitting[s.station_id].limit_a < room.commanded_a(s) for s in wired):
                continue
        members = [s for s in wired if key[1] in loads[s.station_id] and fitting[s.station_id].limit_a > 0]
        listening = [s for s in members if s.station_id not in deaf]
        left_a = shed(listening, fitting, excess_a, row.reason, now)
        # A station that does not take limits is asked too, though nobody counts on it.
        hoping = [s for s in members if s.station_id in deaf and now.state_of(s.station_id).connected]
        left_a = shed(hoping, fitting, left_a, row.reason, now)
        if left_a > HAIR_A:
            # Nor on what was measured: a car may use more phases than it did.
            allowed = [s for s in wired if key[1] in phases_allowed(s, fitting[s.station_id].phases)]
            shed([s for s in allowed if s not in members], fitting, left_a, row.reason, now)
    return fitting


def _pressing_a(
    key: RowKey, row: Room, now: Snapshot, view: MeterView | None, thermal: Mapping[RowKey, float]
) -> float:
    """What must go although everything seems to fit: a trip is near and the current does not fall.

    Near is twice the reaction time, and a limit has E + 2 s to show its effect (`control.md` §4). Then all that the
    meter sees above the usable current counts, whoever draws it.
    """
    theta = thermal.get(key)
    if theta is None or view is None or view.good is None:
        return 0.0
    current_a = view.good.current_a[key[1]]
    if current_a <= row.most_a:
        return 0.0
    left_s = time_to_trip_s(now.site.circuits[row.circuit_id], theta, current_a)
    needed_s = reaction_s(now, row.circuit_id)
    if left_s >= 2 * needed_s:
        return 0.0
    shows_within_s = now.site.policy.car_reacts_within_s + SHOWS_LATER_S
    wired = now.site.on_phase(row.circuit_id, key[1])
    lowered_s = (lowered_at_s(now.state_of(station.station_id)) for station in wired)
    waits = any(at_s is not None and view.good.taken_at_s - at_s < shows_within_s for at_s in lowered_s)
    if waits and left_s >= needed_s:
        return 0.0
    return current_a - row.usable_a


def _overloads(room: Headroom, views: Mapping[str, MeterView]) -> Iterator[Notice]:
    """The fuses that the house alone is too much for."""
    for key, row in room.rooms.items():
        view = views.get(row.circuit_id)
        house_a = room.house_a.get(row.circuit_id)
        if house_a is not None and view is not None and view.fresh and house_a[key[1]] > row.most_a:
            yield Notice(
                code=NoticeCode.HOUSE_OVERLOAD,
                circuit_id=row.circuit_id,
                phase=key[1],
                current_a=house_a[key[1]],
                limit_a=row.most_a,
            )


def shed(members: list[Station], fitting: dict[str, Setpoint], excess_a: float, reason: Reason, now: Snapshot) -> float:
    """Take `excess_a` out of these stations' set-points, in place; returns what is left of it.

    Towards the minimums first, then by stopping cars, each time the lowest priority first.
    """
    ranked = sorted(enumerate(members), key=lambda place: (now.goal_of(place[1].station_id).priority, -place[0]))
    for may_stop in (False, True):
        for _, station in ranked:
            setpoint = fitting[station.station_id]
            if excess_a <= HAIR_A or setpoint.limit_a <= 0:
                continue
            reduced_a = max(station.min_a, rounded_down(setpoint.limit_a - excess_a, station))
            fitting[station.station_id] = setpoint.lowered_to(0.0 if may_stop else reduced_a, reason)
            excess_a -= setpoint.limit_a - fitting[station.station_id].limit_a
    return excess_a


def _is_deaf(station: Station, now: Snapshot) -> bool:
    """Whether a lower limit would not reach it now, as far as we know."""
    state = now.state_of(station.station_id)
    return not state.connected or is_stuck(state, now.now_s, now.site.policy.message_s)


def _may_rise(
    vouched: Mapping[str, Setpoint], kept: Mapping[str, Setpoint], fitting: Mapping[str, Setpoint]
) -> dict[str, Setpoint]:
    """The wishes above what is commanded, of stations that no fuse just cut."""
    return {
        station_id: wish
        for station_id, wish in vouched.items()
        if (wish.limit_a > kept[station_id].limit_a or wish.phases > kept[station_id].phases)
        and fitting[station_id].limit_a >= kept[station_id].limit_a
    }


def _room_since(now: Snapshot, memory: Memory, room: Headroom) -> dict[RowKey, float]:
    """Since when each row has had room, peaks held, above everything that is granted."""
    since_s = {}
    least_a = now.site.policy.raise_least_a
    granted = {s.station_id: _granted_a(s, room) for s in now.site.stations}
    for key, row in room.rooms.items():
        granted_a = 0.0
        for s in now.site.on_phase(*key):
            granted_a += granted[s.station_id][key[1]]
        if row.for_raises_a - granted_a >= least_a:
            since_s[key] = memory.room_since_s.get(key, now.now_s)
    return since_s


def _granted_a(station: Station, room: Headroom) -> PerPhase:
    """What it works by on each phase, or what its car may still draw there if that is more."""
    limit = room.commanded[station.station_id]
    loads = room.loaded(station, len(station.wiring) if limit is None else limit.phases)
    return PerPhase.on(loads, room.commanded_a(station)).upper(room.ceilings_a[station.station_id])
