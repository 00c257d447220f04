"""Random garages for the sharing of current, and scipy's MILP as the judge of who should charge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from ems.control.sharing.rows import Candidate, Row, Share
from ems.model.decision import LimitReason, Reason
from ems.model.electrical import Phase

FULL = Reason(code=LimitReason.INSTALLER_LIMIT)
MAIN = Reason(code=LimitReason.MAIN_FUSE)
GROUP = Reason(code=LimitReason.CIRCUIT_FUSE)
SUN = Reason(code=LimitReason.SOLAR_SURPLUS, surplus_w=1000.0)
HAIR = 1e-6


def garage(rng: np.random.Generator, count: int) -> tuple[list[Candidate], list[Row]]:
    """Cars on one or three phases behind a main fuse, groups and sub-groups; sometimes with a wish for sun."""
    # Cars of one class with minimums of many sizes are the hard ones: which of them to leave out?
    alike = bool(rng.random() < 0.5)
    wiring = [tuple(Phase) if rng.random() < 0.6 else (Phase(int(rng.integers(3))),) for _ in range(count)]
    cars = [
        Candidate(
            station_id=f"s{i}",
            lo_a=float(rng.choice([6.0, 7.0, 8.0, 10.0, 13.0] if alike else [6.0, 6.0, 8.0])),
            hi_a=float(rng.choice([13.0, 16.0, 32.0])),
            hi_reason=FULL,
            priority=0 if alike else int(rng.integers(3)),
            must=not alike and bool(rng.random() < 0.3),
            running=bool(rng.random() < 0.5),
            waited_s=float(rng.uniform(0.0, 3000.0)),
        )
        for i in range(count)
    ]
    nodes = [(list(range(count)), MAIN)]
    group_of = rng.integers(max(1, count // 4), size=count)
    nodes += [([i for i in range(count) if group_of[i] == g], GROUP) for g in set(group_of.tolist())]
    nodes.append(([i for i in range(count) if group_of[i] == 0 and i % 2], GROUP))
    rows = []
    for members, reason in nodes:
        for phase in Phase:
            weights = {cars[i].station_id: 1.0 for i in members if phase in wiring[i]}
            if weights:
                room_a = 6.0 * len(weights) * (rng.uniform(0.4, 1.2) if alike else rng.uniform(-0.1, 1.3))
                # Every third cap is a whole number of smallest cars: exact fits.
                cap_a = 6.0 * round(room_a / 6.0) if rng.random() < 0.3 else float(room_a)
                rows.append(Row(cap=cap_a, weights=weights, reason=reason))
    if rng.random() < 0.5:
        watts = {car.station_id: 230.0 * len(wiring[i]) for i, car in enumerate(cars)}
        rows.append(Row(cap=float(rng.uniform(0.0, 3000.0 * count)), weights=watts, reason=SUN, yields_to_must=True))
    return cars, rows


def class_weights(cars: Sequence[Candidate]) -> list[float]:
    """One weight per car, such that sums compare class by class."""
    classes = sorted({(car.must, car.priority) for car in cars})
    return [float((len(cars) + 1) ** classes.index((car.must, car.priority))) for car in cars]


def worth(cars: Sequence[Candidate], shares: Mapping[str, Share]) -> float:
    """What the admitted set is worth, class by class."""
    return sum(
        weight for car, weight in zip(cars, class_weights(cars), strict=True) if shares[car.station_id].limit_a > 0.0
    )


def best_worth(cars: Sequence[Candidate], rows: Sequence[Row]) -> float:
    """The largest worth that scipy's MILP finds."""
    matrix: list[list[float]] = []
    caps: list[float] = []
    for row in rows:
        minimums = [row.weights.get(car.station_id, 0.0) * car.lo_a for car in cars]
        if not row.yields_to_must:
            matrix.append(minimums)
            caps.append(max(row.cap, 0.0))
            continue
        # With any car on it that merely may charge, the wish binds.
        large = sum(minimums)
        for i, car in enumerate(cars):
            if not car.must and minimums[i] > 0:
                matrix.append([minimum + large * (j == i) for j, minimum in enumerate(minimums)])
                caps.append(max(row.cap, 0.0) + large)
    found = milp(
        -np.array(class_weights(cars)),
        integrality=np.ones(len(cars), dtype=int),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(np.array(matrix), ub=np.array(caps) + HAIR) if matrix else (),
        options={"mip_rel_gap": 0.0},
    )
    assert found.x is not None
    return float(np.array(class_weights(cars)) @ np.round(found.x))
