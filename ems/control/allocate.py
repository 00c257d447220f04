"""Share the current: every car gets 0 or at least its minimum, under all rows at once (`control.md` §2).

Who charges is decided first (`ems.control.sharing.admission`), then how much (`ems.control.sharing.filling`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ems.control.sharing.admission import admit
from ems.control.sharing.filling import fill
from ems.control.sharing.refusal import Refusals
from ems.control.sharing.row_table import RowTable
from ems.control.sharing.rows import Candidate, Row, Share
from ems.model.decision import Reason


def allocate(candidates: Sequence[Candidate], rows: Sequence[Row]) -> dict[str, Share]:
    """A share for every candidate: feasible on every row, and never between 0 and the minimum."""
    return _shares(_solved(candidates, rows))


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
