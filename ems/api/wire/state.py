"""The house at one instant."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ems.api.wire.plan import NextEvent
from ems.api.wire.readings import SourceState
from ems.api.wire.vehicles import VehicleState
from ems.api.wire.words import API_VERSION, BatteryMode, Sentence, Shape, SiteCondition, StationStatus
from ems.model.battery import BatteryReason
from ems.model.decision import LimitReason
from ems.model.electrical import FuseDevice
from ems.model.goals import ChargeMode
from ems.model.site import Keenness
from ems.model.station import ConnectorStatus


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

    battery_charged_kwh: float | None
    battery_discharged_kwh: float | None
    """Of the home battery, counted while it tells its power; null where the house has none."""


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
    """Null without a tariff."""

    currency: str | None
    vehicle: str | None


class GoalState(Shape):
    """What somebody asked for this stay on the cable."""

    energy_kwh: float | None
    """The car pauses once it is in."""

    ready_by: datetime | None
    """By then, where there is an energy; a time alone is only shown."""


class TemporaryLimit(Shape):
    """A lower limit that ends by itself."""

    limit_a: float
    until: datetime


class ImportCap(Shape):
    """What cars may bring the import of the house to, for a while."""

    limit_kw: float
    until: datetime


class UpstreamState(Shape):
    """How it stands with a second central system that a station serves too."""

    connected: bool
    """It is reached and knows the station."""

    queued: int
    """Sessions' begins and ends and meter values that wait for it."""

    lost: int
    """What was given up for want of room since the service started."""

    last_error: str | None


class ConnectorPlace(Shape):
    """Which connector of a charging station with several a charger is. Restarts, firmware and settings are of all."""

    station: str
    """What the whole station is known by: the id of its first connector."""

    number: int
    others: tuple[str, ...]
    """Ids of its other connectors."""


class StationState(Shape):
    """One charging station, or one connector of it where it has several."""

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

    user_min_a: float | None = None
    """A person's own least current, at or above `min_a`: below it the car pauses."""

    user_phases: Literal[1, 3] | None = None
    """The number of phases that a person chose; null leaves it to the surplus and the fuses."""

    fallback_a: float
    can_switch_phases: bool
    priority: int
    vehicle: str | None
    guest: bool
    """Whether it is that for this stay only."""

    user_vehicle: str | None = None
    """The usual car, as a person chose it; null for the site file's. Who sets others of the settings sends it again."""

    session: SessionState | None
    energy_kwh: float
    """Lifetime, by our own counter."""

    goal: GoalState | None
    latest_start_at: datetime | None = None
    """When the car starts at the latest to reach its goal, to the minute; null without energy and time. Sun that comes
    before puts it off."""

    finish_at: datetime | None = None
    """When the goal's energy will be in, as far as it can be told: not of a car that follows the sun alone."""

    goal_at_risk: bool = False
    """Whether too little of it will be in by then."""

    goal_expected_kwh: float | None = None
    """What will be in by then if it charges from now on; null without energy and time."""

    temporary_limit: TemporaryLimit | None
    boost_until: datetime | None
    ignores_limit: bool
    upstream: UpstreamState | None = None
    """Null for a station without a second central system."""

    connector: ConnectorPlace | None = None
    """Null for a station of its own."""


class BatteryOrders(Shape):
    """How far the home battery is bounded, where the site file gives leave for that."""

    charge_at_most_w: float | None
    discharge_at_most_w: float | None
    """Null bounds nothing; a discharge of 0 holds it."""

    reason: BatteryReason
    because: Sentence
    since: datetime | None = None
    """Since when that is the reason, to the second; null from the start on."""

    in_force: bool
    """The battery has taken it; false for one that is free."""

    trouble: str | None
    """Why it did not: the code of an error; null while all is well."""


class BatteryState(Shape):
    """The home battery."""

    power_w: float
    soc: float | None
    age_s: float
    mode: BatteryMode
    capacity_kwh: float | None = None
    """What it holds when full: as the battery tells, else as the site file says."""

    orders: BatteryOrders | None = None
    """Null for a battery that is only read."""


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
    sources: tuple[SourceState, ...]
    """Devices whose readings a program brings."""

    vehicles: tuple[VehicleState, ...]
    """Cars that the site file names or somebody told of."""

    next_event: NextEvent | None = None
    """Null where nothing is known to happen; the sun may always do something."""

    import_cap: ImportCap | None = None
    """A person's bound of the house's import, for a while."""

    strategy: Keenness
    """How keen on sun the house is now, as a person chose or else as the site file has it."""

    user_strategy: Keenness | None
    """What a person chose; null for the site file's."""

    strategy_fixed: bool
    """Whether the site file keeps people from choosing."""

    dimmed: bool | None
    """Whether the grid operator calls for its limit; null where nobody says."""

    optimising: bool
    storage_trouble: str | None
    """Why nothing is written to the database now; null while all is well."""


class SiteRecord(Shape):
    """What does not change from one second to the next."""

    site_id: str
    name: str
    version: str
    optimising: bool
    condition: SiteCondition
    circuits: tuple[str, ...]
    stations: tuple[str, ...]


class HealthRecord(Shape):
    """For supervisors: 200 while decisions are made, 503 when not."""

    status: Literal["ok", "degraded", "stalled"]
    """`degraded`: a meter is not trusted or nothing is kept; decisions are made all the same."""

    cycle_age_s: float | None
    """Since the last decision; null before the first."""

    reasons: tuple[str, ...]
    """What is amiss, as codes: `meter_lost`, `not_commissioned`, `source_silent`, `source_refused`, `storage`,
    `stalled`, `starting`."""

    experimental: tuple[str, ...] = ()
    """Meters, inverters and batteries, by id, whose profile nobody should rely on yet; `ems check` says why."""
