"""Share the current: every car gets 0 or at least its minimum, under all rows at once (`control.md` §2).

Who charges is decided first (`ems.control.admission`), then how much (`ems.control.filling`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ems.control.admission import admit
from ems.control.evenness import even_rows, is_even, phase_sums
from ems.control.filling import fill
from ems.control.refusal import Refusals
from ems.control.row_table import RowTable
from ems.control.rows import Candidate, Row, Share
from ems.model.decision import Reason

EVENING_ROUNDS: Final = 8
"""Solutions that are tried to keep the phases even, before every phase alone is held below the limit."""


def allocate(
    candidates: Sequence[Candidate], rows: Sequence[Row], *, imbalance_a: float | None = None
) -> dict[str, Share]:
    """A share for every candidate: feasible on every row, and never between 0 and the minimum.

    With `imbalance_a`, the sums of the cars on one or two phases differ by no more than that between any two phases of
    a house with three (VDE-AR-N 4100: 20 A).
    """
    solved = _solved(candidates, rows)
    if imbalance_a is not None:
        solved = _evened(solved, candidates, rows, imbalance_a)
    return _shares(solved)


@dataclass(slots=True)
class _Solved:
    """A question with its answer."""

    table: RowTable
    admitted: Sequence[int]
    currents_a: Sequence[float]
    stopped_by: Sequence[Reason]


def _solved(candidates: Sequence[Candidate], rows: Sequence[Row]) -> _Solved:
    """The answer, checked against all rows; minimums alone, or nothing, should it not hold."""
    table = RowTable(candidates, rows)
    admitted = admit(table)
    currents_a, stopped_by = fill(table, admitted)
    if not table.holds(currents_a):
        currents_a = table.minimums_of(admitted)
        if not table.holds(currents_a):
            admitted, currents_a = [], table.minimums_of([])
    return _Solved(table, admitted, currents_a, stopped_by)


def _evened(solved: _Solved, candidates: Sequence[Candidate], rows: Sequence[Row], imbalance_a: float) -> _Solved:
    """The same with no phase above the lowest by more than `imbalance_a`: cap the sums there, and solve again."""
    most_a = float("inf")
    for _ in range(EVENING_ROUNDS):
        sums_a = phase_sums(candidates, solved.currents_a)
        if is_even(sums_a, imbalance_a):
            return solved
        # Never looser than in the round before, so that rounds cannot go in circles.
        most_a = min(most_a, min(sums_a) + imbalance_a)
        solved = _solved(candidates, [*rows, *even_rows(candidates, most_a, imbalance_a)])
    if is_even(phase_sums(candidates, solved.currents_a), imbalance_a):
        return solved
    return _solved(candidates, [*rows, *even_rows(candidates, imbalance_a, imbalance_a)])


def _shares(solved: _Solved) -> dict[str, Share]:
    admitted = set(solved.admitted)
    refusals = Refusals(solved.table, solved.admitted) if len(admitted) < len(solved.currents_a) else None
    return {
        candidate.station_id: Share(
            station_id=candidate.station_id,
            limit_a=solved.currents_a[i],
            reason=solved.stopped_by[i] if refusals is None or i in admitted else refusals.of(i),
        )
        for i, candidate in enumerate(solved.table.candidates)
    }
