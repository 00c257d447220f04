"""What a car taught us while it charged: its distance to the limit, the phases it uses, where it stops rising.

Learnt from reports of a car under a limit that had been the same for a while; forgotten when the car leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from ems.control.seen.in_force import commanded, commanded_since_s
from ems.model.quick import quick
from ems.model.site import Station
from ems.model.snapshot import Snapshot
from ems.model.station import USES_A, CarReading, SendOutcome, StationState

SETTLED_AFTER_S: Final = 8.0
"""Under a constant limit a car has arrived after its dead time and its ramp (`control.md` §1)."""

PHASES_KNOWN_AFTER_S: Final = 30.0
"""Phase use is taken as measured after it was allowed to charge on these phases for so long."""

FOLLOWS_WITHIN_A: Final = 1.5
"""A car this near to its limit follows it; the rest is its offset (0.2 to 0.5 A are usual, `control.md` §5)."""

OVERDRAWS_BY_A: Final = 1.0
LEARNS_BY: Final = 0.3
"""How much of what is new each report brings in."""

DRAWING_A: Final = 1.0
SPARE_A: Final = 1.0
"""A car that takes less than it may is offered this much more than it takes."""

RISES_BY_A: Final = 0.4
"""A car that takes this much more than it used to has become hungry again."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """One car as its reports show it."""

    offset_a: float = 0.0
    """Limit less current, of a car that follows its limit."""

    phases: int | None = None
    """Station phases it uses when it may use all; None until measured."""

    takes_a: float | None = None
    """Where its current stops rising below the limit; None while it follows the limit."""

    reported_at_s: float = float("-inf")
    connections: int = 0
    """The station's count when this was learnt."""


NOTHING: Final = Learned()


def learn(
    now: Snapshot, known: Mapping[str, Learned], same_phases_since_s: Mapping[str, float]
) -> Mapping[str, Learned]:
    """What is known of the car at every station after this look.

    `same_phases_since_s`: since when each station that charges does so on the phases it is on.
    """
    learned = {}
    for station in now.site.stations:
        before = known.get(station.station_id, NOTHING)
        since_s = same_phases_since_s.get(station.station_id, float("inf"))
        after = _after(station, now.state_of(station.station_id), before, now.now_s, since_s)
        if after is not NOTHING:
            learned[station.station_id] = after
    return learned


def _after(station: Station, state: StationState, before: Learned, now_s: float, charges_since_s: float) -> Learned:
    if state.connected and not state.plugged:
        return NOTHING
    if not state.connected or state.connections != before.connections:
        # Another car may have come meanwhile.
        before = replace(before, phases=None, connections=state.connections)
    report = state.car
    if report is None or report.taken_at_s <= before.reported_at_s:
        return before
    limit = commanded(state, now_s)
    largest_a = max(report.current_a, default=0.0)
    if limit is None or limit.limit_a < station.min_a or largest_a < DRAWING_A:
        return before
    known = replace(before, reported_at_s=report.taken_at_s)
    all_offered = limit.phases == len(station.wiring) and limit.outcome is SendOutcome.ACCEPTED
    # A trickle of a car that is nearly full says nothing of the phases that it can use.
    all_offered = all_offered and largest_a >= station.min_a - FOLLOWS_WITHIN_A
    if all_offered and report.taken_at_s - charges_since_s >= PHASES_KNOWN_AFTER_S:
        known = replace(known, phases=_phases(report))
    since_s = commanded_since_s(state)
    if since_s is not None and report.taken_at_s - since_s < SETTLED_AFTER_S:
        return known
    return _from_distance(known, limit.limit_a, largest_a)


def _phases(report: CarReading) -> int | None:
    """How many of the station's phases it loads, from the first on; None where that is not what the report shows."""
    used = report.phases_drawn
    in_order = all(amps > USES_A for amps in report.current_a[:used])
    return used if report.every_phase_measured and in_order and used else None


def _from_distance(known: Learned, limit_a: float, largest_a: float) -> Learned:
    """What the car's distance to a limit that it had time to follow says."""
    gap_a = limit_a - largest_a
    if known.takes_a is not None and largest_a <= known.takes_a + RISES_BY_A and gap_a > 0:
        sinks = limit_a >= known.takes_a and gap_a > FOLLOWS_WITHIN_A
        return replace(known, takes_a=largest_a) if sinks else known
    if gap_a > FOLLOWS_WITHIN_A:
        return replace(known, takes_a=largest_a)
    gap_a = max(-OVERDRAWS_BY_A, gap_a)
    return replace(known, takes_a=None, offset_a=known.offset_a + LEARNS_BY * (gap_a - known.offset_a))
