"""What was kept, and how a limit came about."""

from __future__ import annotations

from datetime import datetime

from ems.api.wire.words import Sentence, Shape
from ems.model.decision import LimitReason


class ExplanationStep(Shape):
    """What one step of the cycle made of a limit."""

    stage: str
    text: str
    """The step as one English sentence."""

    limit_a: float | None
    """The limit after it; null for a step that sets none."""

    phases: int | None
    because: Sentence | None
    facts: dict[str, float]


class ExplanationRecord(Shape):
    """How the present limit of a station came about."""

    station: str
    limit_a: float
    phases: int
    because: Sentence
    steps: tuple[ExplanationStep, ...]


class SessionRecord(Shape):
    """One stay of a car on the cable."""

    id: str
    station: str
    vehicle: str | None
    began: datetime
    ended: datetime | None
    energy_kwh: float
    solar_kwh: float
    solar_share: float | None
    cost: float | None
    currency: str | None
    reason: str | None
    """Why it ended, in the station's word."""


class HistoryPoint(Shape):
    """Mean powers over one step of the history; energies follow from the step's length."""

    at: datetime
    """When the step begins."""

    grid_w: float | None
    """Net; within a step the house may take and give."""

    grid_import_w: float | None
    grid_export_w: float | None
    solar_w: float | None
    battery_w: float | None
    home_w: float | None
    charging_w: float | None
    charging_solar_w: float | None
    stations_w: dict[str, float]


class DecisionRecord(Shape):
    """A limit that changed, or a reason that did."""

    at: datetime
    station: str
    limit_a: float
    phases: int
    reason: LimitReason
    because: Sentence


class LogRecord(Shape):
    """Something that happened beside the limits: starts, faults, logins, changes of settings."""

    id: int
    at: datetime
    kind: str
    who: str | None
    text: str
    """In English."""

    says: Sentence | None
    """The same for every language; null in what older versions kept of what people did."""


class AuditRecord(Shape):
    """Something that somebody changed, or a login."""

    id: int
    at: datetime
    who: str
    action: str
    text: str
    """In English."""

    says: Sentence | None
    """The same for every language; null in what older versions kept."""
