"""The thermal image of every fuse from currents at one per second (`control.md` §3).

With i = I/(k·In) the image follows θ ← i² + (θ − i²)·e^(−1/τ), which is a linear filter over a day's seconds. Where θ
reaches 1 the fuse trips: that is counted, the phase starts cold again, and the current goes on as if somebody had
switched the fuse back on at once.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from ems.control.breaker import Edge, model_of
from ems.model.electrical import Circuit
from ems.sim.lab.records import BreakerFigures

WARM: Final = 1.13

BLOCK_S: Final = 3600
"""After a trip no more than this is worked out again."""


class FuseTally:
    """One circuit's fuse, day after day."""

    def __init__(self, circuit: Circuit) -> None:
        self._circuit_id = circuit.circuit_id
        self._rating_a = circuit.fuse.rating_a
        model = model_of(circuit.fuse, circuit.derating, Edge.TYPICAL)
        self._pickup_a = model.carries_a
        self._keeps = math.exp(-1.0 / model.tau_s)
        self._image = [0.0, 0.0, 0.0]
        self._trips = 0
        self._max_thermal = 0.0
        self._over_s = 0.0
        self._warm_s = 0.0
        self._worst_day_warm_s = 0.0

    def day(self, current_a: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take in a day of currents, shape (seconds, 3); the thermal image of each phase at each second's end."""
        size_a = np.abs(current_a).max(axis=1)
        warm_s = float(np.count_nonzero(size_a > WARM * self._rating_a))
        self._over_s += float(np.count_nonzero(size_a > self._rating_a))
        self._warm_s += warm_s
        self._worst_day_warm_s = max(self._worst_day_warm_s, warm_s)
        heat = (current_a / self._pickup_a) ** 2
        image = np.empty_like(heat)
        for phase in range(3):
            image[:, phase] = self._phase(phase, heat[:, phase])
        self._max_thermal = max(self._max_thermal, float(image.max(initial=0.0)))
        return image

    def _phase(self, phase: int, heat: NDArray[np.float64]) -> NDArray[np.float64]:
        """The image of one phase, cold again after each trip."""
        image = np.empty_like(heat)
        begin = 0
        while begin < len(heat):
            end = min(begin + BLOCK_S, len(heat))
            image[begin:end] = self._warmed(heat[begin:end], self._image[phase])
            hot = np.flatnonzero(image[begin:end] >= 1.0)
            if hot.size:
                self._trips += 1
                self._image[phase] = 0.0
                begin += int(hot[0]) + 1
            else:
                self._image[phase] = float(image[end - 1])
                begin = end
        return image

    def _warmed(self, heat: NDArray[np.float64], before: float) -> NDArray[np.float64]:
        keeps = self._keeps
        image, _ = lfilter([1.0 - keeps], [1.0, -keeps], heat, zi=[keeps * before])
        return np.asarray(image, dtype=np.float64)

    def figures(self) -> BreakerFigures:
        """How the fuse fared so far."""
        return BreakerFigures(
            circuit_id=self._circuit_id,
            trips=self._trips,
            max_thermal=self._max_thermal,
            seconds_over_rating=self._over_s,
            seconds_over_1_13=self._warm_s,
            worst_day_seconds_over_1_13=self._worst_day_warm_s,
        )
