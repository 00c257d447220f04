"""What a car most likely drew at an instant: one number where `ems.control.seen.draw` gives a band (`control.md` §5).

The fuse is counted with bounds; the sun is followed with the likeliest. Reports come every ten seconds or so, cars
follow within three: in between, a car that follows its limit is taken to be where the limit in force puts it.
"""

from __future__ import annotations

from math import inf
from typing import Final

from ems.control.seen.draw import DRAWING_A, Draw
from ems.control.seen.in_force import limits_within
from ems.control.seen.learn import FOLLOWS_WITHIN_A, Learned
from ems.model.electrical import PerPhase
from ems.model.same import by_identity
from ems.model.site import Station
from ems.model.station import CarReading, ConnectorStatus, SendOutcome, SentLimit, StationState

LATEST_S: Final = 12.0
"""What a report shows may be so old, and so slowly may a car follow: 5 s of dead time, a ramp, a report on its way."""

FOLLOWS_AFTER_S: Final = 3.0
"""From a limit sent to the car having followed: a message, 1 to 3 s of dead time, a short ramp (`control.md` §1)."""


def expected_a(station: Station, state: StationState, known: Learned, band: Draw, at_s: float) -> PerPhase:
    """The likeliest current per house phase at `at_s`, monotonic seconds; at most what the car can be vouched for."""
    report = state.car
    if band.vouched_a == band.low_a or report is None or len(report.current_a) != len(station.wiring):
        return band.low_a
    return _likely_a(station, state, report, known, band, _followed(state, at_s))


@by_identity(1024)
def _likely_a(
    station: Station, state: StationState, report: CarReading, known: Learned, band: Draw, limit: SentLimit | None
) -> PerPhase:
    """Where the limit that it had time to follow takes a car. Remembered: most of this stays for seconds."""
    largest_a = max(report.current_a)
    if limit is None or limit.limit_a < station.min_a:
        likely_a = 0.0
    elif largest_a > DRAWING_A:
        likely_a = _under(limit, known)
        if not _followed_at(report.taken_at_s, largest_a, station, state, known):
            likely_a = min(largest_a, likely_a)
    else:
        # Nothing yet: it wakes up, and its status will tell.
        likely_a = _under(limit, known) if state.status is ConnectorStatus.CHARGING else 0.0
    used = _used(station, limit, known)
    return PerPhase.on(station.wiring[:used], likely_a).upper(band.low_a).lower(band.vouched_a)


def may_have_gone(station: Station, state: StationState, at_s: float) -> bool:
    """Whether the car may have gone before `expected_a` takes it to: a stop, or other phases, were sent just now.

    Cars follow within 1 to 5 s; a station holds its car off while it changes phases.
    """
    newest = _newest_by(state, inf)
    if newest is None or newest.sent_at_s > at_s:
        return False
    before = _followed(state, at_s)
    if before is None:
        return False
    stops = newest.limit_a < station.min_a <= before.limit_a
    return stops or newest.phases != before.phases


def _followed_at(at_s: float, drawn_a: float, station: Station, state: StationState, known: Learned) -> bool:
    """Whether a current reported at `at_s` is one between limits that the car may have been on its way between."""
    limits = limits_within(station, state, at_s - LATEST_S, at_s, unknown_until_s=float("-inf"))
    offset_a = max(0.0, known.offset_a)
    return limits.low_a - offset_a - FOLLOWS_WITHIN_A <= drawn_a <= limits.high_a + FOLLOWS_WITHIN_A


def _followed(state: StationState, at_s: float) -> SentLimit | None:
    """The newest limit that the car had time to follow by then."""
    return _newest_by(state, at_s - FOLLOWS_AFTER_S)


def _newest_by(state: StationState, sent_by_s: float) -> SentLimit | None:
    for limit in reversed(state.sent):
        if limit.outcome is not SendOutcome.REJECTED and limit.sent_at_s <= sent_by_s:
            return limit
    return None


def _under(limit: SentLimit, known: Learned) -> float:
    """The current that the limit leads to."""
    follows_a = limit.limit_a - known.offset_a
    return follows_a if known.takes_a is None else min(follows_a, known.takes_a)


def _used(station: Station, limit: SentLimit | None, known: Learned) -> int:
    offered = len(station.wiring) if limit is None else limit.phases
    return min(offered, known.phases or station.vehicle_phases or offered)
