"""Who charges, by scipy's MILP: what our admission is compared with. Importing this needs scipy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from ems.bench.garages import Garage
from ems.clock import Clock
from ems.control.sharing.rows import Candidate, Share

HAIR = 1e-6


def classes_of(cars: Sequence[Candidate]) -> list[tuple[bool, int]]:
    """The classes that compete, the most worthy first."""
    return sorted({(car.must, car.priority) for car in cars}, reverse=True)


def counts_of(cars: Sequence[Candidate], shares: Mapping[str, Share]) -> list[int]:
    """How many cars of each class charge."""
    on = [(car.must, car.priority) for car in cars if shares[car.station_id].limit_a > 0.0]
    return [on.count(each) for each in classes_of(cars)]


def best_counts(garage: Garage, clock: Clock, *, within_s: float) -> list[int] | None:
    """The largest counts, class by class, one MILP for each; None when it took longer than `within_s` seconds."""
    began_s = clock.monotonic_s()
    cars = garage.cars
    fits = _minimums_fit(garage)
    won: list[LinearConstraint] = []
    counts = []
    for each in classes_of(cars):
        members = np.array([float((car.must, car.priority) == each) for car in cars])
        left_s = within_s - (clock.monotonic_s() - began_s)
        if left_s <= 0.0:
            return None
        found = milp(
            -members,
            integrality=np.ones(len(cars), dtype=int),
            bounds=Bounds(0, 1),
            constraints=[fits, *won],
            options={"time_limit": left_s},
        )
        if found.x is None or found.status != 0:
            return None
        counts.append(round(float(members @ found.x)))
        won.append(LinearConstraint(members, lb=counts[-1] - HAIR))
    return counts


def _minimums_fit(garage: Garage) -> LinearConstraint:
    matrix: list[NDArray[np.float64]] = []
    caps: list[float] = []
    for row in garage.rows:
        minimums = np.array([row.weights.get(car.station_id, 0.0) * car.lo_a for car in garage.cars])
        if not row.yields_to_must:
            matrix.append(minimums)
            caps.append(max(row.cap, 0.0) + HAIR)
            continue
        # A wish binds as soon as any car on it charges that merely may.
        for i, car in enumerate(garage.cars):
            if not car.must and minimums[i] > 0.0:
                bound = minimums.copy()
                bound[i] += minimums.sum()
                matrix.append(bound)
                caps.append(max(row.cap, 0.0) + float(minimums.sum()) + HAIR)
    return LinearConstraint(np.array(matrix), ub=np.array(caps))
