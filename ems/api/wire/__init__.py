"""The shapes on the wire: the one contract with pages, Home Assistant, MQTT and other programs.

Units and signs are the design's (§2): `_a _w _kwh _s`, grid + import, solar + production, battery + discharge, cars +
consumption; unknown is null, never 0. Times are ISO 8601 in UTC. Currents per phase are lists in the order of `phases`.
Golden examples are in `tests/contract`. Fields are added, never renamed, within one API version.

Import the shapes from here; the modules below only sort them.
"""

from __future__ import annotations

from ems.api.wire.messages import ClientHello, DeltaMessage, Hello, SnapshotMessage
from ems.api.wire.plan import EventKind, NextEvent, PlanKind, PlanSlot, StationPlan
from ems.api.wire.records import (
    AuditRecord,
    DecisionRecord,
    ExplanationRecord,
    ExplanationStep,
    HistoryPoint,
    LogRecord,
    SessionRecord,
)
from ems.api.wire.state import (
    BatteryState,
    CircuitState,
    Energies,
    GoalState,
    HealthRecord,
    ImportCap,
    NoticeState,
    Powers,
    SessionState,
    SiteRecord,
    State,
    StationState,
    TemporaryLimit,
    Today,
)
from ems.api.wire.wishes import (
    BoostWish,
    GoalWish,
    ImportCapWish,
    LimitWish,
    MinimumWish,
    ModeWish,
    OptimisingWish,
    PhasesWish,
    SettingsWish,
)
from ems.api.wire.words import (
    API_VERSION,
    MIN_API,
    Amps,
    HistoryStep,
    Problem,
    Role,
    Sentence,
    Shape,
    SiteCondition,
    StationId,
    StationStatus,
    VehicleName,
)

__all__ = [
    "API_VERSION",
    "MIN_API",
    "Amps",
    "AuditRecord",
    "BatteryState",
    "BoostWish",
    "CircuitState",
    "ClientHello",
    "DecisionRecord",
    "DeltaMessage",
    "Energies",
    "EventKind",
    "ExplanationRecord",
    "ExplanationStep",
    "GoalState",
    "GoalWish",
    "HealthRecord",
    "Hello",
    "HistoryPoint",
    "HistoryStep",
    "ImportCap",
    "ImportCapWish",
    "LimitWish",
    "LogRecord",
    "MinimumWish",
    "ModeWish",
    "NextEvent",
    "NoticeState",
    "OptimisingWish",
    "PhasesWish",
    "PlanKind",
    "PlanSlot",
    "Powers",
    "Problem",
    "Role",
    "Sentence",
    "SessionRecord",
    "SessionState",
    "SettingsWish",
    "Shape",
    "SiteCondition",
    "SiteRecord",
    "SnapshotMessage",
    "State",
    "StationId",
    "StationPlan",
    "StationState",
    "StationStatus",
    "TemporaryLimit",
    "Today",
    "VehicleName",
]
