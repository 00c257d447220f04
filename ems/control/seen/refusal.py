"""Cars behind stations that take no limit, while a fuse carries more than its rating (`control.md` §4, escalation).

Such a station counts with its hardware maximum, and the guard lowers everybody else first. Where that is done and the
meter still shows more than the rating, the session that cannot be lowered is ended: the lowest priority first, and no
more of them than are too much. A set-point is only ever lowered here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from ems.control.guarding.reaction import reaction_s
from ems.control.guarding.thermal import time_to_trip_s
from ems.control.headroom import Headroom
from ems.control.memory import RowKey
from ems.control.seen.in_force import is_stuck
from ems.control.seen.obedience import HELPS_WITHIN_S, Stage, tolerated_a
from ems.control.seen.refused import Refusing
from ems.control.seen.trust import Health, MeterView
from ems.model.decision import Escalation, LimitReason, Notice, NoticeCode, Reason, Setpoint
from ems.model.site import Station
from ems.model.snapshot import Snapshot
from ems.model.station import SendOutcome, SentLimit, StationState

WAITS_S: Final = 10.0
"""What the others were told shows within E + 2 s and a meter's period; a trip that is near is not waited for."""

AGAIN_AFTER_S: Final = 60.0
"""A station whose sessions begin again by themselves is stopped no more often than this."""

REPORT_LASTS_S: Final = 35.0
"""An older report of a station does not tell what its car draws now."""

_STEPS: Final[Mapping[Stage, Escalation]] = {
    Stage.REMOTE_STOP: Escalation.REMOTE_STOP,
    Stage.OPEN_CONTACTOR: Escalation.OPEN_CONTACTOR,
}


def judge_refusals(
    now: Snapshot,
    known: Mapping[str, Refusing],
    room: Headroom,
    views: Mapping[str, MeterView],
    thermal: Mapping[RowKey, float],
) -> dict[str, Refusing]:
    """What is remembered of every station that takes no limit while a fuse needs it to."""
    needed = _needed(now, room, views, thermal)
    judged = {}
    for station in now.site.stations:
        station_id = station.station_id
        found = _judge(now, station, known.get(station_id), needed.get(station_id))
        if found is not None:
            judged[station_id] = found
    return judged


def ended(setpoints: Mapping[str, Setpoint], known: Mapping[str, Refusing]) -> dict[str, Setpoint]:
    """The set-points, at 0 for those whose session is being ended."""
    return {
        station_id: replace(setpoint, limit_a=0.0, reason=Reason(code=LimitReason.IGNORES_LIMIT))
        if station_id in known and known[station_id].stage >= Stage.REMOTE_STOP
        else setpoint
        for station_id, setpoint in setpoints.items()
    }


def refusal_steps(known: Mapping[str, Refusing]) -> dict[str, Escalation]:
    """The step that is due for each."""
    return {station_id: _STEPS[each.stage] for station_id, each in known.items() if each.stage in _STEPS}


def refusal_notices(known: Mapping[str, Refusing]) -> Iterator[Notice]:
    """One for each whose session is, or was just, ended."""
    for station_id, each in known.items():
        if each.stopped_at_s is not None:
            yield Notice(code=NoticeCode.REFUSES_LIMIT, station_id=station_id, current_a=each.drawn_a)


def refused_a(state: StationState, now_s: float, message_s: float) -> float | None:
    """The limit that the station left without effect last; None while it takes limits, or nobody can tell."""
    settled = next((each for each in reversed(state.sent) if each.outcome is not SendOutcome.PENDING), None)
    refuses = settled is not None and settled.outcome is SendOutcome.REJECTED
    if not state.connected or not state.sent or not (refuses or is_stuck(state, now_s, message_s)):
        return None
    newest: SentLimit = state.sent[-1]
    return newest.limit_a


