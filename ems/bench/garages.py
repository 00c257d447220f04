"""Random garages to share the current in: a tree of fuses, cars on one or three phases, scarce room."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from ems.control.sharing.rows import Candidate, Row
from ems.model.decision import LimitReason, Reason
from ems.model.electrical import NOMINAL_V, PHASES_OF, Phase, Wiring

GROUP_SIZE = 10
"""Stations behind one sub-panel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Garage:
    """One question to the allocation."""

    cars: Sequence[Candidate]
    rows: Sequence[Row]


def random_garage(dice: random.Random, count: int) -> Garage:
    """So many cars behind a main fuse and sub-panels that cannot feed all; a quarter of the cars must charge."""
    wiring = [_wiring(dice) for _ in range(count)]
    cars = [_car(dice, f"s{i}") for i in range(count)]
    rows = _fuse_rows(dice, cars, wiring, Reason(code=LimitReason.MAIN_FUSE))
    if count > 2:
        for first in range(0, count, GROUP_SIZE):
            group = slice(first, first + GROUP_SIZE)
            rows += _fuse_rows(dice, cars[group], wiring[group], Reason(code=LimitReason.CIRCUIT_FUSE))
    watts = {car.station_id: NOMINAL_V * len(own) for car, own in zip(cars, wiring, strict=True)}
    sun = Reason(code=LimitReason.SOLAR_SURPLUS)
    rows.append(Row(cap=dice.uniform(0.0, 4000.0 * count), weights=watts, reason=sun, yields_to_must=True))
    return Garage(cars=cars, rows=rows)


def _wiring(dice: random.Random) -> Wiring:
    return PHASES_OF[3] if dice.random() < 0.6 else (dice.choice(PHASES_OF[3]),)


def _car(dice: random.Random, station_id: str) -> Candidate:
    return Candidate(
        station_id=station_id,
        lo_a=6.0,
        hi_a=dice.choice([16.0, 32.0]),
        hi_reason=Reason(code=LimitReason.INSTALLER_LIMIT),
        priority=dice.randrange(3),
        must=dice.random() < 0.25,
        running=dice.random() < 0.5,
        waited_s=dice.uniform(0.0, 3600.0),
    )


def _fuse_rows(dice: random.Random, cars: Sequence[Candidate], wiring: Sequence[Wiring], reason: Reason) -> list[Row]:
    """Room per phase for a third of the minimums up to all of the cars."""
    rows = []
    for phase in Phase:
        weights = {car.station_id: 1.0 for car, own in zip(cars, wiring, strict=True) if phase in own}
        if weights:
            rows.append(Row(cap=len(weights) * dice.uniform(2.0, 16.0), weights=weights, reason=reason))
    return rows
