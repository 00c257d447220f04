"""How much: all cars rise together until a row is tight or a car is full (`control.md` §2, progressive filling).

Max-min fair within a priority: nobody can rise without lowering a car whose rise above its minimum, relative to its
maximum, is no larger. Higher priorities fill first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ems.control.sharing.row_table import RowTable
from ems.model.decision import Reason

SAME_LEVEL: Final = 1e-9
"""Rows that get tight this close to each other get tight together."""


def fill(table: RowTable, admitted: Sequence[int]) -> tuple[list[float], list[Reason]]:
    """The current in amps of every candidate, and what stopped it there."""
    currents_a = table.minimums_of(admitted)
    reasons = [candidate.hi_reason for candidate in table.candidates]
    filling = _Filling(table, currents_a, reasons)
    candidates = table.candidates
    priorities = {candidates[i].priority for i in admitted}
    if len(priorities) == 1:
        filling.raise_together(list(admitted))
    else:
        for priority in sorted(priorities, reverse=True):
            filling.raise_together([i for i in admitted if candidates[i].priority == priority])
    return currents_a, reasons


class _Filling:
    """Rows as they fill; writes into the lists it is given."""

    __slots__ = ("_caps", "_currents_a", "_loads", "_pulls", "_reasons", "_rising_on", "_table")

    def __init__(self, table: RowTable, currents_a: list[float], reasons: list[Reason]) -> None:
        self._table = table
        self._currents_a = currents_a
        self._reasons = reasons
        self._caps = table.caps(currents_a)
        self._loads = table.least_loads.copy() if currents_a == table.lows_a else table.loads(currents_a)
        """Of all cars at their minimum or stopped; the rise of those still rising comes on top."""

        self._pulls = [0.0] * len(self._loads)
        """By how much a row's load grows when all who still rise go up by their whole maximum."""

        self._rising_on = [0] * len(self._loads)
        """How many of a row's cars still rise."""

    def raise_together(self, rising: list[int]) -> None:
        """Raise these cars, in proportion to their maximums, until each of them is stopped."""
        table, pulls, rising_on = self._table, self._pulls, self._rising_on
        full_at: dict[int, float] = {}
        """Levels are shares of the maximum above the minimum."""

        for i in rising:
            low_a, high_a = table.lows_a[i], table.highs_a[i]
            full_at[i] = 1.0 - low_a / high_a if high_a > low_a else 0.0
            for r, weight in table.rows_of[i]:
                pulls[r] += weight * high_a
                rising_on[r] += 1
        rows = [r for r, cars in enumerate(rising_on) if cars]
        while rising:
            tight_at = [(self._caps[r] - self._loads[r]) / pulls[r] for r in rows]
            level = min([full_at[i] for i in rising])
            tight: set[int] = set()
            if tight_at and (first := min(tight_at)) <= level + SAME_LEVEL:
                level = min(level, max(first, 0.0))
                tight = {r for r, at in zip(rows, tight_at, strict=True) if at <= level + SAME_LEVEL}
            rising = [i for i in rising if not self._stopped(i, level, full_at[i], tight)]
            rows = [r for r in rows if rising_on[r]]

    def _stopped(self, i: int, level: float, full_at: float, tight: set[int]) -> bool:
        """Whether car `i` ends here; then its current, its rows and its reason are settled."""
        table = self._table
        low_a, high_a = table.lows_a[i], table.highs_a[i]
        binding = None
        if tight:
            for r, _ in table.rows_of[i]:
                if r in tight:
                    binding = r
                    break
        if binding is not None:
            self._reasons[i] = table.rows[binding].reason
            self._currents_a[i] = low_a + level * high_a
        elif full_at <= level + SAME_LEVEL:
            self._currents_a[i] = max(low_a, high_a)  # Itself, not the rounded sum.
        else:
            return False
        self._settle(i, self._currents_a[i] - low_a)
        return True

    def _settle(self, i: int, rise_a: float) -> None:
        """Car `i` pulls no more; what it rose by is load."""
        loads, pulls, rising_on = self._loads, self._pulls, self._rising_on
        high_a = self._table.highs_a[i]
        for r, weight in self._table.rows_of[i]:
            loads[r] += weight * rise_a
            rising_on[r] -= 1
            # Where nobody rises any more nothing pulls, whatever rounding left.
            pulls[r] = pulls[r] - weight * high_a if rising_on[r] else 0.0
