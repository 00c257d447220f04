"""What flows in a circuit beside the cars: as its meter saw it, as stated, or bounded by what is in front of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ems.control.memory import Memory
from ems.control.seen.draw import Draws
from ems.control.seen.sources import all_are_heard, given_a, most_given_a
from ems.model.electrical import Circuit, PerPhase
from ems.model.quick import quick
from ems.model.readings import GridReading
from ems.model.snapshot import Snapshot

NOTHING_A: Final = PerPhase()


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What flows in a circuit beside the cars."""

    likely_a: PerPhase
    counted_a: PerPhase
    """As high as it may be now."""

    peak_a: PerPhase
    """The likeliest with recent peaks held."""

    held_a: PerPhase
    """What raises must leave for it."""

    unexplained_a: PerPhase | None = None
    """What `counted_a` hands back beyond what cars were seen to draw; None where no meter saw them."""


def seen(
    now: Snapshot, memory: Memory, circuit: Circuit, sample: GridReading, draws: Draws, unheard: frozenset[str]
) -> Load:
    """What its meter saw, less what the cars drew then. `unheard`: stations that nobody has heard of yet."""
    flow_a = sample.current_a
    cars = draws.sum(now.site.below(circuit.circuit_id), sample.taken_at_s)
    before_a = _before(now, memory, circuit, unheard)
    highest_a = flow_a - cars.low_a
    likely_a = counted_a = proven_a = highest_a
    if cars.high_a != cars.low_a:
        likely_a = _nearest(before_a, flow_a - cars.high_a, highest_a)
        counted_a = _nearest(before_a, flow_a - cars.vouched_a, highest_a)
        same = cars.proven_a == cars.vouched_a
        proven_a = counted_a if same else _nearest(before_a, flow_a - cars.proven_a, highest_a)
    peak_a = _held(likely_a, memory.held_a.get(circuit.circuit_id), now, memory)
    return Load(
        likely_a=likely_a,
        counted_a=counted_a,
        peak_a=peak_a,
        held_a=peak_a.upper(proven_a),
        unexplained_a=highest_a - counted_a,
    )


def _before(now: Snapshot, memory: Memory, circuit: Circuit, unheard: frozenset[str]) -> PerPhase | None:
    """What the house was, but no lower than if all that sun and battery can give flowed out.

    Only while stations are unheard of: what is handed back for them is no sun. None where nothing is known.
    """
    before_a = memory.house_a.get(circuit.circuit_id)
    if not unheard or not any(each.station_id in unheard for each in now.site.below(circuit.circuit_id)):
        return before_a
    most_a = most_given_a(now)
    if most_a is None:
        return before_a
    return -most_a if before_a is None else before_a.upper(-most_a)


def stated(circuit: Circuit) -> Load:
    """The largest load that the site file names; nothing while a meter is still to speak."""
    return _constant(PerPhase.on(circuit.phases, circuit.largest_other_load_a or 0.0))


def _constant(load_a: PerPhase) -> Load:
    return Load(likely_a=load_a, counted_a=load_a, peak_a=load_a, held_a=load_a)


def no_more_than_in_front(now: Snapshot, circuit: Circuit, loads: Mapping[str, Load]) -> tuple[Load, PerPhase | None]:
    """What a circuit draws that nobody measures or stated: at most what flows in front of it, and all that is given.

    None beside a load of nothing where not even that is known: then the fallback currents are the proof.
    """
    most: Load | None = None
    given = given_a(now) if all_are_heard(now) else None
    for upper in now.site.circuits.above(circuit.circuit_id)[1:]:
        load = loads.get(upper.circuit_id)
        if load is not None and given is not None:
            most = _smaller(most, load.counted_a + given, load.held_a + given)
        if upper.largest_other_load_a is not None:
            stated_a = PerPhase.on(upper.phases, upper.largest_other_load_a)
            most = _smaller(most, stated_a, stated_a)
    if most is None:
        return _constant(NOTHING_A), None
    return most, most.counted_a


def _smaller(most: Load | None, counted_a: PerPhase, held_a: PerPhase) -> Load:
    counted_a, held_a = counted_a.upper(NOTHING_A), held_a.upper(NOTHING_A)
    if most is not None:
        counted_a, held_a = counted_a.lower(most.counted_a), held_a.lower(most.held_a)
    return Load(likely_a=counted_a, counted_a=counted_a, peak_a=held_a, held_a=held_a)


def _nearest(before_a: PerPhase | None, lowest_a: PerPhase, highest_a: PerPhase) -> PerPhase:
    """The house current nearest to what it was, between these bounds.

    Where nothing is known of it, it starts at the lowest, so that cars nobody has heard of yet are not remembered as a
    peak of the house.
    """
    if before_a is None or lowest_a == highest_a:
        return lowest_a
    return before_a.upper(lowest_a).lower(highest_a)


def _held(house_a: PerPhase, before_a: PerPhase | None, now: Snapshot, memory: Memory) -> PerPhase:
    if before_a is None:
        return house_a
    released_a = now.site.policy.hold_release_a_per_s * max(0.0, now.now_s - memory.last_at_s)
    return house_a.upper(PerPhase(before_a[0] - released_a, before_a[1] - released_a, before_a[2] - released_a))
