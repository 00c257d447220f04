"""The shapes that the service sends, as far as entities need them. No Home Assistant here.

Units are in the names: `_a _w _kwh _s`; signs are grid + import, solar + production, battery + discharge, cars +
consumption. Unknown is None, never 0. Currents per phase are in the order of `phases`. The tests read the service's
golden files with this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from .words import (
    BatteryMode,
    BatteryOrder,
    BatteryReason,
    ChargeMode,
    Keenness,
    LimitReason,
    SiteCondition,
    StationStatus,
)

NEWEST_API: Final = 1
OLDEST_API: Final = 1
"""The versions of the contract that this client speaks."""

LISTS: Final = ("circuits", "stations")
"""Of these a delta holds only the entries that changed, whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence: its key in the service's list of words, and its English."""

    key: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Powers:
    """What flows now."""

    grid_w: float | None
    """None while the meter at the main fuse is not heard."""

    solar_w: float | None
    battery_w: float | None
    home_w: float | None
    charging_w: float | None
    surplus_w: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Energies:
    """Lifetime counters, which never run backwards."""

    grid_import_kwh: float
    grid_export_kwh: float
    solar_kwh: float
    charging_kwh: float
    charging_solar_kwh: float
    battery_charged_kwh: float | None
    battery_discharged_kwh: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """Since midnight of the house's time zone."""

    charging_kwh: float
    charging_solar_kwh: float
    solar_share: float | None
    """0 to 1; None while nothing was charged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """One fuse and what flows through it."""

    id: str
    fed_from: str | None
    phases: tuple[str, ...]
    fuse_a: float
    usable_a: float
    measured_a: tuple[float, ...] | None
    headroom_a: tuple[float, ...] | None
    meter_age_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The running session of a station."""

    id: str
    began: datetime | None
    energy_kwh: float
    solar_kwh: float
    solar_share: float | None
    cost: float | None
    currency: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What somebody asked for this stay on the cable."""

    energy_kwh: float | None
    ready_by: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporaryLimit:
    """A lower limit that ends by itself."""

    limit_a: float
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """Which connector of a charging station with several."""

    station: str
    """The id of its first connector, by which the whole is known."""

    number: int
    others: tuple[str, ...]
    """Ids of the station's other connectors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """One charging station, or one connector of it where it has several."""

    id: str
    circuit: str
    wired: tuple[str, ...]
    connected: bool
    vendor: str | None
    model: str | None
    firmware: str | None
    serial: str | None
    status: StationStatus | None
    plugged: bool
    mode: ChargeMode | None
    limit_a: float
    phases: int
    reason: LimitReason | None
    because: Sentence
    remaining_s: float | None
    current_a: tuple[float, ...] | None
    power_w: float | None
    min_a: float
    max_a: float
    user_max_a: float | None
    fallback_a: float
    can_switch_phases: bool
    priority: int
    vehicle: str | None
    """The guest's, while there is one."""

    guest: bool | None
    """Whether it is there for once, until it leaves."""

    user_vehicle: str | None
    """The usual one, as a person chose it; None for the site file's."""

    session: Session | None
    energy_kwh: float
    goal: Goal | None
    temporary_limit: TemporaryLimit | None
    boost_until: datetime | None
    ignores_limit: bool
    user_min_a: float | None
    user_phases: int | None
    """How many a person chose; None leaves it to the service."""

    latest_start_at: datetime | None
    finish_at: datetime | None
    """An estimate, where there is a goal of energy."""

    goal_at_risk: bool | None
    goal_expected_kwh: float | None
    connector: Connector | None
    """None for a station of its own, and from a service that does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryOrders:
    """How far the home battery is bounded."""

    charge_at_most_w: float | None
    discharge_at_most_w: float | None
    """None bounds nothing; a discharge of 0 holds it."""

    reason: BatteryReason | None
    since: datetime | None
    in_force: bool
    """The battery has taken it; False for one that is free."""

    @property
    def word(self) -> BatteryOrder:
        """The order in one word."""
        if self.discharge_at_most_w == 0.0:
            return BatteryOrder.HELD
        is_free = self.charge_at_most_w is None and self.discharge_at_most_w is None
        return BatteryOrder.FREE if is_free else BatteryOrder.BOUNDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """The home battery."""

    power_w: float
    soc: float | None
    """0 to 1."""

    mode: BatteryMode | None
    orders: BatteryOrders | None
    """None for a battery that is only read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextEvent:
    """The next thing that is known to happen."""

    kind: str
    at: datetime
    station: str | None
    """None where it is about the house."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportCap:
    """What a person lets the house take from the grid for a while."""

    limit_kw: float
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A device of the service whose readings a program brings."""

    id: str
    kind: str
    """`meter`, `solar` or `battery`."""

    phases: int
    period_s: float
    silent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """A car."""

    name: str
    station: str | None
    guest: bool | None
    soc: float | None
    range_km: float | None
    at_home: bool | None
    capacity_kwh: float | None
    target_soc: float | None
    minimum_soc: float | None
    below_minimum: bool

    @property
    def is_passing(self) -> bool:
        """A guest of whom nobody told anything."""
        told = (self.soc, self.range_km, self.at_home, self.capacity_kwh, self.target_soc, self.minimum_soc)
        return bool(self.guest) and all(value is None for value in told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that people should know about."""

    code: str
    circuit: str | None
    station: str | None
    says: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The whole house at one instant."""

    site_id: str
    name: str
    version: str
    at: datetime
    sequence: int
    condition: SiteCondition | None
    headline: Sentence
    powers: Powers
    energies: Energies
    today: Today
    circuits: tuple[Circuit, ...]
    stations: tuple[Station, ...]
    battery: Battery | None
    notices: tuple[Notice, ...]
    dimmed: bool | None
    optimising: bool
    storage_trouble: str | None
    next_event: NextEvent | None
    sources: tuple[Source, ...] | None
    vehicles: tuple[Vehicle, ...] | None
    """None with a service that knows none of it yet."""

    import_cap: ImportCap | None
    strategy: Keenness | None
    strategy_fixed: bool | None
    """The site file leaves people no choice."""

    @property
    def main(self) -> Circuit | None:
        """The circuit that nothing else feeds."""
        return next((circuit for circuit in self.circuits if circuit.fed_from is None), None)

    def station(self, station_id: str) -> Station | None:
        """None for one that the service does not know any more."""
        return next((station for station in self.stations if station.id == station_id), None)

    def vehicle(self, name: str) -> Vehicle | None:
        """None for one that the service does not know any more."""
        return next((vehicle for vehicle in self.vehicles or () if vehicle.name == name), None)


def percent(share: float | None) -> float | None:
    """Of 0 to 1."""
    return None if share is None else round(100.0 * share, 1)


def merged(before: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The state as JSON after a delta."""
    after = {**before, **{key: value for key, value in changes.items() if key not in LISTS}}
    for key in LISTS:
        changed = {entry["id"]: entry for entry in changes.get(key, ())}
        after[key] = [changed.get(entry["id"], entry) for entry in before[key]]
    return after
