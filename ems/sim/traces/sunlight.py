"""Solar power per second from means per step.

Where the steps rise or fall slowly and steadily the power ramps through them. At a peak, at a dip, and where it changes
by more than `STEEP` of the largest step around, the sun comes and goes as with the edge of a cloud: a plateau with
short ramps to the middle between the neighbours. Each step keeps its mean; nothing is negative, and a plateau is at
most 1 / (1 - `EDGE`) of its mean.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

EDGE: Final = 0.1
"""Share of the step that a ramp at its begin or end takes: 6 s of a minute, as a cloud's edge over a roof."""

STEEP: Final = 0.1
"""Share of the largest step by which a clear sky never changes in a minute; a cloud's edge does it in seconds."""


def seconds_of_sun(means_w: NDArray[np.float64], step_s: int) -> NDArray[np.float64]:
    """Power per second. `means_w` has one step more at both ends than comes out."""
    before, mean, after = means_w[:-2], means_w[1:-1], means_w[2:]
    if step_s == 1:
        return mean.copy()
    border = np.minimum((means_w[:-1] + means_w[1:]) / 2, np.minimum(means_w[:-1], means_w[1:]) / EDGE)
    first, last = border[:-1], border[1:]
    peak = 2 * mean - (first + last) / 2
    low = np.minimum(np.minimum(before, after), mean)
    high = np.maximum(np.maximum(before, after), mean)
    gentle = np.maximum(abs(after - mean), abs(mean - before)) <= STEEP * means_w.max() * max(1.0, step_s / 60)
    smooth = gentle & (peak >= low) & (peak <= high)
    plateau = (mean - EDGE * (first + last) / 2) / (1 - EDGE)
    ramp = np.where(smooth, 0.5, EDGE)
    level = np.where(smooth, peak, plateau)
    energy = _energy(first, level, last, ramp, mean, np.linspace(0.0, 1.0, step_s + 1))
    return np.maximum(np.diff(energy, axis=1) * step_s, 0.0).ravel()


def _energy(
    first: NDArray[np.float64],
    level: NDArray[np.float64],
    last: NDArray[np.float64],
    ramp: NDArray[np.float64],
    mean: NDArray[np.float64],
    share: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Integral of the trapezoid from the start of the step to each share of it; shape (steps, shares)."""
    first, level, last, ramp, mean = (each[:, None] for each in (first, level, last, ramp, mean))
    rising = first * share + (level - first) * share**2 / (2 * ramp)
    flat = (first + level) * ramp / 2 + level * (share - ramp)
    left = 1 - share
    falling = mean - (last * left + (level - last) * left**2 / (2 * ramp))
    return np.where(share <= ramp, rising, np.where(share < 1 - ramp, flat, falling))
