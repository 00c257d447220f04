"""Readings at any times, as means over even steps."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ems.sim.traces.errors import TraceError
from ems.sim.traces.lines import MAX_ROWS
from ems.sim.traces.trace import Series

DAY_S: Final = 86_400
ENOUGH: Final = 0.5
"""Share of a step that must have a reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """One quantity as it was noted: from each time on it had the value, NaN for unknown."""

    at_s: NDArray[np.float64]
    """Seconds since 1970, not falling."""

    values: Series
    holds_s: float
    """A value counts no longer than this."""


def on_even_steps(name: str, readings: Mapping[str, Readings], step_s: int) -> tuple[datetime, dict[str, Series]]:
    """Start of the first step, and the mean of each quantity over each step, weighted by time; NaN is a gap.

    Raises TraceError when that would be too many steps, or fewer than two.
    """
    first_s = min(float(each.at_s[0]) for each in readings.values())
    # Where values hold without end, the last one of all tells when the notes stopped.
    end_s = max(
        float(each.at_s[-1]) + (each.holds_s if math.isfinite(each.holds_s) else 0) for each in readings.values()
    )
    # Steps that divide a day stand on round times; others have no such times, and begin with the first row.
    begin_s = int(first_s // step_s) * step_s if DAY_S % step_s == 0 else int(first_s)
    steps = -int((begin_s - end_s) // step_s)
    if steps > MAX_ROWS:
        raise TraceError(name, f"makes {steps} steps", "check the times, or take a longer step")
    if steps < 2:
        raise TraceError(name, "covers less than two steps", "take a shorter step")
    edges_s = begin_s + np.arange(steps + 1, dtype=np.float64) * step_s
    series = {role: _means(each, edges_s, step_s, end_s) for role, each in readings.items()}
    return datetime.fromtimestamp(begin_s, UTC), series


def _means(readings: Readings, edges_s: NDArray[np.float64], step_s: int, end_s: float) -> Series:
    begins_s = readings.at_s
    ends_s = np.minimum(np.append(begins_s[1:], end_s), begins_s + readings.holds_s)
    lasts_s = np.where(np.isnan(readings.values), 0.0, ends_s - begins_s)
    corners_s = np.stack([begins_s, ends_s], axis=1).ravel()
    known_s = _sum_at(corners_s, lasts_s, edges_s)
    energy = _sum_at(corners_s, lasts_s * np.nan_to_num(readings.values), edges_s)
    enough = known_s >= ENOUGH * step_s
    means: Series = np.divide(energy, known_s, out=np.full(len(known_s), np.nan), where=enough)
    return means


def _sum_at(corners_s: NDArray[np.float64], parts: NDArray[np.float64], edges_s: NDArray[np.float64]) -> Series:
    """What is gathered between the edges when each part is gathered evenly between its two corners."""
    gathered = np.cumsum(np.stack([np.zeros_like(parts), parts], axis=1).ravel())
    return np.diff(np.interp(edges_s, corners_s, gathered, left=0.0))
