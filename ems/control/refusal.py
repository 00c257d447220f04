"""Why a car stays at 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ems.control.row_table import TOLERANCE, RowTable
from ems.model.decision import NO_REASON, LimitReason, Reason


class Refusals:
    """Tells the reason of every car left out beside those admitted."""

    __slots__ = ("_empty", "_owed", "_table", "_used")

    def __init__(self, table: RowTable, admitted: Sequence[int]) -> None:
        minimums_a = table.minimums_of(admitted)
        self._table = table
        self._used = table.loads(minimums_a)
        self._owed = table.loads(
            [low_a if candidate.must else 0.0 for low_a, candidate in zip(minimums_a, table.candidates, strict=True)]
        )
        self._empty = [0.0] * len(table.rows)

    def of(self, i: int) -> Reason:
        """The row that has the least left for car `i`; that others came first, where it would fit alone."""
        reason, _ = self._fullest_row(i, self._used, self._owed)
        if reason.code is LimitReason.SOLAR_SURPLUS:
            return reason
        alone, over = self._fullest_row(i, self._empty, self._empty)
        return alone if over else Reason(code=LimitReason.PRIORITY)

    def _fullest_row(self, i: int, used: Sequence[float], owed: Sequence[float]) -> tuple[Reason, bool]:
        """The reason of that row with car `i` on it, and whether that is more than it feeds."""
        table = self._table
        low_a, must = table.lows_a[i], table.candidates[i].must
        fullest: tuple[float, int, float] | None = None
        over = False
        for r, weight in table.rows_of[i]:
            row = table.rows[r]
            load = used[r] + weight * low_a
            cap = max(row.cap, owed[r] + weight * low_a * must) if row.yields_to_must else row.cap
            over = over or load > cap + TOLERANCE * max(1.0, abs(cap))
            fullest = max(fullest or (-float("inf"), 0, 0.0), ((load - cap) / weight, r, load))
        if fullest is None:
            return NO_REASON, over
        reason = table.rows[fullest[1]].reason
        return (replace(reason, needed_w=fullest[2]) if reason.code is LimitReason.SOLAR_SURPLUS else reason), over
