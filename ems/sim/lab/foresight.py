"""The most solar energy that any control could have put into the cars, had it known the trace (`control.md` §8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from ems.config.schema import StationEntry
from ems.model.electrical import NOMINAL_V
from ems.sim.lab.records import Series, Stay

MINUTE_S: Final = 60.0
KWH_PER_W_MINUTE: Final = MINUTE_S / 3.6e6


@dataclass(frozen=True, slots=True)
class _Rooms:
    """Per car (row) and minute (column) the energy it could take, and per car what it takes at all."""

    kwh: NDArray[np.float64]
    need_kwh: NDArray[np.float64]
    sun_kwh: Series
    """Per minute."""


def foresight_solar_kwh(surplus_w_by_minute: Series, stays: Sequence[Stay], *, volts: float = NOMINAL_V) -> float:
    """Largest solar energy in kWh that these stays can take from this surplus; the first minute starts at second 0.

    A linear program: car powers from 0 to the car's largest, together at most the mean surplus of the minute, each stay
    at most its need. Cars need no minimum current here, so no control can do better: a second's solar energy is
    min(car power, surplus), which never exceeds the same with both averaged over the minute.
    """
    rooms = _merged(_rooms(surplus_w_by_minute, stays, volts))
    crowded = (np.count_nonzero(rooms.kwh, axis=0) > 1) & (rooms.kwh.sum(axis=0) > rooms.sun_kwh)
    alone_kwh = np.minimum(rooms.kwh, rooms.sun_kwh)[:, ~crowded].sum(axis=1)
    if not crowded.any():
        return float(np.minimum(alone_kwh, rooms.need_kwh).sum())
    return _shared_out(rooms, crowded, alone_kwh)


def within_stations(stays: Iterable[Stay], stations: Iterable[StationEntry]) -> list[Stay]:
    """The stays with current and phases no larger than their station gives."""
    by_id = {station.id: station for station in stations}
    return [
        replace(
            stay,
            max_a=min(stay.max_a, by_id[stay.station_id].max_a),
            phases=min(stay.phases, len(by_id[stay.station_id].wired)),
        )
        for stay in stays
    ]


def share_at_home(stay: Stay, minutes: int) -> Series:
    """Per minute, which share of it the car is at its station."""
    ends_s = MINUTE_S * np.arange(1, minutes + 1)
    held_s = np.minimum(ends_s, stay.departure_s) - np.maximum(ends_s - MINUTE_S, stay.arrival_s)
    share: Series = np.clip(held_s / MINUTE_S, 0.0, 1.0)
    return share


def _rooms(surplus_w: Series, stays: Sequence[Stay], volts: float) -> _Rooms:
    sunny = np.flatnonzero(surplus_w > 0.0)
    kwh = np.zeros((len(stays), len(sunny)))
    for row, stay in enumerate(stays):
        most_w = stay.max_a * stay.phases * volts
        kwh[row] = share_at_home(stay, len(surplus_w))[sunny] * most_w * KWH_PER_W_MINUTE
    need_kwh = np.array([stay.energy_kwh for stay in stays], dtype=np.float64)
    return _Rooms(kwh, need_kwh, surplus_w[sunny] * KWH_PER_W_MINUTE)


def _merged(rooms: _Rooms) -> _Rooms:
    """The same with one row for all cars that can never be full: only their sum matters."""
    endless = rooms.need_kwh >= rooms.kwh.sum(axis=1)
    if np.count_nonzero(endless) < 2:
        return rooms
    return _Rooms(
        np.vstack([rooms.kwh[~endless], rooms.kwh[endless].sum(axis=0)]),
        np.append(rooms.need_kwh[~endless], np.inf),
        rooms.sun_kwh,
    )


def _shared_out(rooms: _Rooms, crowded: NDArray[np.bool_], alone_kwh: Series) -> float:
    """Solve for the minutes in which cars compete; each car's other minutes are one variable at the end."""
    car, minute = np.nonzero(rooms.kwh[:, crowded])
    most_kwh = np.concatenate([rooms.kwh[:, crowded][car, minute], alone_kwh])
    finite = np.flatnonzero(np.isfinite(rooms.need_kwh))
    owner = np.concatenate([car, np.arange(len(alone_kwh))])
    needs = owner == finite[:, None]
    need_row, need_column = np.nonzero(needs)
    minutes = int(np.count_nonzero(crowded))
    rows = np.concatenate([minute, minutes + need_row])
    columns = np.concatenate([np.arange(len(minute)), need_column])
    shape = (minutes + len(finite), len(most_kwh))
    answer = milp(
        -np.ones(len(most_kwh)),
        constraints=LinearConstraint(
            coo_array((np.ones(len(rows)), (rows, columns)), shape=shape).tocsr(),
            ub=np.concatenate([rooms.sun_kwh[crowded], rooms.need_kwh[finite]]),
        ),
        bounds=Bounds(0.0, most_kwh),
    )
    if answer.fun is None:
        raise ArithmeticError(f"the perfect-foresight bound was not found: {answer.message}")
    return float(-answer.fun)
