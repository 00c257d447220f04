"""Why a car stays at 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ems.control.sharing.row_table import RowTable
from ems.model.decision import NO_REASON, LimitReason, Reason


class Refusals:
    """Tells the reason of every car left out beside those admitted."""

    __slots__ = ("_empty", "_owed", "_table", "_used")

    def __init__(self, table: RowTable, admitted: Sequence[int]) -> None:
        self._table = table
        minimums_a = table.minimums_of(admitted)
        self._used = table.loads(minimums_a)
        self._empty = [0.0] * len(table.rows)
        self._owed = self._empty.copy()
        """Per row that yields: what the minimums of those admitted take that must charge."""

        for r in table.yielding:
            self._owed[r] = sum(weight * minimums_a[i] for i, weight in table.members[r] if table.candidates[i].must)

    def of(self, i: int) -> Reason:
        """The row that has the least left for car `i`; that others came first, where it would fit alone."""
        table = self._table
        fullest = self._fullest_row(i, self._used, self._owed)
        if fullest is None:
            return NO_REASON
        reason = table.rows[fullest].reason
        if reason.code is not LimitReason.SOLAR_SURPLUS:
            if self._fits_alone(i):
                return Reason(code=LimitReason.PRIORITY)
            fullest = self._fullest_row(i, self._empty, self._empty) or 0
            reason = table.rows[fullest].reason
        if reason.code is LimitReason.SOLAR_SURPLUS:
            return replace(reason, needed_w=self._used[fullest] + self._burden(i, fullest))
        return reason

    def _fullest_row(self, i: int, used: Sequence[float], owed: Sequence[float]) -> int | None:
        """The row that lacks most for the minimum of car `i` beside what is used; None when no row holds it."""
        table = self._table
        low_a, must = table.lows_a[i], table.candidates[i].must
        fullest, lacks_most_a = None, 0.0
        for r, weight in table.rows_of[i]:
            row = table.rows[r]
            burden = weight * low_a
            cap = max(row.cap, owed[r] + burden * must) if row.yields_to_must else row.cap
            lacks_a = (used[r] + burden - cap) / weight
            if fullest is None or lacks_a >= lacks_most_a:
                fullest, lacks_most_a = r, lacks_a
        return fullest

    def _fits_alone(self, i: int) -> bool:
        table = self._table
        low_a, must = table.lows_a[i], table.candidates[i].must
        for r, weight in table.rows_of[i]:
            if weight * low_a > table.limits[r] and not (must and table.rows[r].yields_to_must):
                return False
        return True

    def _burden(self, i: int, r: int) -> float:
        """What the minimum of car `i` takes of row `r`."""
        return self._table.lows_a[i] * dict(self._table.rows_of[i])[r]
