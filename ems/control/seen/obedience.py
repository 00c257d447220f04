"""Stations or cars that draw more than every limit they may be following (design §6; `control.md` §4, escalation).

The evidence is the station's own report against the limits that were in force before it: a car has E to follow and 2 s
more, and a message may take M on its way, so only what exceeds all limits of that stretch of time counts. One who is
caught is remembered, and is planned with its hardware maximum, until a person clears it (`Obedience()` takes its
place) or it has been seen to keep a limit below what it drew for ten minutes, twice as long after every relapse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from ems.control.seen.in_force import limits_within
from ems.model.decision import Escalation, LimitReason, Notice, NoticeCode, Reason, Setpoint
from ems.model.quick import quick
from ems.model.site import Policy, Station
from ems.model.snapshot import Snapshot
from ems.model.station import ConnectorStatus, StationState

OVER_A: Final = 0.5
OVER_FACTOR: Final = 1.10
"""A car disobeys above (limit + 0.5 A) · 1.10 … (`breakers-and-rules.md` §4)."""

OVER_FOR_S: Final = 7.0
"""… for so long: between the first and the last of an unbroken row of such reports."""

SETTLES_S: Final = 2.0
"""Beyond E, until a car that follows has settled (`control.md` §4)."""

FORGIVEN_AFTER_S: Final = 600.0
"""Seen to obey for so long, a station counts as sound again; doubled by every further offence."""

MOST_DOUBLINGS: Final = 6

SWITCHES_WITHIN_S: Final = 60.0
"""A station may take so long to change phases (`breakers-and-rules.md` §4: 10 to 60 s)."""

LONGEST_SILENCE_S: Final = 35.0
"""No more than this between two reports counts as seen."""


SECOND_CONTROLLER_AFTER: Final = 2
"""A station that cannot be controlled never kept a limit. One that did for ten minutes, and then drew more again, is
told otherwise by somebody: its maker's app, its own load management, another central system (assumed)."""


class Stage(IntEnum):
    """How far things have gone with a station."""

    NONE = 0
    LOWER_OTHERS = 1
    """It counts with its hardware maximum, which leaves the others less."""

    SUSPEND = 2
    REMOTE_STOP = 3
    OPEN_CONTACTOR = 4


HELPS_WITHIN_S: Final[Mapping[Stage, float]] = {
    Stage.LOWER_OTHERS: 10.0,
    Stage.SUSPEND: 20.0,
    Stage.REMOTE_STOP: 30.0,
}
"""The next stage comes when a report this long after the last one still shows too much.

A suspension must be sent, followed and reported: M + E + 2 s and a reporting interval of 10 s. A station that ends a
transaction lets the car ramp down and opens its contactor first.
"""

_ESCALATIONS: Final[Mapping[Stage, Escalation]] = {
    Stage.SUSPEND: Escalation.SUSPEND,
    Stage.REMOTE_STOP: Escalation.REMOTE_STOP,
    Stage.OPEN_CONTACTOR: Escalation.OPEN_CONTACTOR,
}


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Obedience:
    """What is remembered of one station's obedience; fresh for one that nobody has anything against."""

    judged_at_s: float | None = None
    """When the last report that was looked at was taken."""

    suspect_since_s: float | None = None
    """The first report of the present row of reports that show too much."""

    ignoring_since_s: float | None = None
    """When it was caught; None for a station that counts as sound."""

    stage: Stage = Stage.NONE
    stage_since_s: float = 0.0
    drawn_a: float = 0.0
    """The most it drew while it was over its limit."""

    limit_a: float = 0.0
    """The limit that it exceeded last."""

    obeyed_s: float = 0.0
    """How long it has been seen to obey since."""

    offences: int = 0

    @property
    def is_ignoring(self) -> bool:
        """Whether to plan with its hardware maximum."""
        return self.ignoring_since_s is not None

    @property
    def escalation(self) -> Escalation | None:
        """The step that is due or done."""
        return _ESCALATIONS.get(self.stage)


SOUND: Final = Obedience()


def judge(now: Snapshot, station: Station, known: Obedience) -> Obedience:
    """What to think of a station after this look; the same as before without a new report."""
    state = now.state_of(station.station_id)
    report = state.car
    if report is None or (known.judged_at_s is not None and report.taken_at_s <= known.judged_at_s):
        return known
    at_s, drawn_a = report.taken_at_s, max(report.current_a, default=0.0)
    limit_a = _most_allowed_a(station, state, at_s, now.site.policy)
    judged = replace(known, judged_at_s=at_s)
    if drawn_a > tolerated_a(limit_a) or _on_too_many_phases(station, state, at_s):
        return _over(judged, at_s, drawn_a, limit_a)
    silent_s = 0.0 if known.judged_at_s is None else min(at_s - known.judged_at_s, LONGEST_SILENCE_S)
    return _kept(judged, state, limit_a, silent_s)


