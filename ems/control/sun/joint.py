"""Which joint patterns of the sun's cars are weighed against the present one (`control.md` §5)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations, product
from typing import Final

JOINT_UP_TO: Final = 4
"""Up to so many solar cars all patterns are weighed; above, those that differ from the present one in a car or two."""

TRADES_UP_TO: Final = 12
"""Up to so many also those that trade one car for two."""

Pattern = tuple[int, ...]
"""Phases offered to each solar car, in the order of the site; 0 is off."""

Offers = tuple[tuple[int, ...], ...]
"""Per car, the phases that it may be offered."""


def patterns(offers: Offers, present: Pattern) -> tuple[Pattern, ...]:
    """All of few cars; of many, those near the present one."""
    return _all(offers) if len(offers) <= JOINT_UP_TO else _near(offers, present)


@lru_cache(maxsize=256)
def _all(offers: Offers) -> tuple[Pattern, ...]:
    return tuple(product(*offers))


@lru_cache(maxsize=64)
def _near(offers: Offers, present: Pattern) -> tuple[Pattern, ...]:
    """Patterns that change one car, or stop one and start another."""
    single = [
        (*present[:i], phases, *present[i + 1 :])
        for i, offered in enumerate(offers)
        for phases in offered
        if phases != present[i]
    ]
    swaps = [
        tuple(0 if k == i else (phases if k == j else each) for k, each in enumerate(present))
        for i, offered in enumerate(offers)
        if present[i] != 0 and 0 in offered
        for j, others in enumerate(offers)
        if j != i and present[j] == 0
        for phases in others
        if phases != 0
    ]
    return (*dict.fromkeys([*single, *swaps, *(_trades(offers, present) if len(offers) <= TRADES_UP_TO else ())]),)


def _trades(offers: Offers, present: Pattern) -> Iterator[Pattern]:
    """Patterns that stop one car and start two others: many small cars may be worth more than a large one."""
    idle = [i for i, phases in enumerate(present) if phases == 0]
    for out, offered in enumerate(offers):
        if present[out] == 0 or 0 not in offered:
            continue
        for one, other in combinations(idle, 2):
            for first, second in product(offers[one], offers[other]):
                if first and second:
                    traded = list(present)
                    traded[out], traded[one], traded[other] = 0, first, second
                    yield tuple(traded)
