"""Which phase draws how much of a house's load, where nobody measured it.

The load above its rolling minimum is appliances. A rise is one appliance switching on: up to `ONE_PHASE_W` it goes to
one phase, drawn among those with room for it; above, it is a three-phase heater and spreads evenly. A rise over two
steps counts as one, since something that switches on inside a step shows in two. A fall switches off the appliance
that fits best. Changes too small to be an appliance are shared like the rest of the house.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

PHASES: Final = 3
ONE_PHASE_W: Final = 3700.0
"""16 A: what one appliance draws from one phase at most."""

PHASE_ROOM_W: Final = 5500.0
"""24 A: what appliances share one phase with, as long as another one has room."""

SMALL_W: Final = 100.0
"""A smaller change is no appliance of its own."""

_SAME: Final = 0.15
"""A fall within this share of an appliance's power switches that one off."""

_SMALLEST_SHARE: Final = 0.2


def weights_of(seed: int) -> tuple[float, float, float]:
    """How a house with this seed shares its small loads over L1, L2, L3; each at least 0.2, the sum is 1."""
    draw = random.Random(f"{seed}/weights")
    parts = [draw.uniform(0.5, 1.5) for _ in range(PHASES)]
    rest = 1 - PHASES * _SMALLEST_SHARE
    l1, l2, _ = (_SMALLEST_SHARE + rest * part / sum(parts) for part in parts)
    return l1, l2, 1 - l1 - l2


def split(appliances_w: NDArray[np.float64], seed: str, weights: tuple[float, float, float]) -> NDArray[np.float64]:
    """Appliance power per step as shape (steps, 3); each row sums to the step's power, nothing is negative."""
    house = _Switches(random.Random(seed), weights)
    parts = np.empty((len(appliances_w), PHASES))
    changes = np.diff(appliances_w, prepend=0.0)
    rises = np.concatenate(([0.0], np.maximum(changes, 0.0), [0.0]))
    around = rises[1:-1] + np.maximum(rises[:-2], rises[2:])
    for step, (change_w, whole_w) in enumerate(zip(changes.tolist(), around.tolist(), strict=True)):
        if change_w > 0:
            house.rise(change_w, whole_w)
        elif change_w < 0:
            house.fall(-change_w)
        parts[step] = house.phases_w
    parts = np.maximum(parts, 0.0)
    # Sums of many switchings drift by rounding; the step's own power is the truth.
    sums = parts.sum(axis=1)
    scale = np.divide(appliances_w, sums, out=np.zeros_like(sums), where=sums > 0)
    lost = np.where(sums > 0, 0.0, appliances_w)
    shared: NDArray[np.float64] = parts * scale[:, None] + lost[:, None] * np.array(weights)
    return shared


@dataclass(slots=True)
class _Running:
    """One appliance that is on."""

    power_w: float
    shares: tuple[float, float, float]


_ON: Final = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
_EVENLY: Final = (1 / 3, 1 / 3, 1 / 3)


class _Switches:
    """What is on now."""

    def __init__(self, draw: random.Random, weights: tuple[float, float, float]) -> None:
        self._draw = draw
        self._small = _Running(0.0, weights)
        self._running: list[_Running] = []
        self.phases_w = [0.0, 0.0, 0.0]

    def rise(self, by_w: float, whole_w: float) -> None:
        """More load by `by_w`, as a part of a rise by `whole_w`."""
        if by_w < SMALL_W:
            self._change(self._small, by_w)
            return
        shares = _EVENLY if whole_w > ONE_PHASE_W else _ON[self._phase_for(by_w)]
        appliance = _Running(0.0, shares)
        self._running.append(appliance)
        self._change(appliance, by_w)

    def fall(self, by_w: float) -> None:
        if by_w < SMALL_W:
            by_w -= self._lower(self._small, by_w)
        while by_w > 0 and self._running:
            appliance = min(self._running, key=lambda each: abs(each.power_w - by_w))
            if abs(appliance.power_w - by_w) > _SAME * by_w:
                appliance = self._running[-1]
            by_w -= self._lower(appliance, by_w)
            if appliance.power_w < SMALL_W:
                self._running.remove(appliance)
                self._settle(appliance)
        self._lower(self._small, by_w)

    def _settle(self, rest: _Running) -> None:
        """What is left of an appliance joins the small loads."""
        left_w = rest.power_w
        self._change(rest, -left_w)
        self._change(self._small, left_w)

    def _lower(self, appliance: _Running, by_w: float) -> float:
        taken_w = min(by_w, appliance.power_w)
        self._change(appliance, -taken_w)
        return taken_w

    def _change(self, appliance: _Running, by_w: float) -> None:
        appliance.power_w += by_w
        for phase, share in enumerate(appliance.shares):
            self.phases_w[phase] += share * by_w

    def _phase_for(self, by_w: float) -> int:
        roomy = [phase for phase in range(PHASES) if self.phases_w[phase] + by_w <= PHASE_ROOM_W]
        if roomy:
            return self._draw.choice(roomy)
        return min(range(PHASES), key=self.phases_w.__getitem__)
