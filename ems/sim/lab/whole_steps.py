"""What foresight reaches where it matters that a car takes nothing or at least its minimum current. For reports only.

The linear bound of `foresight` lets cars charge at any power. The best schedule without that freedom lies between the
figure of this module (a schedule that exists, found minute by minute, not the best one) and the linear bound.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ems.model.electrical import NOMINAL_V
from ems.sim.lab.foresight import KWH_PER_W_MINUTE, share_at_home
from ems.sim.lab.records import Series, Stay

LEAST_A: Final = 6.0
WHOLE_MINUTE: Final = 1.0


@dataclass(slots=True)
class _Car:
    bands_w: tuple[tuple[float, float], ...]
    """Powers it can take, widest phases first."""

    left_w_minutes: float


def whole_steps_solar_kwh(
    surplus_w_by_minute: Series, stays: Sequence[Stay], switching: Collection[str], *, volts: float = NOMINAL_V
) -> float:
    """Solar energy in kWh of a schedule without import in which each car takes nothing or at least 6 A per phase.

    Every sunny minute goes to the cars at home, those that leave first before the others, or the other way round where
    that uses more. Stations in `switching` may give a three-phase car one phase.
    """
    minutes = len(surplus_w_by_minute)
    cars = [_car(stay, switching, volts) for stay in stays]
    order = sorted(range(len(stays)), key=lambda i: stays[i].departure_s)
    home = np.array([share_at_home(stay, minutes) >= WHOLE_MINUTE for stay in stays]).reshape(len(stays), minutes)
    total_w_minutes = 0.0
    for minute in np.flatnonzero(surplus_w_by_minute >= LEAST_A * volts):
        here = [cars[i] for i in order if home[i, minute]]
        total_w_minutes += _best_of_both_orders(here, float(surplus_w_by_minute[minute]))
    return total_w_minutes * KWH_PER_W_MINUTE


def _car(stay: Stay, switching: Collection[str], volts: float) -> _Car:
    one_phase_too = stay.phases > 1 and stay.station_id in switching
    counts = (stay.phases, 1) if one_phase_too else (stay.phases,)
    bands_w = tuple((LEAST_A * volts * count, stay.max_a * volts * count) for count in counts)
    return _Car(bands_w, stay.energy_kwh / KWH_PER_W_MINUTE)


def _best_of_both_orders(cars: list[_Car], sun_w: float) -> float:
    """Give this minute's sun out; returns how much of it was taken."""
    shares = max((_handed_out(cars, sun_w), _handed_out(cars[::-1], sun_w)[::-1]), key=sum)
    for car, power_w in zip(cars, shares, strict=True):
        car.left_w_minutes -= power_w
    return sum(shares)


def _handed_out(cars: list[_Car], sun_w: float) -> list[float]:
    shares = []
    for car in cars:
        shares.append(_taken(car, sun_w))
        sun_w -= shares[-1]
    return shares


def _taken(car: _Car, sun_w: float) -> float:
    for least_w, most_w in car.bands_w:
        if sun_w >= least_w:
            # A car that is nearly full ends within the minute.
            return min(sun_w, most_w, car.left_w_minutes)
    return 0.0
