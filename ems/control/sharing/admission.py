"""Who charges: the most worthy set of cars whose minimums fit all rows (`control.md` §2).

Rows that could feed everybody's minimum are left out first, and so are the cars on no other row: they all charge. Up
to `EXACT_UP_TO` cars that compete, the best set is found by branch and bound; above, cars are admitted greedily in
several orders and the best result is improved by exchanges, within a counted amount of work: the same answer on every
machine, and a bounded time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ems.control.sharing.row_table import RowTable

EXACT_UP_TO: Final = 10
EXCHANGE_TESTS: Final = 30_000
"""How often the exchanges may test whether a car fits; about a microsecond each on a desktop."""

LONGEST_WAIT_S: Final = 1e7
"""Longer waits count as this one, four months."""


def admit(table: RowTable) -> list[int]:
    """The numbers of the cars that charge, in rising order."""
    everybody = range(len(table.candidates))
    contested = [r for r, load in enumerate(table.least_loads) if load > table.limits[r]]
    if not contested:
        return list(everybody)
    contest = _Contest(table, contested)
    free = [i for i in everybody if not contest.burdens[i]]
    rivals = [i for i in everybody if contest.burdens[i] and contest.fits(i)]
    values = worths(table)
    chosen = (
        _best_set(contest, rivals, values) if len(rivals) <= EXACT_UP_TO else _good_set(table, contest, rivals, values)
    )
    return sorted([*free, *chosen])


def worths(table: RowTable) -> list[int]:
    """What admitting each car is worth; the worth of a set is the sum, and sets compare as if class by class.

    First the cars that must charge, by priority, then the others by priority; then those running, then the longest
    waits. The classes only count cars, so that more room can never make the best set worse in them.
    """
    waits_ms = [int(1000 * min(max(candidate.waited_s, 0.0), LONGEST_WAIT_S)) for candidate in table.candidates]
    digit = len(waits_ms) + 1  # No class can count as far as the next higher digit.
    tail = sum(waits_ms) + 1
    return [
        (digit ** (1 + rank) + candidate.running) * tail + wait_ms
        for candidate, rank, wait_ms in zip(table.candidates, _ranks(table), waits_ms, strict=True)
    ]


def _ranks(table: RowTable) -> list[int]:
    """The class of each car, 0 the least worthy."""
    priorities = sorted({candidate.priority for candidate in table.candidates})
    place = {priority: i for i, priority in enumerate(priorities)}
    return [place[c.priority] + (len(priorities) if c.must else 0) for c in table.candidates]


class _Contest:
    """The `rows` that cannot feed everybody, and how full the minimums of those taken in so far make them."""

    __slots__ = ("_limits", "_may_cars", "_must", "_used", "_yields", "burdens", "rows")

    def __init__(self, table: RowTable, rows: Sequence[int]) -> None:
        self._limits = table.limits
        self.rows = rows
        self.burdens: list[list[tuple[int, float]]] = [[] for _ in table.candidates]
        """Per car: (contested row, what its minimum takes of it)."""

        for r in self.rows:
            for i, weight in table.members[r]:
                self.burdens[i].append((r, weight * table.lows_a[i]))
        self._used = [0.0] * len(table.rows)
        self._may_cars = [0] * len(table.rows)
        self._yields = [row.yields_to_must for row in table.rows]
        self._must = [candidate.must for candidate in table.candidates]

    def fits(self, i: int) -> bool:
        """Whether the minimum of car `i` fits beside those taken in."""
        used, limits = self._used, self._limits
        for r, burden in self.burdens[i]:
            if used[r] + burden > limits[r] and not (self._yields[r] and self._must[i] and not self._may_cars[r]):
                return False
        return True

    def take(self, i: int) -> None:
        """Take car `i` in."""
        may = not self._must[i]
        for r, burden in self.burdens[i]:
            self._used[r] += burden
            self._may_cars[r] += may

    def release(self, i: int) -> None:
        """Let car `i` go again."""
        may = not self._must[i]
        for r, burden in self.burdens[i]:
            self._used[r] -= burden
            self._may_cars[r] -= may

    def strain(self, i: int) -> float:
        """Which share of its contested rows car `i` takes, summed."""
        return sum(burden / max(self._limits[r], burden) for r, burden in self.burdens[i])


def _best_set(contest: _Contest, rivals: Sequence[int], values: Sequence[int]) -> list[int]:
    """Branch and bound, worthiest car first: no branch is entered that could not beat the best set so far."""
    order = sorted(rivals, key=lambda i: -values[i])
    open_worth = [0]
    for i in reversed(order):
        open_worth.append(open_worth[-1] + values[i])
    open_worth.reverse()
    best: list[int] = []
    best_worth = 0
    chosen: list[int] = []

    def search(place: int, worth: int) -> None:
        nonlocal best, best_worth
        if worth > best_worth:
            best, best_worth = chosen.copy(), worth
        if worth + open_worth[place] <= best_worth:
            return
        i = order[place]
        if contest.fits(i):
            contest.take(i)
            chosen.append(i)
            search(place + 1, worth + values[i])
            chosen.pop()
            contest.release(i)
        search(place + 1, worth)

    search(0, 0)
    return best


def _good_set(table: RowTable, contest: _Contest, rivals: Sequence[int], values: Sequence[int]) -> list[int]:
    """The best of several greedy sets, improved by exchanges."""
    ranks = _ranks(table)
    strains = {i: contest.strain(i) for i in rivals}
    orders = [
        sorted(rivals, key=lambda i: (-ranks[i], strains[i], -values[i])),
        sorted(rivals, key=lambda i: (-values[i], strains[i])),
        sorted(rivals, key=lambda i: (strains[i], -values[i])),
    ]
    best: list[int] = []
    for order in orders:
        taken = _take_all_that_fit(contest, order)
        for i in taken:
            contest.release(i)
        if _worth(taken, values) > _worth(best, values):
            best = taken
    for i in best:
        contest.take(i)
    return _exchanged(contest, orders[0], values, set(best))


def _take_all_that_fit(contest: _Contest, order: Sequence[int]) -> list[int]:
    taken = []
    for i in order:
        if contest.fits(i):
            contest.take(i)
            taken.append(i)
    return taken


def _worth(chosen: Sequence[int], values: Sequence[int]) -> int:
    return sum(values[i] for i in chosen)


def _exchanged(contest: _Contest, order: Sequence[int], values: Sequence[int], chosen: set[int]) -> list[int]:
    """Take one car out and let in what then fits, the least worthy first, as long as that is worth more."""
    tests_left = EXCHANGE_TESTS
    improved = True
    while improved:
        improved = False
        for i in sorted(chosen, key=lambda i: (values[i], i)):
            outside = [j for j in order if j not in chosen]
            tests_left -= len(outside)
            if tests_left < 0 or not outside:
                return list(chosen)
            contest.release(i)
            let_in = _take_all_that_fit(contest, outside)
            if _worth(let_in, values) > values[i]:
                chosen = (chosen - {i}) | set(let_in)
                improved = True
                continue
            for j in let_in:
                contest.release(j)
            contest.take(i)
    return list(chosen)
