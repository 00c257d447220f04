"""The shapes that the service answers with, beside the state. No Home Assistant here.

Units and signs are those of `models`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .models import Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """The service's first words on the push socket."""

    api_version: int
    min_api: int
    site_id: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a pairing code was traded for."""

    id: int
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationStep:
    """What one step of the cycle made of a limit."""

    stage: str
    text: str
    limit_a: float | None
    phases: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """How the present limit of a station came about."""

    station: str
    limit_a: float
    phases: int
    because: Sentence
    steps: tuple[ExplanationStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSlot:
    """A quarter of an hour of the clock; the first one begins now."""

    begins: datetime
    ends: datetime
    kind: str
    power_w: float | None
    """None where part of it follows the sun, which nobody foretells."""

    least_w: float
    says: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is ahead at one charger."""

    station: str
    made_at: datetime
    slots: tuple[PlanSlot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceTrouble:
    """Why the newest bad read of a device gave nothing."""

    code: str
    age_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A meter, inverter or battery of the service, and how its reads went."""

    id: str
    kind: str
    circuit: str | None
    period_s: float
    pushes: bool
    age_s: float | None
    good: int
    bad: int
    error_share: float | None
    latency_p50_s: float | None
    latency_p99_s: float | None
    reconnects: int | None
    bad_in_a_row: int
    trouble: DeviceTrouble | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a reading."""

    device: str
    taken: bool
    code: str | None
    detail: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """In the order of the readings."""

    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandAnswer:
    """What a station answered to a command."""

    done: bool
    answer: str
    """In its own word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastSession:
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
