"""The shapes on the wire: the one contract with pages, Home Assistant, MQTT and other programs.

Units and signs are the design's (§2): `_a _w _kwh _s`, grid + import, solar + production, battery + discharge, cars +
consumption; unknown is null, never 0. Times are ISO 8601 in UTC. Currents per phase are lists in the order of `phases`.
Golden examples are in `tests/contract`. Fields are added, never renamed, within one API version.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from ems.model.decision import LimitReason
from ems.model.electrical import FuseDevice
from ems.model.goals import ChargeMode
from ems.model.station import ConnectorStatus

API_VERSION: Final = 1
"""Counts up with every change that an older client may stumble over."""

MIN_API: Final = 1
"""The oldest client version that this service still speaks to."""

StationId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Amps = Annotated[float, Field(ge=0, le=80)]


class Shape(BaseModel):
    """What all shapes share."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SiteCondition(StrEnum):
    """The house in one word."""

    OPTIMISING = "optimising"
    PROTECTING = "protecting"
    """A fuse, a rule or the guard holds somebody down now."""

    FALLBACK = "fallback"
    """A meter is not trusted; stations are at their fallback currents."""

    PAUSED = "paused"
    """Optimisation is switched off by a person."""

    NOT_COMMISSIONED = "not_commissioned"


class StationStatus(StrEnum):
    """A charging station in a person's words."""

    OFFLINE = "offline"
    FAULT = "fault"
    UNPLUGGED = "unplugged"
    WAITING_CAR = "waiting_car"
    """The car does not draw although it may."""

    WAITING_SUN = "waiting_sun"
    WAITING_FUSE = "waiting_fuse"
    """A fuse, a rule or a cap leaves no room for its minimum."""

    WAITING = "waiting"
    """Paused for another reason; `reason` names it."""

    STARTING = "starting"
    CHARGING = "charging"
    FINISHED = "finished"
    OFF = "off"


class Sentence(Shape):
    """A sentence as its key and numbers, so that a client can say it in its own language."""

    key: str
    """As in the translation file; for a limit's reason `reason.main_fuse` and so on."""

    numbers: dict[str, float | int | str]
    text: str
    """The sentence in the language that was asked for; English unless said otherwise."""


class Powers(Shape):
    """What flows now."""

    grid_w: float | None
    solar_w: float | None
    battery_w: float | None
    home_w: float | None
    """Consumption without cars and battery."""

    charging_w: float | None
    surplus_w: float | None
    """What the sun leaves for cars, before the cars."""


class Energies(Shape):
    """Lifetime counters, in kWh. They never run backwards."""

    grid_import_kwh: float
    grid_export_kwh: float
    solar_kwh: float
    charging_kwh: float
    charging_solar_kwh: float
    """The part of it that came from the sun."""


class Today(Shape):
    """Since midnight of the house's time zone."""

    solar_kwh: float
    charging_kwh: float
    charging_solar_kwh: float
    solar_share: float | None
    """0 to 1; null while nothing was charged."""


class CircuitState(Shape):
    """One fuse and what flows through it."""

    id: str
    fed_from: str | None
    phases: tuple[str, ...]
    """`L1` … of the house."""

    fuse_a: float
    fuse_device: FuseDevice
    usable_a: float
    """What our rules let flow: rating × derating − reserve."""

    measured_a: tuple[float, ...] | None
    """Signed; negative while exporting."""

    house_a: tuple[float, ...]
    """Everything but the cars."""

    headroom_a: tuple[float, ...] | None
    """`usable_a` less what is measured."""

    meter_age_s: float | None
    """Age of the last good sample; null without a meter or sample."""

    thermal: tuple[float, ...] | None
    """Thermal image of the protective device, 0 cold, 1 may trip."""


class SessionState(Shape):
    """The running session of a station."""

    id: str
    began: datetime | None
    energy_kwh: float
    solar_kwh: float
    solar_share: float | None
    cost: float | None
    vehicle: str | None


class GoalState(Shape):
    """What somebody asked for this stay on the cable."""

    energy_kwh: float | None
    ready_by: datetime | None


class TemporaryLimit(Shape):
    """A lower limit that ends by itself."""

    limit_a: float
    until: datetime


class StationState(Shape):
    """One charging station."""

    id: str
    circuit: str
    wired: tuple[str, ...]
    """House phases behind the station's own L1, L2, L3."""

    connected: bool
    protocol: str | None
    vendor: str | None
    model: str | None
    firmware: str | None
    serial: str | None
    status: StationStatus
    connector_status: ConnectorStatus | None
    plugged: bool
    mode: ChargeMode
    limit_a: float
    """The set-point; 0 pauses."""

    phases: int
    """How many the car may use."""

    reason: LimitReason
    because: Sentence
    remaining_s: float | None
    """How long this reason lasts at most, where that is known: a countdown."""

    current_a: tuple[float, ...] | None
    """As the station measures, its own L1 first."""

    power_w: float | None
    measured_age_s: float | None
    min_a: float
    max_a: float
    """The installer's bounds."""

    user_max_a: float | None
    """A person's own, lower bound."""

    fallback_a: float
    can_switch_phases: bool
    priority: int
    vehicle: str | None
    session: SessionState | None
    energy_kwh: float
    """Lifetime, by our own counter."""

    goal: GoalState | None
    temporary_limit: TemporaryLimit | None
    boost_until: datetime | None
    ignores_limit: bool


