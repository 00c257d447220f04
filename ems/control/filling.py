"""How much: all cars rise together until a row is tight or a car is full (`control.md` §2, progressive filling).

Max-min fair within a priority: nobody can rise without lowering a car whose rise above its minimum, relative to its
maximum, is no larger. Higher priorities fill first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ems.control.row_table import RowTable
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
        self._loads = table.loads(currents_a)
        """Of all cars at their minimum or stopped; the rise of those still rising comes on top."""

        self._pulls = [0.0] * len(self._loads)
        """By how much a row's load grows when all who still rise go up by their whole maximum."""

        self._rising_on = [0] * len(self._loads)
        """How many of a row's cars still rise."""

    def raise_together(self, rising: list[int]) -> None:
        """Raise these cars, in proportion to their maximums, until each of them is stopped."""
        table = self._table
        highs_a, lows_a = table.highs_a, table.lows_a
        for i in rising:
            for r, weight in table.rows_of[i]:
                self._pulls[r] += weight * highs_a[i]
                self._rising_on[r] += 1
        # Levels are shares of the maximum above the minimum.
        full_at = [1.0 - lows_a[i] / highs_a[i] if highs_a[i] > lows_a[i] else 0.0 for i in range(len(highs_a))]
        while rising:
            tight_at = {
                r: (self._caps[r] - self._loads[r]) / self._pulls[r] for r, cars in enumerate(self._rising_on) if cars
            }
            level = min([full_at[i] for i in rising])
            if tight_at:
                level = min(level, max(0.0, min(tight_at.values())))
            tight = {r for r, at in tight_at.items() if at <= level + SAME_LEVEL}
            rising = [i for i in rising if not self._stopped(i, level, full_at[i], tight)]

    def _stopped(self, i: int, level: float, full_at: float, tight: set[int]) -> bool:
        """Whether car `i` ends here; then its current, its rows and its reason are settled."""
        table = self._table
        binding = next((r for r, _ in table.rows_of[i] if r in tight), None) if tight else None
        full = full_at <= level + SAME_LEVEL
        if binding is None and not full:
            return False
        low_a, high_a = table.lows_a[i], table.highs_a[i]
        # Of a full car, the maximum itself: no rounding.
        rise_a = max(0.0, high_a - low_a) if binding is None else level * high_a
        self._currents_a[i] = max(high_a, low_a) if binding is None else low_a + rise_a
        if binding is not None:
            self._reasons[i] = table.rows[binding].reason
        for r, weight in table.rows_of[i]:
            self._loads[r] += weight * rise_a
            self._rising_on[r] -= 1
            # Where nobody rises any more nothing pulls, whatever rounding left.
            self._pulls[r] = self._pulls[r] - weight * high_a if self._rising_on[r] else 0.0
        return True
