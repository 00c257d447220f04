"""A long simulation: whether its memory stays flat while cars come and go for months. Needs numpy and scipy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from ems.bench.figures import LongRunFigures
from ems.bench.resident import resident_mb
from ems.config.examples import example
from ems.config.loader import load_site
from ems.config.schema import SiteFile
from ems.devices.profile_kinds import kinds_by_profile
from ems.sim.lab.runner import simulate
from ems.sim.lab.workers import HowFar
from ems.sim.traces.home import stays_at_home
from ems.sim.traces.seconds import SecondsOfDay

SITE: Final = "two_cars"
START_UTC: Final = datetime(2026, 1, 1, tzinfo=UTC)
DAY_S: Final = 86_400
SEED: Final = 2026

METER_S: Final = 1.9
"""Between two samples of the meter: just before control would look by itself, so half the cycles of the example.
Physics keeps its second."""

PARTS: Final = 12


def measure_long_run(days: float, how_far: HowFar = lambda _share: None) -> LongRunFigures:
    """Play so many days of the example house with two cars; resident memory at the end of each twelfth of them.

    `how_far` hears the share that is done, 0 to 1, every simulated hour.
    """
    file = _with_slow_meters(load_site(example(SITE), profiles=kinds_by_profile()))
    stays = stays_at_home(file.simulation.cars, START_UTC, days, SEED)
    resident: list[float] = []

    def look(share: float) -> None:
        how_far(share)
        now_mb = resident_mb()
        if now_mb is not None and share * PARTS >= len(resident) + 1:
            resident.append(round(now_mb, 2))

    record = simulate(file, MadeDays(round(days * DAY_S)), stays, start_utc=START_UTC, seed=SEED, progress=look)
    return LongRunFigures(
        simulated_days=days,
        cycles=record.cycles,
        wall_s=round(record.wall_s, 1),
        cycles_per_s=round(record.cycles / record.wall_s, 1),
        stays=len(record.stays),
        resident_mb=resident,
        grown_mb=round(resident[-1] - resident[0], 2) if resident else None,
    )


def _with_slow_meters(file: SiteFile) -> SiteFile:
    meters = tuple(meter.model_copy(update={"period_s": METER_S}) for meter in file.meters)
    return file.model_copy(update={"meters": meters})


@dataclass(frozen=True, slots=True)
class MadeDays:
    """Sun by the season with clouds of ten minutes, a house with a base load, kettles and an oven in the evening."""

    seconds: int
    """How long; the last day may be a part."""

    @property
    def days(self) -> int:
        return -(-self.seconds // DAY_S)

    def day(self, index: int) -> SecondsOfDay:
        """One day, made when asked for. Raises IndexError outside `days`."""
        if not 0 <= index < self.days:
            raise IndexError(f"day {index} of {self.days}")
        dice = np.random.default_rng([SEED, index])
        at_s = np.arange(min(DAY_S, self.seconds - index * DAY_S), dtype=np.float64)
        season = 0.55 - 0.45 * np.cos(2.0 * np.pi * (index + 10) / 365.0)
        height = np.maximum(0.0, np.sin(2.0 * np.pi * (at_s / DAY_S - 0.25)) - 0.3 * (1.0 - season))
        clouds = np.repeat(dice.uniform(0.3, 1.0, DAY_S // 600), 600)[: len(at_s)]
        load_w = 100.0 + 60.0 * dice.random((len(at_s), 3))
        load_w[:, 0] += np.where(at_s % 5400.0 < 150.0, 2000.0, 0.0)
        load_w[:, 1] += np.where((at_s > 64_000.0) & (at_s < 68_000.0), 2800.0, 0.0)
        start_utc = START_UTC + timedelta(days=index)
        return SecondsOfDay(start_utc=start_utc, load_w=load_w, pv_w=9000.0 * season * height * clouds)
