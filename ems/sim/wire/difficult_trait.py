"""One way of being difficult: what it changes of a well-bred station."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ems.sim.schedules import Purpose, RateUnit
from ems.sim.wire.station_build import StationBuild

ONLY_WATTS: Final = frozenset({RateUnit.WATT})
BOTH_UNITS: Final = frozenset(RateUnit)
ONLY_DEFAULT: Final = frozenset({Purpose.TX_DEFAULT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Trait:
    """What one name changes of a well-bred station."""

    why: str
    odd: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `Difficulty`."""

    firmware: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `Firmware`."""

    build: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `StationBuild`."""

    def on(self, build: StationBuild) -> StationBuild:
        """That station with this trait."""
        return replace(
            build,
            difficulty=replace(build.difficulty, **self.odd),
            firmware=replace(build.firmware, **self.firmware),
            **self.build,
        )