class BatteryState(Shape):
    """The home battery."""

    power_w: float
    soc: float | None
    age_s: float


class NoticeState(Shape):
    """Something people should know about."""

    code: str
    circuit: str | None
    station: str | None
    says: Sentence


class State(Shape):
    """The whole house at one instant: the snapshot that a client starts with."""

    api_version: int = API_VERSION
    site_id: str
    name: str
    version: str
    """Of the service."""

    at: datetime
    sequence: int
    """Counts up with every state; a client that missed one asks for a new snapshot."""

    condition: SiteCondition
    headline: Sentence
    powers: Powers
    energies: Energies
    today: Today
    circuits: tuple[CircuitState, ...]
    stations: tuple[StationState, ...]
    battery: BatteryState | None
    notices: tuple[NoticeState, ...]
    dimmed: bool | None
    """Whether the grid operator calls for its limit; null where nobody says."""

    optimising: bool
    storage_trouble: str | None
    """Why nothing is written to the database now; null while all is well."""


class ModeWish(Shape):
    """Body of `PUT /stations/{id}/mode`."""

    mode: ChargeMode


class SettingsWish(Shape):
    """Body of `PUT /stations/{id}/settings`: what a person may set, inside the installer's limits."""

    max_a: Annotated[float, Field(ge=6, le=80)] | None = None
    """Null takes the person's bound away."""

    priority: Annotated[int, Field(ge=0, le=9)] | None = None
    vehicle: Annotated[str, Field(max_length=40)] | None = None


class GoalWish(Shape):
    """Body of `PUT /stations/{id}/goal`."""

    energy_kwh: Annotated[float, Field(gt=0, le=500)] | None = None
    ready_by: datetime | None = None


class LimitWish(Shape):
    """Body of `PUT /stations/{id}/limit`: lower only, and it ends by itself."""

    limit_a: Amps
    duration_s: Annotated[float, Field(gt=0, le=86_400)]


class BoostWish(Shape):
    """Body of `PUT /stations/{id}/boost`: as fast as the fuses allow, for a while."""

    duration_s: Annotated[float, Field(gt=0, le=86_400)]


class OptimisingWish(Shape):
    """Body of `PUT /optimising`."""

    optimising: bool


class SiteRecord(Shape):
    """What does not change from one second to the next."""

    site_id: str
    name: str
    version: str
    optimising: bool
    condition: SiteCondition
    circuits: tuple[str, ...]
    stations: tuple[str, ...]


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


class HistoryStep(StrEnum):
    """Length of a step: minutes are kept for weeks, quarters of an hour for a year, days for ever."""

    MINUTE = "minute"
    QUARTER = "quarter"
    DAY = "day"


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


class Role(StrEnum):
    """What somebody may do: see · see and set · see, set and commission."""

    VIEWER = "viewer"
    HOMEOWNER = "homeowner"
    INSTALLER = "installer"


class Problem(BaseModel):
    """Every error (RFC 9457), with a stable code."""

    type: str
    title: str
    status: int
    code: str
    detail: str


class HealthRecord(Shape):
    """For supervisors: 200 while decisions are made, 503 when not."""

    status: Literal["ok", "degraded", "stalled"]
    """`degraded`: a meter is not trusted or nothing is kept; decisions are made all the same."""

    cycle_age_s: float | None
    """Since the last decision; null before the first."""

    reasons: tuple[str, ...]
    """What is amiss, as codes: `meter_lost`, `not_commissioned`, `storage`, `stalled`, `starting`."""


class ClientHello(Shape):
    """What a client may send first on the WebSocket: a token unless its request carried one, and what it speaks."""

    kind: Literal["hello"] = "hello"
    token: Annotated[str, Field(max_length=100)] | None = None
    api_version: Annotated[int, Field(ge=0, le=10**9)] = API_VERSION
    """The newest version that the client knows."""

    min_api: Annotated[int, Field(ge=0, le=10**9)] = MIN_API
    """The oldest that it can work with."""


class Hello(Shape):
    """The first message on the WebSocket."""

    kind: Literal["hello"] = "hello"
    api_version: int = API_VERSION
    min_api: int = MIN_API
    site_id: str
    version: str


class SnapshotMessage(Shape):
    """The second one, and again whenever the client fell behind."""

    kind: Literal["snapshot"] = "snapshot"
    state: State


class DeltaMessage(Shape):
    """What changed since `sequence - 1`: top-level keys of `State` with their new values.

    `circuits` and `stations` hold only those entries that changed, whole.
    """

    kind: Literal["delta"] = "delta"
    sequence: int
    at: datetime
    changes: dict[str, object]
