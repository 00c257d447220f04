"""Which house phases a station loads: steps of the car against what the meter saw at the same time. Pure.

Every subset of the phases is a hypothesis. A step of the car must show on the phases that it loads and on no other; the
house makes noise meanwhile, mostly none, sometimes as much as a hob. So each step weighs a hypothesis with a normal
error around it and a wide, even share of noise, which keeps any single step from deciding: two agreeing steps do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, combinations
from typing import Final

from ems.model.electrical import PerPhase, Phase, Wiring

SPREAD_A: Final = 0.6
"""Standard error of a level: a meter's noise, the ripple of the house, rounding of the station's report (assumed)."""

SPREAD_SHARE: Final = 0.08
"""And this share of the step: a car's power factor, and what its three phases differ in (assumed)."""

NOISE_SHARE: Final = 0.3
"""How often something else switches between the two levels of a step (assumed: a cooking hour)."""

NOISE_WITHIN_A: Final = 40.0
CERTAIN_ODDS: Final = math.log(1000.0)
"""The best hypothesis is certain when it is a thousand times as likely as any other."""

LEAST_STEP_A: Final = 1.5
"""A smaller step says nothing beside a house."""

AGREES_WITHIN: Final = 0.35
"""A phase that changed by this share of the step more or less agrees with a hypothesis."""


class Certainty(StrEnum):
    """How far a found phase may be relied on."""

    CERTAIN = "certain"
    PRESUMED = "presumed"
    """It follows from the certain ones if the phases turn to the right, as they should."""

    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One change of a car's current."""

    size_a: float
    """Signed; on every phase that the car loads."""

    seen_a: PerPhase
    """The meter's change per phase meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The phases that steps were seen on."""

    phases: frozenset[Phase]
    """The likeliest; empty when the meter does not see the car."""

    odds: float
    """Natural logarithm of how many times likelier than the second they are."""

    agreeing: int
    """Steps that agree with them on every phase."""

    @property
    def certain(self) -> bool:
        return self.odds >= CERTAIN_ODDS and self.agreeing >= 2


NOTHING_LOADED: Final = Loaded(phases=frozenset(), odds=0.0, agreeing=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPhase:
    """Which house phase is behind one phase of a station."""

    house: Phase | None
    certainty: Certainty


UNKNOWN_PHASE: Final = FoundPhase(house=None, certainty=Certainty.UNKNOWN)


def loaded_phases(steps: Iterable[Step], phases: Wiring) -> Loaded:
    """The subset of `phases` that these steps speak for most."""
    telling = [step for step in steps if abs(step.size_a) >= LEAST_STEP_A]
    if not telling:
        return NOTHING_LOADED
    subsets = chain.from_iterable(combinations(phases, count) for count in range(len(phases) + 1))
    ranked = sorted(
        ((_likelihood(telling, frozenset(subset), phases), frozenset(subset)) for subset in subsets),
        key=lambda weighed: weighed[0],
        reverse=True,
    )
    (best, found), (second, _) = ranked[0], ranked[1]
    agreeing = sum(_agrees(step, found, phases) for step in telling)
    return Loaded(phases=found, odds=best - second, agreeing=agreeing)


def wiring_found(count: int, seen: Sequence[tuple[int, Loaded]], phases: Wiring) -> tuple[FoundPhase, ...]:
    """The house phase behind each of a station's `count` phases.

    `seen`: how many station phases were in use, counted from its own L1, and what was loaded then. Where that
    contradicts itself all are unknown.
    """
    sets = {used: loaded.phases for used, loaded in seen if loaded.certain and len(loaded.phases) == used}
    certain = _certain(count, sets)
    if certain is None:
        return (UNKNOWN_PHASE,) * count
    presumed = _completed(certain, sets, phases)
    return tuple(_found(house, guess, sure=count in sets) for house, guess in zip(certain, presumed, strict=True))


def _found(house: Phase | None, guess: _Guess | None, *, sure: bool) -> FoundPhase:
    if house is not None:
        return FoundPhase(house=house, certainty=Certainty.CERTAIN)
    if guess is None:
        return UNKNOWN_PHASE
    only_one_left = guess.last and sure
    return FoundPhase(house=guess.house, certainty=Certainty.CERTAIN if only_one_left else Certainty.PRESUMED)


def complete(found: Sequence[FoundPhase]) -> Wiring | None:
    """The whole wiring, presumed phases included; None where one is unknown."""
    houses = [each.house for each in found if each.house is not None]
    return tuple(houses) if houses and len(houses) == len(found) else None


def agrees(stated: Wiring, seen: Iterable[tuple[int, Loaded]]) -> bool | None:
    """Whether a stated wiring fits all that is certain; None while nothing is."""
    certain = [(used, loaded.phases) for used, loaded in seen if loaded.certain]
    if not certain:
        return None
    return all(frozenset(stated[:used]) == phases for used, phases in certain)


@dataclass(frozen=True, slots=True)
class _Guess:
    """What an open place holds most likely."""

    house: Phase
    last: bool
    """Whether no other phase is left for it."""


def _certain(count: int, sets: Mapping[int, frozenset[Phase]]) -> list[Phase | None] | None:
    """Place by place what was loaded alone; None when the loaded sets contradict each other."""
    certain: list[Phase | None] = [None] * count
    before: frozenset[Phase] = frozenset()
    for used in sorted(sets):
        if not before <= sets[used]:
            return None
        added = sets[used] - before
        if len(added) == 1 and used == len(before) + 1 <= count:
            certain[used - 1] = next(iter(added))
        before = sets[used]
    return certain


def _completed(
    certain: Sequence[Phase | None], sets: Mapping[int, frozenset[Phase]], phases: Wiring
) -> list[_Guess | None]:
    """The open places: the only phase that is left, or what turns to the right, L1 L2 L3, if one order alone does."""
    count = len(certain)
    left = [phase for phase in phases if phase not in certain]
    if count == len(phases) and len(left) == 1:
        return [_Guess(left[0], last=True)] * count
    ring = tuple(Phase)
    turning = [tuple(ring[(start + place) % len(ring)] for place in range(count)) for start in range(len(ring))]
    fitting = [
        order
        for order in turning
        if all(house is None or house is order[place] for place, house in enumerate(certain))
        and all(frozenset(order[:used]) == loaded for used, loaded in sets.items())
    ]
    if len(phases) < len(ring) or len(fitting) != 1:
        return [None] * count
    return [_Guess(house, last=False) for house in fitting[0]]


def _likelihood(steps: Iterable[Step], loaded: frozenset[Phase], phases: Wiring) -> float:
    return sum(
        math.log(_density(step.seen_a[phase] - (step.size_a if phase in loaded else 0.0), step.size_a))
        for step in steps
        for phase in phases
    )


def _density(error_a: float, size_a: float) -> float:
    spread_a = math.hypot(SPREAD_A, SPREAD_SHARE * size_a)
    near = math.exp(-0.5 * (error_a / spread_a) ** 2) / (spread_a * math.sqrt(2 * math.pi))
    return (1 - NOISE_SHARE) * near + NOISE_SHARE / (2 * NOISE_WITHIN_A)


def _agrees(step: Step, loaded: frozenset[Phase], phases: Wiring) -> bool:
    within_a = max(SPREAD_A * 2, AGREES_WITHIN * abs(step.size_a))
    return all(abs(step.seen_a[phase] - (step.size_a if phase in loaded else 0.0)) <= within_a for phase in phases)
