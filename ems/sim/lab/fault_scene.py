"""What a run of one fault is judged by: the scene that was set, and the seconds that came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ems.model.electrical import NOMINAL_V
from ems.sim.lab.fault_script import ONE_STATION, FaultKind
from ems.sim.lab.records import DaySeconds, RunRecord, Series
from ems.sim.lab.runner import FUSEWISE


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What was played: which fault, when, and what has to be where by when. Seconds of the run."""

    fault: FaultKind
    label: str
    """As the verdict names it."""

    target: str
    """The station or the metered circuit that it befalls."""

    from_s: float
    until_s: float
    answer_within_s: float
    """From the start of the fault to the moment when its promise must hold."""

    promise: str
    """What allows that time, in words."""

    fallback_a: Mapping[str, float]
    """Per station that the fault concerns: the current it must not exceed by then."""

    car_phases: Mapping[str, tuple[int, ...]]
    """Per station: the phases of the house that its car loads, from 0."""

    max_a: Mapping[str, float]
    """Per station: what it can give at most."""

    behind: Mapping[str, tuple[str, ...]]
    """Per circuit: the stations below it."""

    load_a: float
    """What the house draws more on every phase, from `load_from_s` on; control has to make room for it."""

    load_from_s: float
    reacts_within_s: float
    """From a change of the house to the last car's answer: a sample, a message and 5 s."""

    back_within_s: float
    """From the end of the fault until the cars are to charge as before."""

    trusted_after_s: float
    """For so long a meter that answers again has to give good samples."""

    lease_s: float
    more_sun_w: float = 0.0
    """What the sun gives more during the fault, where it gives any."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    held: bool
    figure: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One run of the scene."""

    scene: Scene
    record: RunRecord
    seconds: DaySeconds
    looks_every_s: float = 0.0
    """How long it takes the policy until it looks at the same car again."""

    with_inverter: DaySeconds | None = None
    """The same without the fault, where an inverter is lost and the policy follows the sun."""

    @property
    def ours(self) -> bool:
        """Whether Fusewise was in control."""
        return self.record.policy == FUSEWISE

    @property
    def others(self) -> tuple[str, ...]:
        """All stations but the one that the fault befalls."""
        alone = self.scene.target if self.scene.fault in ONE_STATION else None
        return tuple(station for station in self.scene.car_phases if station != alone)

    def car_a(self, station: str) -> Series:
        """What the car drew on each of the phases that it used."""
        # A pause may tell no phases; the current is nought then.
        most = float(len(self.scene.car_phases[station]))
        current_a: Series = self.seconds.cars_w[station] / (
            NOMINAL_V * np.clip(self.seconds.phases[station], 1.0, most)
        )
        return current_a

    def cars_w(self) -> Series:
        """What all cars drew."""
        together_w: Series = np.sum(list(self.seconds.cars_w.values()), axis=0)
        return together_w

    def of_rating(self, circuit: str) -> NDArray[np.float64]:
        """The current of that circuit's worst phase, in ratings of its fuse."""
        worst: NDArray[np.float64] = np.abs(self.seconds.current_a[circuit]).max(axis=1)
        return worst / self.record.ratings_a[circuit]


def window(from_s: float, until_s: float) -> slice:
    """Those seconds of a series."""
    return slice(max(0, int(from_s)), max(0, int(until_s)))
