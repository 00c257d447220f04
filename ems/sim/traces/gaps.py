"""Steps without a reading, filled from the day before."""

from __future__ import annotations

import numpy as np

from ems.sim.traces.trace import Series

DAY_S = 86_400


def filled(readings: Series, step_s: int, *, otherwise: float) -> Series:
    """The readings, never negative; a gap takes the same time of the day before, or `otherwise` on the first day."""
    series = np.maximum(readings, 0.0)
    day = max(1, round(DAY_S / step_s))
    for begin in range(0, len(series), day):
        part = series[begin : begin + day]
        before = series[begin - day : begin][: len(part)] if begin else np.full(len(part), otherwise)
        gap = np.isnan(part)
        part[gap] = before[gap]
    return series


def median(readings: Series) -> float:
    """The median of all readings; 0 when there is none."""
    known = readings[~np.isnan(readings)]
    return float(max(0.0, np.median(known))) if known.size else 0.0


def missing(readings: Series) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """True where a column that somebody recorded has no reading; a column without any counts as not recorded."""
    gap = np.isnan(readings)
    return np.zeros_like(gap) if gap.all() else gap
