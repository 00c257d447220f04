"""Which limits a station may be following: from what was sent, what it answered, and when leases end.

Everything here is a bound. A limit on its way may or may not be in force; an old one is, until its successor is known
to be; after a lost connection the lease decides (design §6); a station that booted may have forgotten every limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from typing import Final

from ems.model.electrical import PerPhase, Wiring
from ems.model.quick import quick
from ems.model.site import Station
from ems.model.station import SendOutcome, SentLimit, StationState

LEASE_MARGIN_S: Final = 10.0
"""A lease counts as ended this long after its time (`control.md` §7: verified within lease + 10 s)."""

TRIED_AGAIN_WITHIN_S: Final = 3.0
"""A limit that follows an unanswered one so closely was sent over the same connection (dispatch pauses for 2 s)."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The lowest and highest limit that may have been in force in a stretch of time."""

    low_a: float
    high_a: float
    phases: int
    """The most phases that any of them allowed."""


def limits_within(
    station: Station, state: StationState, from_s: float, to_s: float, *, unknown_until_s: float
) -> Bounds:
    """What may have been in force at some instant of `from_s`..`to_s`.

    `unknown_until_s`: a station never heard of may still follow an earlier life's limit until then; after that it has
    fallen back, if its lease is verified.
    """
    steady = _only_limit(state, from_s, to_s)
    hardware_a = station.hardware_max_a
    if steady is not None:
        steady_a = min(steady.limit_a, hardware_a)
        return _bounds(steady_a, steady_a, steady.phases)
    possible = _possible(station, state, from_s, to_s, unknown_until_s)
    limits_a = [limit_a for limit_a, _ in possible]
    phases = max([phases for _, phases in possible])
    return _bounds(min(hardware_a, *limits_a), min(hardware_a, max(limits_a)), phases)


@lru_cache(maxsize=1024)
def _bounds(low_a: float, high_a: float, phases: int) -> Bounds:
    """Remembered, since limits stay for a while, and every look asks for them several times."""
    return Bounds(low_a=low_a, high_a=high_a, phases=phases)


def _only_limit(state: StationState, from_s: float, to_s: float) -> SentLimit | None:
    """The limit that alone was in force all that time, however often it was renewed; None when it is not so simple."""
    newest = state.sent[-1] if state.sent else None
    covered_to_s = to_s
    for limit in reversed(state.sent):
        if limit.outcome is SendOutcome.REJECTED:
            return None
        if newest is None or limit.limit_a != newest.limit_a or limit.phases != newest.phases:
            return None
        if limit.lease_ends_at_s <= covered_to_s:
            return None
        if limit.outcome is SendOutcome.ACCEPTED and limit.settled_at_s is not None:
            if limit.settled_at_s < from_s:
                return None if _forgets(state, limit, to_s) else limit
            covered_to_s = limit.settled_at_s
    return None


def _forgets(state: StationState, limit: SentLimit, by_s: float) -> bool:
    """Whether the station may have lost that limit by then, since it connected or booted after it was sent."""
    return state.came_at_s is not None and limit.sent_at_s < state.came_at_s <= by_s


def ceiling_a(
    station: Station, state: StationState, now_s: float, *, reacts_within_s: float, unknown_until_s: float
) -> PerPhase:
    """The most the car may draw per house phase now, while it still reacts to what was in force just before."""
    bounds = limits_within(station, state, now_s - reacts_within_s, now_s, unknown_until_s=unknown_until_s)
    return PerPhase.on(phases_allowed(station, bounds.phases), bounds.high_a)


def phases_allowed(station: Station, phases: int) -> Wiring:
    """The house phases that a limit over `phases` station phases may load; all wired ones when nobody knows."""
    return station.wiring[:phases] if station.wiring_known else station.wiring


def commanded(state: StationState, now_s: float) -> SentLimit | None:
    """The newest limit that the station has taken or may still take; None when no lease of ours runs."""
    for limit in reversed(state.sent):
        if limit.outcome is not SendOutcome.REJECTED:
            return limit if limit.lease_ends_at_s >= now_s else None
    return None


def commanded_since_s(state: StationState) -> float | None:
    """When the newest limit first got its present value; None when that is longer ago than we remember."""
    later: SentLimit | None = None
    for earlier in reversed(state.sent):
        if earlier.outcome is SendOutcome.REJECTED:
            continue
        if later is not None and (earlier.limit_a != later.limit_a or earlier.phases != later.phases):
            return later.sent_at_s
        later = earlier
    return None


