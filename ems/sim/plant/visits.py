"""Who comes and leaves when."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from ems.sim.lab.records import Stay


class Visits:
    """Stays in order. A car that comes before the last one has left its place takes it, and the other is gone."""

    def __init__(self, stays: Sequence[Stay]) -> None:
        self._expected = sorted(stays, key=lambda stay: stay.arrival_s)[::-1]
        self._ends: dict[str, tuple[int, Stay]] = {}
        next_at: dict[str, float] = {}
        self._leaves_by: dict[int, float] = {}
        for stay in self._expected:
            self._leaves_by[id(stay)] = min(stay.departure_s, next_at.get(stay.station_id, math.inf))
            next_at[stay.station_id] = stay.arrival_s

    @property
    def next_s(self) -> float:
        """When the next car comes or leaves; infinite when none does."""
        comes_s = math.ceil(self._expected[-1].arrival_s) if self._expected else math.inf
        return min([comes_s, *(end_s for end_s, _ in self._ends.values())])

    def leaving(self, second: int) -> Iterator[Stay]:
        """The stays that end by that second."""
        for station_id, (end_s, stay) in tuple(self._ends.items()):
            if end_s <= second:
                del self._ends[station_id]
                yield stay

    def coming(self, second: int) -> Iterator[Stay]:
        """The stays that begin by that second; those that have no whole second are left out."""
        while self._expected and math.ceil(self._expected[-1].arrival_s) <= second:
            stay = self._expected.pop()
            end_s = math.ceil(self._leaves_by[id(stay)])
            if end_s > second:
                self._ends[stay.station_id] = (end_s, stay)
                yield stay
