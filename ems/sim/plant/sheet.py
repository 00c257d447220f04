"""One day of the plant: what came from outside, and what the plant wrote down, one entry per second."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ems.model.electrical import NOMINAL_V, Phase, Wiring
from ems.sim.traces.seconds import SecondsOfDay

Row: TypeAlias = "array[float]"
"""One number per second, quick to read one by one."""


class HouseDays(Protocol):
    """Load and sun of a house, a day at a time."""

    @property
    def days(self) -> int:
        """How many days there are; the last may be shorter than the others."""
        ...

    def day(self, index: int) -> SecondsOfDay:
        """The seconds of one day, from 0."""
        ...


class Sheet:
    """Compact rows for every second's work, arrays for the evening's."""

    def __init__(
        self,
        first_s: int,
        day: SecondsOfDay,
        phases: Sequence[Phase],
        inverter_max_w: float | None,
        station_ids: Iterable[str],
    ) -> None:
        seconds = len(day.load_w)
        self.first_s = first_s
        """Its first second, since the start of the run."""

        self.start_utc: datetime = day.start_utc
        self.load_w: NDArray[np.float64] = day.load_w.sum(axis=1)
        self.pv_w: NDArray[np.float64] = np.minimum(day.pv_w, np.inf if inverter_max_w is None else inverter_max_w)
        on_phase = np.array([1.0 / len(phases) if phase in phases else 0.0 for phase in Phase])
        self.signed_a: NDArray[np.float64] = (day.load_w - self.pv_w[:, None] * on_phase) / NOMINAL_V
        """Load less sun on each phase; shape (seconds, 3)."""

        self.house_a: tuple[Row, Row, Row] = (
            _row(self.signed_a[:, 0]),
            _row(self.signed_a[:, 1]),
            _row(self.signed_a[:, 2]),
        )
        """The same for one second at a time."""

        self.needed_w = _row(self.load_w - self.pv_w)
        self.sun_w = _row(self.pv_w)
        self.drawn_a = {each: _zeros(seconds) for each in station_ids}
        """Of each station's car, on each phase that it used."""

        self.drawn_on = {each: bytearray(seconds) for each in station_ids}
        """On how many phases."""

        self.battery_w = _zeros(seconds)
        """+ discharge."""

    @property
    def seconds(self) -> int:
        return len(self.load_w)

    def car_w(self, station_id: str) -> NDArray[np.float64]:
        """What that station's car drew, second by second."""
        drawn_a, drawn_on = np.array(self.drawn_a[station_id]), np.array(self.drawn_on[station_id])
        power_w: NDArray[np.float64] = drawn_a * drawn_on * NOMINAL_V
        return power_w

    def car_a(self, station_id: str, wiring: Wiring) -> NDArray[np.float64]:
        """The same in amperes on the phases of the house; shape (seconds, 3)."""
        drawn_a, drawn_on = np.array(self.drawn_a[station_id]), np.array(self.drawn_on[station_id])
        on_house = np.zeros((self.seconds, len(Phase)))
        for place, phase in enumerate(wiring):
            on_house[:, phase] += np.where(drawn_on > place, drawn_a, 0.0)
        return on_house


def _row(series: NDArray[np.float64]) -> Row:
    return array("d", np.ascontiguousarray(series).tobytes())


def _zeros(seconds: int) -> Row:
    return array("d", bytes(8 * seconds))
