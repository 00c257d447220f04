"""Whether a car keeps to its limit, read from what came anyway. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ems.commissioning.bench import JUDGED_AFTER_S
from ems.commissioning.plateau import held_since, in_force
from ems.commissioning.report_card.facts import Followed, Obeyed
from ems.commissioning.trace import largest_a
from ems.control.seen.obedience import tolerated_a
from ems.csms.quirks.obeying import BITES_A, NEAR_A
from ems.model.station import CarReading, SendOutcome, StationState


def seen_now(state: StationState, readings: Sequence[CarReading], now_s: float) -> Obeyed:
    """Of the limit in force, held against the readings since it was taken and those before, oldest first."""
    limit = in_force(state, now_s)
    if limit is None:
        return Obeyed()
    since_s = held_since(state, limit).taken_s
    judged = [each for each in readings if each.taken_at_s >= since_s + JUDGED_AFTER_S]
    if not judged:
        return Obeyed()
    worst_a, drawn_a = max(map(largest_a, judged)), largest_a(judged[-1])
    if worst_a > tolerated_a(limit.limit_a):
        return Obeyed(followed=Followed.IGNORES, limit_a=limit.limit_a, drawn_a=worst_a)
    before = [each for each in readings if each.taken_at_s < since_s]
    if before and largest_a(before[-1]) > limit.limit_a + BITES_A:
        reported_s = reported_after_s(readings, limit.limit_a, since_s)
        return Obeyed(followed=Followed.FOLLOWS, limit_a=limit.limit_a, drawn_a=drawn_a, reported_s=reported_s)
    near = limit.limit_a > 0 and drawn_a >= limit.limit_a - NEAR_A
    return Obeyed(followed=Followed.KEEPS if near else Followed.UNSEEN, limit_a=limit.limit_a, drawn_a=drawn_a)


def reported_after_s(readings: Sequence[CarReading], limit_a: float, since_s: float) -> float | None:
    """From then until a report was within the limit; None for none."""
    within = (each for each in readings if each.taken_at_s >= since_s and largest_a(each) <= tolerated_a(limit_a))
    first = next(within, None)
    return None if first is None else first.taken_at_s - since_s


def answer_times_s(state: StationState) -> tuple[float, ...]:
    """How long the station took to take its last limits."""
    return tuple(
        each.settled_at_s - each.sent_at_s
        for each in state.sent
        if each.outcome is SendOutcome.ACCEPTED and each.settled_at_s is not None
    )


def count(state: StationState, outcome: SendOutcome) -> int:
    """So many of the last limits ended so."""
    return sum(each.outcome is outcome for each in state.sent)
