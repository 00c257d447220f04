"""How one set-point came about: the steps of one cycle for one station, each with its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ems.model.decision import NO_REASON, Reason, Setpoint
from ems.model.electrical import Phase


class Stage(StrEnum):
    """The steps of a cycle, in their order (design §4)."""

    METER = "meter"
    SURPLUS = "surplus"
    BATTERY = "battery"
    DEMAND = "demand"
    PATTERN = "pattern"
    SHARING = "sharing"
    CALM = "calm"
    GUARD = "guard"
    RAISE = "raise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one step made of this station's limit, and why."""

    stage: Stage
    reason: Reason = NO_REASON
    before_a: float | None = None
    """The limit that this step was given; None where it had none yet."""

    limit_a: float | None = None
    """The limit after it; None for a step that sets none."""

    phases: int | None = None
    """How many station phases may be used after it; None for a step that does not say."""

    facts: Mapping[str, float] = field(default_factory=dict)
    """The numbers behind it; names end in their unit, as everywhere."""

    circuit_id: str | None = None
    """The circuit that the facts are about, and its phase."""

    phase: Phase | None = None
    word: str = ""
    """What is no number: the health of a meter (good, late, lost, none), the charge mode, why the
    home battery is bounded."""

    pattern: Mapping[str, int] = field(default_factory=dict)
    """Phases of every car that follows the sun; 0 is off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The whole way to one set-point."""

    station_id: str
    steps: tuple[Step, ...]
    """In the order of the cycle; the last one ends at the set-point."""

    setpoint: Setpoint
