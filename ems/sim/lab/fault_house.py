"""The house of a short run: a base load, loads that come and go, and a sun that changes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np

from ems.config.schema import SiteFile
from ems.model.electrical import NOMINAL_V
from ems.sim.lab.fault_scene import Scene
from ems.sim.lab.fault_script import ONE_STATION, FaultKind
from ems.sim.traces.seconds import SecondsOfDay

START_UTC: Final = datetime(2026, 6, 1, tzinfo=UTC)
FUSE_IF_UNKNOWN_A: Final = 25.0
LASTS_ON_S: Final = 5.0
BASE_SHARE: Final = 0.08
SUDDEN_SHARE: Final = 0.4
"""Of the fuse rating: a step of the house that a breaker survives until control has answered (`control.md` §4)."""

UNSEEN_SHARE: Final = 0.1
"""Of the fuse rating: a step that a breaker carries for an hour on top of the 0.95 that control fills it to."""

FILLED_SHARE: Final = 0.95
LOAD_AFTER_S: Final = 10.0
"""From the start of the fault to the load that control has to answer."""

CALM_FOR_S: Final = 30.0
"""How long before the fault a load goes off, or after it one comes on, where nothing else may move meanwhile."""


NOBODY_SEES_IT: Final = frozenset(
    {
        FaultKind.METER_LOST,
        FaultKind.METER_BACKWARDS,
        FaultKind.METER_IMPOSSIBLE,
        FaultKind.SERVICE_DIES,
        FaultKind.NETWORK_CUT,
    }
)
"""Nobody can answer a load: it has to fit in once the cars are at their fallback currents."""


@dataclass(frozen=True, slots=True)
class Span:
    """So much more between two seconds of the run."""

    amount: float
    from_s: float
    until_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHouse:
    """A house for a few minutes; loads in amperes on every phase, sun in watts."""

    phases: int
    length_s: int
    base_a: float
    loads: tuple[Span, ...] = ()
    suns: tuple[Span, ...] = ()

    days: int = 1

    def day(self, index: int) -> SecondsOfDay:
        """The seconds of the whole run. Raises IndexError for any day but the first."""
        if index != 0:
            raise IndexError(f"day {index} of {self.days}")
        load_w = np.zeros((self.length_s, 3))
        load_w[:, : self.phases] = (self.base_a + self._sum(self.loads))[:, None] * NOMINAL_V
        return SecondsOfDay(start_utc=START_UTC, load_w=load_w, pv_w=self._sum(self.suns))

    def _sum(self, spans: tuple[Span, ...]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        second = np.arange(self.length_s)
        total = np.zeros(self.length_s)
        for span in spans:
            total += span.amount * ((second >= span.from_s) & (second < span.until_s))
        return total


def load_of(site: SiteFile, fault: FaultKind, target: str) -> float:
    """The load that control has to answer, in amperes a phase; smaller where a station keeps what it has."""
    sudden_a = min(_highest_a(site) - base_a(site), SUDDEN_SHARE * fuse_a(site))
    match fault:
        case FaultKind.METER_FROZEN:
            return min(sudden_a, UNSEEN_SHARE * fuse_a(site))
        case FaultKind.NOT_COMMISSIONED:
            return 0.0
        case _ if fault in ONE_STATION:
            taken_a = next((station.max_a for station in site.stations if station.id == target), 0.0)
            return max(0.0, min(sudden_a, FILLED_SHARE * fuse_a(site) - base_a(site) - taken_a))
        case _:
            return sudden_a


def load_from_s(fault: FaultKind, from_s: float, answer_within_s: float) -> float:
    """When it comes on: at once where control must answer it, after the promise where nobody can."""
    match fault:
        case FaultKind.METER_LATE:
            # Room that came free shortly before tempts to raise.
            return from_s - 3 * CALM_FOR_S
        case FaultKind.CLOCK_JUMPS:
            return from_s + CALM_FOR_S
        case FaultKind.INVERTER_LOST:
            return from_s + answer_within_s + CALM_FOR_S
        case _ if fault in NOBODY_SEES_IT:
            return from_s + answer_within_s + 1.0
        case _:
            return from_s + LOAD_AFTER_S


def house_of(site: SiteFile, scene: Scene) -> QuietHouse:
    """The house that goes with the scene."""
    until_s = scene.from_s - CALM_FOR_S if scene.fault is FaultKind.METER_LATE else scene.until_s
    loads = [Span(scene.load_a, scene.load_from_s, until_s)]
    if scene.fault in ONE_STATION and scene.fault is not FaultKind.STATION_IGNORES:
        # Once its lease is over, all that the owner states.
        left_a = _highest_a(site) - base_a(site) - scene.load_a
        loads.append(Span(left_a, scene.from_s + scene.answer_within_s + 1.0, until_s))
    return QuietHouse(
        phases=site.connection.phases,
        length_s=math.ceil(scene.until_s + scene.back_within_s + LASTS_ON_S),
        base_a=base_a(site),
        loads=tuple(loads),
        suns=_suns(site, scene),
    )


def more_sun_w(site: SiteFile, cars_a: float, least_a: float) -> float:
    """A quarter of what the cars can follow: `cars_a` and `least_a` are their sums over all phases."""
    most_w = site.simulation.inverter_max_w or math.inf
    wanted_w = (cars_a - least_a) * NOMINAL_V / 4
    return min(wanted_w, max(0.0, most_w - _house_w(site) - least_a * NOMINAL_V))


def _suns(site: SiteFile, scene: Scene) -> tuple[Span, ...]:
    """Enough for every car's minimum, and during the fault for more."""
    if not scene.more_sun_w:
        return ()
    least_a = sum(station.min_a * len(scene.car_phases[station.id]) for station in site.stations)
    before_w = _house_w(site) + least_a * NOMINAL_V
    return Span(before_w, 0.0, math.inf), Span(scene.more_sun_w, scene.from_s + LASTS_ON_S, math.inf)


def _house_w(site: SiteFile) -> float:
    return base_a(site) * NOMINAL_V * site.connection.phases


def base_a(site: SiteFile) -> float:
    """What the house always draws."""
    return min(BASE_SHARE * fuse_a(site), _highest_a(site))


def _highest_a(site: SiteFile) -> float:
    stated_a = site.connection.largest_other_load_a
    return (BASE_SHARE + SUDDEN_SHARE) * fuse_a(site) if stated_a is None else stated_a


def fuse_a(site: SiteFile) -> float:
    """The rating of the main fuse, or a usual one."""
    return site.connection.main_fuse_a or FUSE_IF_UNKNOWN_A
