"""How evenly cars on one or two phases load the three phases of a house (`control.md` §2, VDE-AR-N 4100)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ems.control.row_table import TOLERANCE
from ems.control.rows import Candidate, Row
from ems.model.decision import LimitReason, Reason
from ems.model.electrical import PHASES_OF, Phase

HOUSE: Final = PHASES_OF[3]


def loads_unevenly(candidate: Candidate) -> bool:
    """Whether its current makes the phases differ: it is known to use one or two of them."""
    return 0 < len(candidate.phases) < len(HOUSE)


def phase_sums(candidates: Sequence[Candidate], currents_a: Sequence[float]) -> list[float]:
    """D: amps per phase of the cars that load the house unevenly; cars on three phases cancel out."""
    sums_a = [0.0 for _ in HOUSE]
    for candidate, current_a in zip(candidates, currents_a, strict=True):
        if loads_unevenly(candidate):
            for phase in candidate.phases:
                sums_a[phase] += current_a
    return sums_a


def is_even(sums_a: Sequence[float], imbalance_a: float) -> bool:
    """Whether no two phases differ by more than `imbalance_a`."""
    return max(sums_a) - min(sums_a) <= imbalance_a + TOLERANCE * max(1.0, imbalance_a)


def even_rows(candidates: Sequence[Candidate], most_a: float, imbalance_a: float) -> list[Row]:
    """A row per phase that keeps the sum of its uneven cars at or below `most_a`."""
    reason = Reason(code=LimitReason.PHASE_IMBALANCE, limit_a=imbalance_a)
    return [_even_row(candidates, phase, most_a, reason) for phase in HOUSE]


def _even_row(candidates: Sequence[Candidate], phase: Phase, most_a: float, reason: Reason) -> Row:
    weights = {c.station_id: 1.0 for c in candidates if loads_unevenly(c) and phase in c.phases}
    return Row(cap=most_a, weights=weights, reason=reason)
