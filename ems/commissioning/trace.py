"""What meters and stations said over the last minutes, and what is read out of it: levels, and their changes. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from ems.model.electrical import PerPhase, Phase
from ems.model.readings import GridReading, SolarReading
from ems.model.station import CarReading

KEPT: Final = 1200
"""Samples per meter and station: twenty minutes of a meter that answers every second."""

AGREE: Final = 3
"""So many samples in a row show that a level is reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterPoint:
    """One sample of a meter."""

    taken_at_s: float
    current_a: PerPhase
    """What really flows: without the load that a proof adds."""

    without_sun_a: PerPhase
    """The same with the sun's current handed back, where the inverters tell it."""

    solar_w: float | None = None


class Trace:
    """Remembers samples by their time. Takes every sample once; belongs to one thread."""

    def __init__(self) -> None:
        self._meters: dict[str, deque[MeterPoint]] = {}
        self._cars: dict[str, deque[CarReading]] = {}

    def meter(self, circuit_id: str, sample: GridReading, virtual_a: PerPhase | None, sun: Sun) -> None:
        """A sample of a circuit's meter, maybe one that is known already."""
        points = self._meters.setdefault(circuit_id, deque(maxlen=KEPT))
        if points and sample.taken_at_s <= points[-1].taken_at_s:
            return
        real_a = sample.current_a if virtual_a is None else sample.current_a - virtual_a
        points.append(
            MeterPoint(
                taken_at_s=sample.taken_at_s,
                current_a=real_a,
                without_sun_a=real_a + sun.current_a,
                solar_w=sun.power_w,
            )
        )

    def car(self, station_id: str, reading: CarReading | None) -> None:
        """A reading of a station, maybe one that is known already."""
        readings = self._cars.setdefault(station_id, deque(maxlen=KEPT))
        if reading is not None and (not readings or reading.taken_at_s > readings[-1].taken_at_s):
            readings.append(reading)

    def points(self, circuit_id: str, from_s: float, to_s: float = float("inf")) -> tuple[MeterPoint, ...]:
        """The meter's samples that were taken in that stretch of time, oldest first."""
        return tuple(each for each in self._meters.get(circuit_id, ()) if from_s <= each.taken_at_s <= to_s)

    def readings(self, station_id: str, from_s: float, to_s: float = float("inf")) -> tuple[CarReading, ...]:
        """The station's readings of that stretch of time, oldest first."""
        return tuple(each for each in self._cars.get(station_id, ()) if from_s <= each.taken_at_s <= to_s)

    def level_a(self, circuit_id: str, from_s: float, to_s: float, *, least: int = 1) -> PerPhase | None:
        """The median per phase in that stretch, the sun's changes taken out; None without `least` samples."""
        points = self.points(circuit_id, from_s, to_s)
        return median_a(each.without_sun_a for each in points) if len(points) >= least else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sun:
    """What all inverters gave lately."""

    current_a: PerPhase = PerPhase()
    """0 where one of them does not tell its currents."""

    power_w: float | None = None


NO_SUN: Final = Sun()


def sun_of(readings: Iterable[SolarReading], inverters: int) -> Sun:
    """The inverters together; their currents count only where every one of them tells them."""
    told = tuple(readings)
    if not told or len(told) < inverters:
        return NO_SUN
    currents = [each.current_a for each in told if each.current_a is not None]
    total_a = PerPhase()
    for each in currents if len(currents) == len(told) else ():
        total_a = total_a + each
    return Sun(current_a=total_a, power_w=sum(each.power_w for each in told))


def median_a(currents: Iterable[PerPhase]) -> PerPhase:
    """Phase by phase. Raises StatisticsError for nothing."""
    those = tuple(currents)
    return PerPhase.of(median(each[phase] for each in those) for phase in Phase)


def largest_a(reading: CarReading) -> float:
    """The largest phase of a car, amperes."""
    return max(reading.current_a, default=0.0)


def crossed_at_s(points: Sequence[MeterPoint], phases: Iterable[Phase], from_a: float, to_a: float) -> float | None:
    """When the mean of these phases came nearer to `to_a` than to `from_a`, and stayed; None when it did not.

    Monotonic seconds of the first such sample.
    """
    loaded = tuple(phases)
    if not loaded:
        return None
    nearer = [_is_nearer(each.without_sun_a.sum_over(loaded) / len(loaded), from_a, to_a) for each in points]
    for place in range(len(points) - AGREE + 1):
        if all(nearer[place : place + AGREE]):
            return points[place].taken_at_s
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """A change of a level within a sample or two."""

    at_s: float
    """Taken time of the first sample after it."""

    by_a: float


def fall_like(points: Sequence[MeterPoint], phases: Iterable[Phase], size_a: float) -> Fall | None:
    """The sudden fall of the mean of these phases whose size comes nearest to `size_a`; None for too few samples."""
    loaded = tuple(phases)
    means = [each.without_sun_a.sum_over(loaded) / len(loaded) for each in points] if loaded else []
    falls = []
    for place in range(AGREE, len(means) - AGREE):
        # The sample in between may have been taken while the car came down.
        before_a, after_a = median(means[place - AGREE : place]), median(means[place + 1 : place + 1 + AGREE])
        first = place if _is_nearer(means[place], before_a, after_a) else place + 1
        falls.append(Fall(at_s=points[first].taken_at_s, by_a=before_a - after_a))
    return min(falls, key=lambda fall: abs(fall.by_a - size_a), default=None)


def _is_nearer(amps: float, from_a: float, to_a: float) -> bool:
    return abs(amps - to_a) < abs(amps - from_a)
