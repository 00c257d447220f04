"""The rows of the allocation: each bounds a weighted sum of currents, and says why (`control.md` §2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ems.model.decision import Reason
from ems.model.quick import quick


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Σ weight_j · x_j ≤ cap over the stations in `weights`; a fuse phase in amps, or the surplus in watts."""

    cap: float
    weights: Mapping[str, float]
    """None is negative: a car cannot make room for another."""

    reason: Reason
    yields_to_must: bool = False
    """True for wishes such as the surplus: minimums of cars that must charge are not refused by it."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A car that may charge: its limit is 0, or between `lo_a` and `hi_a`."""

    station_id: str
    lo_a: float
    hi_a: float
    hi_reason: Reason
    priority: int = 0
    must: bool = False
    """To be admitted before any car that merely may."""

    running: bool = False
    """Charging already; wins a tie."""

    waited_s: float = 0.0
    """How long it has been left out; the longest wins the next tie (rotation)."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What the allocation gives one candidate, and the bound that stopped it there."""

    station_id: str
    limit_a: float
    reason: Reason