def lowered_at_s(state: StationState) -> float | None:
    """When the newest lower limit was sent; None when that is longer ago than we remember."""
    valid = [limit for limit in state.sent if limit.outcome is not SendOutcome.REJECTED]
    for later, earlier in zip(reversed(valid), reversed(valid[:-1]), strict=False):
        if later.limit_a < earlier.limit_a or later.phases < earlier.phases:
            return later.sent_at_s
    return None


def phases_changed(state: StationState, since_s: float) -> bool:
    """Whether limits over other phases than the newest one may have been in force since then, monotonic seconds."""
    newest: SentLimit | None = None
    for limit in reversed(state.sent):
        if limit.outcome is SendOutcome.REJECTED:
            continue
        newest = newest or limit
        if limit.phases != newest.phases:
            return True
        if limit.sent_at_s < since_s:
            return False
    return False


def is_stuck(state: StationState, now_s: float, message_s: float) -> bool:
    """Whether the station is deaf now: it refused the newest limit, or has left limits unanswered for too long.

    Limits that follow each other are one silence. One whose connection broke under it a while ago says nothing yet;
    the next one is on its way.
    """
    if not state.sent or state.sent[-1].outcome is SendOutcome.ACCEPTED:
        return False
    if state.sent[-1].outcome is SendOutcome.REJECTED:
        return True
    silent_since_s = state.sent[-1].sent_at_s
    for limit in reversed(state.sent[:-1]):
        if limit.outcome is not SendOutcome.UNANSWERED or limit.settled_at_s is None:
            break
        if silent_since_s - limit.settled_at_s > TRIED_AGAIN_WITHIN_S:
            break
        silent_since_s = limit.sent_at_s
    return now_s - silent_since_s > 2 * message_s


def _possible(
    station: Station, state: StationState, from_s: float, to_s: float, unknown_until_s: float
) -> list[tuple[float, int]]:
    """Each limit, and over how many phases, that may have been in force at some instant of `from_s`..`to_s`."""
    found: list[tuple[float, int]] = []
    replaced_at_s = inf
    for limit in reversed(state.sent):
        outcome = limit.outcome
        if outcome is SendOutcome.REJECTED:
            continue
        ends_s = limit.lease_ends_at_s
        falls_back_at_s = ends_s + LEASE_MARGIN_S if station.lease_verified else inf
        if limit.sent_at_s <= to_s and replaced_at_s >= from_s and falls_back_at_s >= from_s:
            found.append((limit.limit_a, limit.phases))
        if ends_s < replaced_at_s and ends_s <= to_s and replaced_at_s >= from_s:
            found += _without_lease(station)
        if outcome is SendOutcome.ACCEPTED and limit.settled_at_s is not None:
            replaced_at_s = limit.settled_at_s
            if replaced_at_s < from_s and not _forgets(state, limit, inf):
                return found
    if _may_do_anything_until_s(station, state, unknown_until_s, replaced_at_s) >= from_s:
        found += _anything(station)
    if replaced_at_s >= from_s:
        found += _without_lease(station)
    found += _since_it_came(station, state, from_s, to_s)
    return found


def _since_it_came(station: Station, state: StationState, from_s: float, to_s: float) -> Sequence[tuple[float, int]]:
    """A station that booted may have forgotten everything, and draw all it can until it takes a limit again.

    One whose fall-back was tested by cutting it off has been seen to keep its fallback current through that, at least.
    """
    came_at_s = state.came_at_s
    if came_at_s is None or came_at_s > to_s:
        return ()
    taken_s = [
        limit.settled_at_s
        for limit in state.sent
        if limit.outcome is SendOutcome.ACCEPTED and limit.settled_at_s is not None and limit.sent_at_s >= came_at_s
    ]
    if taken_s and min(taken_s) < from_s:
        return ()
    if station.lease_verified and state.kept_a is not None:
        return ((state.kept_a, len(station.wiring)),)
    return _anything(station)


def _may_do_anything_until_s(
    station: Station, state: StationState, unknown_until_s: float, first_taken_s: float
) -> float:
    """A station that has taken nothing yet may do anything, or have fallen back long ago."""
    if station.lease_verified and not state.connected:
        return min(first_taken_s, unknown_until_s)
    return first_taken_s


def _without_lease(station: Station) -> Sequence[tuple[float, int]]:
    """Without a lease a verified station is at its fallback current; the others may do anything (`control.md` §7)."""
    if station.lease_verified:
        return ((station.fallback_a, len(station.wiring)),)
    return _anything(station)


def _anything(station: Station) -> Sequence[tuple[float, int]]:
    return ((0.0, len(station.wiring)), (station.hardware_max_a, len(station.wiring)))
