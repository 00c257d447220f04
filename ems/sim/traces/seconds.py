"""A trace as a simulation plays it: load per phase and sun, second by second, one day at a time.

`HouseSeconds` keeps the energy of every step: over a step's seconds, the phases together have the trace's mean. What a
coarse trace does not say is drawn from the seed: phases by `phase_split`, switching by `switching`, ramps of the sun by
`sunlight`. The same trace and seed give the same seconds, whichever days were asked for before. Traces of one second
are taken as they are. Readings below 0 W count as 0; gaps are filled by `gaps`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from ems.sim.traces.errors import TraceError
from ems.sim.traces.gaps import DAY_S, filled, median, missing
from ems.sim.traces.phase_split import PHASE_ROOM_W, PHASES, split, weights_of
from ems.sim.traces.sunlight import seconds_of_sun
from ems.sim.traces.switching import seconds_of
from ems.sim.traces.trace import Series, Trace

BASE_WINDOW_S: Final = 7200
"""What a house draws longer than this is its base load."""

_BLOCKS_KEPT: Final = 2
_ON_L1: Final = (1.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondsOfDay:
    """Up to one day, one number per second."""

    start_utc: datetime
    load_w: NDArray[np.float64]
    """Shape (seconds, 3): L1, L2, L3 of the house without cars."""

    pv_w: Series


class HouseSeconds:
    """The seconds of a trace, from `start_utc` (the start of the trace when left out) to its end.

    Raises TraceError when the trace has no load at all, or does not cover the start.
    """

    def __init__(
        self,
        trace: Trace,
        phases: int,
        seed: int,
        inverter_max_w: float | None,
        *,
        start_utc: datetime | None = None,
    ) -> None:
        if np.isnan(trace.load_w).all():
            raise TraceError(trace.name, "has no load", "give load_w, or grid_w and pv_w")
        self.start_utc: Final = start_utc or trace.start_utc
        self._offset_s = int((self.start_utc - trace.start_utc).total_seconds())
        if not 0 <= self._offset_s < trace.length_s:
            covered = f"{trace.start_utc:%Y-%m-%dT%H:%M:%SZ} to {trace.end_utc:%Y-%m-%dT%H:%M:%SZ}"
            problem = f"has nothing at {self.start_utc:%Y-%m-%dT%H:%M:%SZ}"
            raise TraceError(trace.name, problem, f"start within {covered}")
        self._trace = trace
        self._seed = seed
        self._inverter_max_w = math.inf if inverter_max_w is None else inverter_max_w
        self._weights = _ON_L1 if phases == 1 else weights_of(seed)
        self._one_phase = phases == 1
        self._load_w = filled(trace.load_w, trace.step_s, otherwise=median(trace.load_w))
        self._pv_w = filled(trace.pv_w, trace.step_s, otherwise=0.0)
        self._base_w = _base(self._load_w, trace.step_s)
        self.gap_share: Final = float(np.mean(missing(trace.load_w) | missing(trace.pv_w)))
        """Share of the trace's steps where the load or the sun had to be filled in."""

        self._block_steps = max(1, DAY_S // trace.step_s)
        self._blocks: dict[int, tuple[NDArray[np.float64], Series]] = {}

    @property
    def length_s(self) -> int:
        """Seconds from the start to the end of the trace."""
        return self._trace.length_s - self._offset_s

    @property
    def days(self) -> int:
        """How many days can be asked for; the last one may be shorter than the others."""
        return -(-self.length_s // DAY_S)

    def day(self, index: int) -> SecondsOfDay:
        """The seconds of one day, counted from 0 at the start. Raises IndexError outside `days`."""
        if not 0 <= index < self.days:
            raise IndexError(f"day {index} of {self.days}")
        begin_s = self._offset_s + index * DAY_S
        end_s = min(begin_s + DAY_S, self._trace.length_s)
        block_s = self._block_steps * self._trace.step_s
        load: list[NDArray[np.float64]] = []
        sun: list[Series] = []
        for number in range(begin_s // block_s, -(-end_s // block_s)):
            load_w, pv_w = self._block(number)
            part = slice(max(0, begin_s - number * block_s), end_s - number * block_s)
            load.append(load_w[part])
            sun.append(pv_w[part])
        return SecondsOfDay(
            start_utc=self.start_utc + timedelta(days=index),
            load_w=np.concatenate(load),
            pv_w=np.concatenate(sun),
        )

    def _block(self, number: int) -> tuple[NDArray[np.float64], Series]:
        """A day of whole steps, counted from the start of the trace, so that no start changes what is drawn."""
        if number not in self._blocks:
            while len(self._blocks) >= _BLOCKS_KEPT:
                self._blocks.pop(next(iter(self._blocks)))
            self._blocks[number] = self._seconds(number)
        return self._blocks[number]

    def _seconds(self, number: int) -> tuple[NDArray[np.float64], Series]:
        begin = number * self._block_steps
        end = min(begin + self._block_steps, len(self._load_w))
        step_s = self._trace.step_s
        pv_w = seconds_of_sun(_with_neighbours(self._pv_w, begin, end), step_s)
        base, appliances = self._phase_means(begin, end, f"{self._seed}/{number}")
        if step_s == 1:
            return base + appliances, np.minimum(pv_w, self._inverter_max_w)
        room = np.maximum(PHASE_ROOM_W - base, 0.0)
        load_w = np.repeat(base, step_s, axis=0)
        for phase in range(PHASES):
            means = _with_neighbours(appliances[:, phase], 0, end - begin)
            if means.any():
                load_w[:, phase] += seconds_of(means, room[:, phase], step_s, f"{self._seed}/{number}/{phase}")
        return load_w, np.minimum(pv_w, self._inverter_max_w)

    def _phase_means(self, begin: int, end: int, seed: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Base load and appliances per step and phase; the sum over both and all phases is the load."""
        base = self._base_w[begin:end, None] * np.array(self._weights)
        above = self._load_w[begin:end] - self._base_w[begin:end]
        if self._one_phase:
            return base, above[:, None] * np.array(_ON_L1)
        appliances = split(above, seed, self._weights)
        if self._trace.load_phases is not None:
            _use_measured(self._trace.load_phases, begin, end, base, appliances)
        return base, appliances


def _use_measured(
    phases: tuple[Series, Series, Series], begin: int, end: int, base: NDArray[np.float64], above: NDArray[np.float64]
) -> None:
    """Where all phases were measured, the load is shared as they were, in place."""
    measured = np.maximum(np.stack([each[begin:end] for each in phases], axis=1), 0.0)
    sums = measured.sum(axis=1)
    known = sums > 0  # False for NaN too
    load = (base + above).sum(axis=1)
    shared = measured[known] * (load[known] / sums[known])[:, None]
    base[known] = np.minimum(base[known], shared)
    above[known] = shared - base[known]


def _base(load_w: Series, step_s: int) -> Series:
    """The rolling minimum, opened again so that it follows the load up as well; never above the load."""
    steps = max(1, BASE_WINDOW_S // step_s)
    lowest = minimum_filter1d(load_w, steps, mode="nearest")
    opened = maximum_filter1d(lowest, steps, mode="nearest", origin=-1 if steps % 2 == 0 else 0)
    return np.minimum(opened, load_w)


def _with_neighbours(series: Series, begin: int, end: int) -> Series:
    """The steps from begin to end with one neighbour on each side; the first and last of all stand in for theirs."""
    places = np.clip(np.arange(begin - 1, end + 1), 0, len(series) - 1)
    return series[places]
