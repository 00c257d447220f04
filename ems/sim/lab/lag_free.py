"""The most that always-hungry cars could take if limits followed the house without any delay (`control.md` §4).

Every second each car is off or has at least its minimum current, and the main fuse carries its full rating, so nothing
is kept back and nothing is lost while messages travel and cars react.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ems.model.electrical import NOMINAL_V, Wiring
from ems.model.goals import ChargeMode
from ems.model.site import Site, Station
from ems.sim.car import PILOT_MINIMUM_A
from ems.sim.lab.records import Series, Stay

Amps: TypeAlias = NDArray[np.float64]
KWH_PER_A: Final = NOMINAL_V / 3.6e6
"""Energy of one ampere on one phase in one second."""

EXACT_CARS: Final = 2
"""Up to so many cars at a time the best choice is found; for more a number that it cannot exceed."""

NO_PHASE: Final[Wiring] = ()


def lag_free_kwh(house_a: Iterable[Amps], site: Site, stays: Sequence[Stay]) -> float | None:
    """Largest energy in kWh that the cars of these stays could take; None unless every stay is in fast mode.

    `house_a`: what flows through the main fuse without cars, day after day from second 0, each of shape (seconds, 3),
    negative while it exports; not read where the answer is None. Exact for up to two cars at a time; with more, every
    phase is filled on its own, which no control can exceed. Stays that can be full take no more than their energy.
    Fuses behind the main one, contract power and imbalance are left out: they only lower what is possible.
    """
    cars = [_car(site.station(stay.station_id), stay) for stay in stays]
    if not cars or not all(car.hungry for car in cars):
        return None
    main = site.circuits.main
    taken_a, first_s = 0.0, 0
    for part_a in house_a:
        room_a = main.fuse.rating_a * main.derating - part_a
        for begin_s, end_s, present in _spells(cars, first_s, first_s + len(part_a)):
            best = _best_a if len(present) <= EXACT_CARS else _phase_by_phase_a
            taken_a += float(best(room_a[begin_s - first_s : end_s - first_s], present).sum())
        first_s += len(part_a)
    return min(taken_a * KWH_PER_A, sum(stay.energy_kwh for stay in stays))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Car:
    """One stay as the bound sees it."""

    begin_s: float
    end_s: float
    max_a: float
    choices: tuple[Wiring, ...]
    """The house phases that it may load while it charges."""

    hungry: bool


def _car(station: Station, stay: Stay) -> _Car:
    wired = station.wiring[: stay.phases]
    return _Car(
        begin_s=stay.arrival_s,
        end_s=stay.departure_s,
        max_a=min(stay.max_a, station.max_a),
        choices=(wired, wired[:1]) if station.can_switch_phases and len(wired) > 1 else (wired,),
        hungry=(stay.mode or station.goal.mode) is ChargeMode.FAST,
    )


def _spells(cars: Sequence[_Car], first_s: int, last_s: int) -> Iterator[tuple[int, int, Sequence[_Car]]]:
    """From second to second, and who is there throughout; a car that is there for a part of a second has all of it."""
    edges = {first_s, last_s}
    for car in cars:
        edges |= {min(max(second, first_s), last_s) for second in (math.floor(car.begin_s), math.ceil(car.end_s))}
    ordered = sorted(edges)
    for begin_s, end_s in pairwise(ordered):
        yield begin_s, end_s, [car for car in cars if car.begin_s < end_s and car.end_s > begin_s]


def _best_a(room_a: Amps, cars: Sequence[_Car]) -> Series:
    """Per second, the most that up to two cars take: amperes summed over the phases that they load."""
    best_a = np.zeros(len(room_a))
    for pattern in product(*((NO_PHASE, *car.choices) for car in cars)):
        on = [(car, wired) for car, wired in zip(cars, pattern, strict=True) if wired]
        best_a = np.maximum(best_a, _filled_a(room_a, on))
    return best_a


def _filled_a(room_a: Amps, on: Sequence[tuple[_Car, Wiring]]) -> Series:
    """What these cars take when all of them charge; 0 in seconds without room for their minimums.

    After the minimums the car on more phases is filled first: an ampere more for it costs the other one at most one
    ampere on no more phases, so for two cars no other division gives more.
    """
    left_a = room_a.copy()
    for _, wired in on:
        left_a[:, wired] -= PILOT_MINIMUM_A
    fits = (left_a >= 0.0).all(axis=1, where=_loaded(on))
    taken_a = np.zeros(len(room_a))
    for car, wired in sorted(on, key=lambda each: -len(each[1])):
        more_a = np.clip(left_a[:, wired].min(axis=1), 0.0, car.max_a - PILOT_MINIMUM_A)
        left_a[:, wired] -= more_a[:, None]
        taken_a += (PILOT_MINIMUM_A + more_a) * len(wired)
    return np.where(fits, taken_a, 0.0)


def _loaded(on: Sequence[tuple[_Car, Wiring]]) -> NDArray[np.bool_]:
    loaded = np.zeros(3, dtype=np.bool_)
    for _, wired in on:
        loaded[list(wired)] = True
    return loaded


def _phase_by_phase_a(room_a: Amps, cars: Sequence[_Car]) -> Series:
    """What the phases could carry at most, were each car free to take another current on each of its phases."""
    most_a = np.zeros(3)
    for car in cars:
        most_a[list(car.choices[0])] += car.max_a
    taken_a: Series = np.where(room_a >= PILOT_MINIMUM_A, np.minimum(room_a, most_a), 0.0).sum(axis=1)
    return taken_a
