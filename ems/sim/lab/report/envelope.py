"""A day of seconds as lines of few points that keep every peak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ems.sim.lab.records import Series

BUCKETS: Final = 720
"""About one per pixel of a wide page: two minutes of a day each."""

Points = tuple[Series, Series]
"""Places in the series, and the values there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What a series did: the mean of every bucket, and its largest and smallest values where they stand."""

    mean: Points
    highest: Points
    lowest: Points


def envelope(series: Series, buckets: int = BUCKETS) -> Envelope:
    """Three lines for one series; the same three when it has few enough corners to be drawn as it is."""
    values = np.nan_to_num(np.asarray(series, dtype=np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    exact = _without_flats(np.arange(len(values), dtype=np.float64), values)
    if len(exact[0]) <= 2 * buckets:
        return Envelope(mean=exact, highest=exact, lowest=exact)
    edges = np.linspace(0, len(values), buckets + 1).astype(np.int64)
    parts = np.split(values, edges[1:-1])
    middles = (edges[:-1] + edges[1:] - 1) / 2
    highest = edges[:-1] + np.array([part.argmax() for part in parts])
    lowest = edges[:-1] + np.array([part.argmin() for part in parts])
    return Envelope(
        mean=_without_flats(middles, np.array([part.mean() for part in parts])),
        highest=_at(highest, values),
        lowest=_at(lowest, values),
    )


def _at(places: NDArray[np.int64], values: Series) -> Points:
    return _without_flats(places.astype(np.float64), values[places])


def _without_flats(places: Series, values: Series) -> Points:
    """Leaves out points whose neighbours on both sides have the same value."""
    if len(values) < 3:
        return places, values
    same = values[1:] == values[:-1]
    keep = np.ones(len(values), dtype=np.bool_)
    keep[1:-1] = ~(same[:-1] & same[1:])
    return places[keep], values[keep]
