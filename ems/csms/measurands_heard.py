"""Which measurands a station really sends, and how often: not what it lists, but what came."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from itertools import pairwise
from statistics import median
from typing import Final

from ems.csms.fields import printable

REGISTER: Final = "Energy.Active.Import.Register"
"""What a value without a name is, as OCPP says."""

PHASES: Final = frozenset({"L1", "L2", "L3"})
MOST_BLOCKS: Final = 20
MOST_VALUES: Final = 100
MOST_NAMES: Final = 40
LONGEST_NAME: Final = 60
KEPT: Final = 12


class MeasurandsHeard:
    """Remembers names, phases and times, never values. Bounded, whatever comes."""

    def __init__(self) -> None:
        self._phases: dict[str, set[str]] = {}
        self._times_s: deque[float] = deque(maxlen=KEPT)
        self.count = 0
        """Messages with meter values since the start."""

    def heard(self, meter_value: object, now_s: float) -> None:
        """Meter values came, in the spelling that `meter_values.normalise` reads."""
        found = tuple(_named(meter_value))
        if not found:
            return
        self.count += 1
        self._times_s.append(now_s)
        for measurand, phase in found:
            if measurand in self._phases or len(self._phases) < MOST_NAMES:
                phases = self._phases.setdefault(measurand, set())
                phases.update({phase} & PHASES)

    @property
    def measurands(self) -> Mapping[str, tuple[str, ...]]:
        """By name the phases that it came for; none where it came as a total only."""
        return {measurand: tuple(sorted(phases)) for measurand, phases in sorted(self._phases.items())}

    @property
    def interval_s(self) -> float | None:
        """The usual time from one message to the next; None before three of them."""
        gaps_s = [later - earlier for earlier, later in pairwise(self._times_s)]
        return median(gaps_s) if len(gaps_s) >= 2 else None


def _named(meter_value: object) -> Iterator[tuple[str, str]]:
    blocks = meter_value if isinstance(meter_value, list) else [meter_value]
    for block in blocks[-MOST_BLOCKS:]:
        sampled = block.get("sampledValue") if isinstance(block, dict) else None
        for each in (sampled if isinstance(sampled, list) else [sampled])[:MOST_VALUES]:
            if isinstance(each, dict):
                yield _word(each.get("measurand")) or REGISTER, _word(each.get("phase")).upper()[:2]


def _word(value: object) -> str:
    return printable(value, LONGEST_NAME).strip() if isinstance(value, str) else ""