def judge_all(now: Snapshot, known: Mapping[str, Obedience]) -> dict[str, Obedience]:
    """`judge` for every station of the site."""
    return {s.station_id: judge(now, s, known.get(s.station_id, SOUND)) for s in now.site.stations}


def tolerated_a(limit_a: float) -> float:
    """Up to this a car counts as following `limit_a`."""
    return (limit_a + OVER_A) * OVER_FACTOR


def escalations(known: Mapping[str, Obedience]) -> dict[str, Escalation]:
    """The step of every station that did not come down by itself."""
    return {station_id: step for station_id, each in known.items() if (step := each.escalation) is not None}


def notices(known: Mapping[str, Obedience]) -> tuple[Notice, ...]:
    """One notice for every station that ignores its limit; one more where that looks like somebody else's doing."""
    ignoring = {station_id: each for station_id, each in known.items() if each.is_ignoring}
    return (
        *(
            Notice(code=NoticeCode.IGNORES_LIMIT, station_id=station_id, current_a=each.drawn_a, limit_a=each.limit_a)
            for station_id, each in ignoring.items()
        ),
        *(
            Notice(code=NoticeCode.SECOND_CONTROLLER, station_id=station_id)
            for station_id, each in ignoring.items()
            if each.offences >= SECOND_CONTROLLER_AFTER
        ),
    )


def suspended(setpoint: Setpoint, known: Obedience) -> Setpoint:
    """The set-point at 0 from `Stage.SUSPEND` on; never raised."""
    if known.stage < Stage.SUSPEND:
        return setpoint
    return replace(setpoint, limit_a=0.0, reason=Reason(code=LimitReason.IGNORES_LIMIT))


def _most_allowed_a(station: Station, state: StationState, at_s: float, policy: Policy) -> float:
    """The highest limit that a report of `at_s` may rightly show."""
    since_s = at_s - policy.car_reacts_within_s - SETTLES_S - policy.message_s
    return limits_within(station, state, since_s, at_s, unknown_until_s=float("inf")).high_a


def _on_too_many_phases(station: Station, state: StationState, at_s: float) -> bool:
    """Whether it draws on more phases than any limit of the last minute allowed."""
    if state.car is None or state.car.phases_drawn <= 1 or not state.car.every_phase_measured:
        return False
    allowed = limits_within(station, state, at_s - SWITCHES_WITHIN_S, at_s, unknown_until_s=float("inf"))
    return state.car.phases_drawn > allowed.phases


def _over(known: Obedience, at_s: float, drawn_a: float, limit_a: float) -> Obedience:
    suspect_since_s = at_s if known.suspect_since_s is None else known.suspect_since_s
    known = replace(known, suspect_since_s=suspect_since_s)
    if at_s - suspect_since_s < OVER_FOR_S:
        return known
    known = replace(known, drawn_a=max(drawn_a, known.drawn_a), limit_a=limit_a, obeyed_s=0.0)
    if not known.is_ignoring:
        return replace(
            known,
            ignoring_since_s=at_s,
            stage=Stage.LOWER_OTHERS,
            stage_since_s=at_s,
            offences=known.offences + 1,
        )
    helps_within_s = HELPS_WITHIN_S.get(known.stage)
    if helps_within_s is None or at_s - known.stage_since_s < helps_within_s:
        return known
    return replace(known, stage=Stage(known.stage + 1), stage_since_s=at_s)


def _kept(known: Obedience, state: StationState, limit_a: float, silent_s: float) -> Obedience:
    if known.suspect_since_s is not None:
        known = replace(known, suspect_since_s=None)
    if not known.is_ignoring or not _proves_something(known, state, limit_a):
        return known
    obeyed_s = known.obeyed_s + silent_s
    if obeyed_s < FORGIVEN_AFTER_S * 2 ** min(known.offences - 1, MOST_DOUBLINGS):
        return replace(known, obeyed_s=obeyed_s)
    return Obedience(judged_at_s=known.judged_at_s, offences=known.offences)


def _proves_something(known: Obedience, state: StationState, limit_a: float) -> bool:
    """Whether a car that could draw as much as before keeps a limit that it broke before."""
    wants = state.plugged and state.status is not ConnectorStatus.SUSPENDED_EV
    by_itself = known.stage < Stage.REMOTE_STOP or state.in_transaction
    return wants and by_itself and tolerated_a(limit_a) < known.drawn_a