def _needed(
    now: Snapshot, room: Headroom, views: Mapping[str, MeterView], thermal: Mapping[RowKey, float]
) -> dict[str, bool]:
    """The stations whose car has to go; True where a trip is near."""
    needed: dict[str, bool] = {}
    for circuit_id, phase in room.rooms:
        view = views.get(circuit_id)
        if view is None or view.good is None or not view.fresh or view.health is not Health.GOOD:
            continue
        circuit = now.site.circuits[circuit_id]
        current_a = view.good.current_a[phase]
        excess_a = current_a - circuit.fuse.rating_a * circuit.derating
        if excess_a <= 0.0:
            continue
        wired = now.site.on_phase(circuit_id, phase)
        refusing = {s.station_id: drawn_a for s in wired if (drawn_a := _drawn_a(now, s, room)) is not None}
        if any(room.commanded_a(s) > 0.0 and s.station_id not in refusing and _listens(now, s, room) for s in wired):
            continue
        left_s = time_to_trip_s(circuit, thermal.get((circuit_id, phase), 0.0), current_a)
        is_near = left_s < 2.0 * reaction_s(now, circuit_id)
        for station in sorted(wired, key=lambda each: now.goal_of(each.station_id).priority):
            if station.station_id in refusing and excess_a > 0.0:
                needed[station.station_id] = needed.get(station.station_id, False) or is_near
                excess_a -= refusing[station.station_id]
    return needed


def _drawn_a(now: Snapshot, station: Station, room: Headroom) -> float | None:
    """What a car draws that its station does not limit; None for any other one."""
    state = now.state_of(station.station_id)
    limit_a = refused_a(state, now.now_s, now.site.policy.message_s)
    if station.station_id in room.unruly or limit_a is None or state.car is None or not state.in_transaction:
        return None
    drawn_a = max(state.car.current_a, default=0.0)
    is_fresh = now.now_s - state.car.taken_at_s <= REPORT_LASTS_S
    return drawn_a if is_fresh and drawn_a > tolerated_a(limit_a) else None


def _listens(now: Snapshot, station: Station, room: Headroom) -> bool:
    """Whether a lower limit would help there, so that nobody's session has to end yet."""
    state = now.state_of(station.station_id)
    return (
        state.connected
        and station.station_id not in room.unruly
        and not is_stuck(state, now.now_s, now.site.policy.message_s)
    )


def _judge(now: Snapshot, station: Station, known: Refusing | None, needed: bool | None) -> Refusing | None:
    if known is None and needed is None:
        return None
    known = known or Refusing()
    if known.stage >= Stage.REMOTE_STOP:
        return _after_stop(now, station, known, needed)
    if needed is None:
        known = replace(known, since_s=None)
        return known if known.stopped_at_s is not None and now.now_s - known.stopped_at_s < AGAIN_AFTER_S else None
    car = now.state_of(station.station_id).car
    drawn_a = 0.0 if car is None else max(car.current_a, default=0.0)
    since_s = now.now_s if known.since_s is None else known.since_s
    known = replace(known, since_s=since_s, drawn_a=drawn_a)
    rests = known.stopped_at_s is not None and now.now_s - known.stopped_at_s < AGAIN_AFTER_S
    if rests or not (needed or now.now_s - since_s >= WAITS_S):
        return known
    return replace(known, stage=Stage.REMOTE_STOP, stopped_at_s=now.now_s)


def _after_stop(now: Snapshot, station: Station, known: Refusing, needed: bool | None) -> Refusing:
    """Until the session is over, or the station takes a limit after all; what helps nothing is followed by more."""
    state = now.state_of(station.station_id)
    stopped_s = now.now_s - (known.stopped_at_s or 0.0)
    takes_limits = refused_a(state, now.now_s, now.site.policy.message_s) is None and state.connected
    if not state.in_transaction or takes_limits:
        return replace(known, stage=Stage.NONE, since_s=None)
    if needed is not None and stopped_s >= HELPS_WITHIN_S[Stage.REMOTE_STOP]:
        return replace(known, stage=Stage.OPEN_CONTACTOR)
    if needed is None and stopped_s >= AGAIN_AFTER_S:
        return replace(known, stage=Stage.NONE, since_s=None)
    return known
