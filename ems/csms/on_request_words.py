"""What a station is asked only when somebody wants it, in no protocol's spelling, and what it tells in answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

LEAST_SEVERE: Final = 9
LONGEST_SHOWN: Final = 512
"""Characters of a text on a display."""


class MonitorKind(StrEnum):
    """When a monitor of a variable speaks."""

    ABOVE = "UpperThreshold"
    BELOW = "LowerThreshold"
    CHANGE = "Delta"
    EVERY = "Periodic"
    """Each so many seconds."""

    CLOCK = "PeriodicClockAligned"
    """The same, from midnight on."""


class MonitorBase(StrEnum):
    """Which preset monitors are in force."""

    ALL = "All"
    FACTORY = "FactoryDefault"
    HARD_WIRED = "HardWiredOnly"


class ComponentsThat(StrEnum):
    """Which components of itself a station is asked about."""

    ACTIVE = "Active"
    AVAILABLE = "Available"
    ENABLED = "Enabled"
    PROBLEM = "Problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorOrder:
    """A variable that is to be watched."""

    variable: str
    """`Component.Variable`, or a word of OCPP 1.6 that stands for one."""

    kind: MonitorKind
    value: float
    """The threshold or the change in the variable's unit; seconds for periodic ones."""

    evse: int = 0
    """0 is the station itself."""

    severity: int = LEAST_SEVERE
    """0 is the most severe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """A monitor that a station has, as it says."""

    number: int
    variable: str
    kind: str
    """In the station's word."""

    value: float | None
    severity: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTold:
    """Something that a monitor, or the station by itself, told."""

    at: datetime | None
    """None where the station gave no time that can be read."""

    variable: str
    value: str
    trigger: str
    cleared: bool
    about: str
    """In the maker's words; empty without any."""

    monitor: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownText:
    """A text that a station shows, or will."""

    number: int
    content: str
    priority: str
    transaction_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableTold:
    """A variable of a component that a station was asked about."""

    variable: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GridCurve:
    """A curve of the grid code that a station follows (OCPP 2.1)."""

    kind: str
    number: str
    priority: int | None
    is_default: bool
    superseded: bool
