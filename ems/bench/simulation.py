"""How many cycles per second the laboratory plays: the real service loop over a simulated house."""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime
from typing import Final

from ems.bench.figures import SimulationFigures

SITE: Final = "two_cars"
START_UTC: Final = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
MISSING: Final = "numpy and scipy are not installed; install fusewise[lab]"


def measure_simulation(seconds: int) -> SimulationFigures:
    """Play so many seconds, a day at most, of the example house with two cars at noon in June."""
    if importlib.util.find_spec("numpy") is None or importlib.util.find_spec("scipy") is None:
        return SimulationFigures(skipped=MISSING)
    from ems.bench.noon import play  # noqa: PLC0415 (needs numpy and scipy, which a house may not have)

    record = play(SITE, START_UTC, seconds)
    return SimulationFigures(
        simulated_s=float(seconds),
        cycles=record.cycles,
        wall_s=round(record.wall_s, 3),
        cycles_per_s=round(record.cycles / record.wall_s, 1),
    )
