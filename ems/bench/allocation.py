"""How long sharing the current takes, by number of cars, beside scipy's MILP on the same garages."""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Sequence
from typing import Final

from ems.bench.figures import AllocationFigures, spread
from ems.bench.garages import Garage, random_garage
from ems.clock import Clock
from ems.control.allocate import allocate

SEED: Final = 2026
MILP_WITHIN_S: Final = 2.0
"""What one garage may cost the MILP."""

MILP_IN_ALL_S: Final = 10.0
"""What all garages of one size may cost it."""


def measure_allocation(sizes: Sequence[int], garages: int, clock: Clock) -> list[AllocationFigures]:
    """One entry per size, from so many random garages each."""
    return [_measure_size(size, garages, clock) for size in sizes]


def _measure_size(size: int, count: int, clock: Clock) -> AllocationFigures:
    dice = random.Random(SEED + size)
    garages = [random_garage(dice, size) for _ in range(count)]
    allocate(garages[0].cars, garages[0].rows)
    durations_s = []
    for garage in garages:
        began_s = clock.monotonic_s()
        allocate(garage.cars, garage.rows)
        durations_s.append(clock.monotonic_s() - began_s)
    milp_s, same = _by_milp(garages, clock)
    return AllocationFigures(
        cars=size,
        garages=count,
        ours=spread(durations_s),
        milp=spread(milp_s) if milp_s else None,
        milp_garages=len(milp_s),
        as_good_as_milp=same if milp_s else None,
    )


def _by_milp(garages: Sequence[Garage], clock: Clock) -> tuple[list[float], int]:
    """Seconds per garage that it finished, and in how many of them we admit as worthy a set."""
    if importlib.util.find_spec("scipy") is None:
        return [], 0
    from ems.bench.oracle import best_counts, counts_of  # noqa: PLC0415 (needs scipy, which a house may not have)

    durations_s: list[float] = []
    same = 0
    began_all_s = clock.monotonic_s()
    for garage in garages:
        began_s = clock.monotonic_s()
        if began_s - began_all_s > MILP_IN_ALL_S:
            break
        counts = best_counts(garage, clock, within_s=MILP_WITHIN_S)
        if counts is None:
            break
        durations_s.append(clock.monotonic_s() - began_s)
        same += counts_of(garage.cars, allocate(garage.cars, garage.rows)) >= counts
    return durations_s, same
