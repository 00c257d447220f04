"""Share the current: every car gets 0 or at least its minimum, under all rows at once (`control.md` §2).

Who charges is decided first (`ems.control.admission`), then how much (`ems.control.filling`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ems.control.admission import admit
from ems.control.evenness import UNEVEN_ROUNDS, even_rows, is_even
from ems.control.filling import fill
from ems.control.refusal import Refusals
from ems.control.row_table import RowTable
from ems.control.rows import Candidate, Row, Share
from ems.model.decision import Reason


def allocate(
    candidates: Sequence[Candidate], rows: Sequence[Row], *, imbalance_a: float | None = None
) -> dict[str, Share]:
    """A share for every candidate: feasible on every row, and never between 0 and the minimum.

    With `imbalance_a`, the sums of the cars on one or two phases differ by no more than that between any two phases of
    a house with three (VDE-AR-N 4100: 20 A).
    """
    solved = _solved(RowTable(candidates, rows))
    if imbalance_a is not None:
        solved = _evened(solved, rows, imbalance_a)
    return _shares(solved)


@dataclass(slots=True)
class _Solved:
    """A table with the currents found for it."""

    table: RowTable
    admitted: Sequence[int]
    currents_a: list[float]
    stopped_by: list[Reason]
