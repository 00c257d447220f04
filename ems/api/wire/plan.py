"""What is ahead: of each charger in slots of a quarter of an hour, and the next event of the house."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from ems.api.wire.words import Sentence, Shape


class PlanKind(StrEnum):
    """What a charger does in one slot, and why."""

    UNPLUGGED = "unplugged"
    """No car: nothing is planned."""

    OFF = "off"
    FINISHED = "finished"
    """The energy of the goal is in."""

    LIMIT = "limit"
    """A temporary limit below the minimum pauses it."""

    SUN = "sun"
    """It follows the sun; nobody knows how much comes."""

    MIN_SOLAR = "min_solar"
    """At least the minimum, and sun."""

    GOAL = "goal"
    """It charges to reach its goal in time."""

    FAST = "fast"
    BOOST = "boost"
    FALLBACK = "fallback"
    """Optimisation is off: its fallback current."""


class PlanSlot(Shape):
    """A quarter of an hour of the clock; the first one begins now, the last one may end early."""

    begins: datetime
    ends: datetime
    kind: PlanKind
    """Of the longest part of the slot."""

    power_w: float | None
    """Mean; null where part of it follows the sun, which nobody foretells."""

    least_w: float
    """What it draws without any sun."""

    says: Sentence


class StationPlan(Shape):
    """What is ahead at one charger, until its goal, 24 hours at most. Fuses and other cars may still lower it."""

    station: str
    made_at: datetime
    slots: tuple[PlanSlot, ...]


class EventKind(StrEnum):
    """What happens next."""

    GOAL_START = "goal_start"
    """The latest start of a goal."""

    FINISH = "finish"
    """A car that charges now has the energy of its goal; an estimate."""

    READY_BY = "ready_by"
    """The time of a goal."""

    LIMIT_ENDS = "limit_ends"
    BOOST_ENDS = "boost_ends"
    IMPORT_CAP_ENDS = "import_cap_ends"


class NextEvent(Shape):
    """The next thing that is known to happen."""

    kind: EventKind
    at: datetime
    station: str | None
    """Null where it is about the house."""
