"""All that one state of the house is made of, frozen: what `ems.api.view` looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ems.api.wire import ConnectorPlace, Energies, SessionState, SourceState, Today, UpstreamState, VehicleState
from ems.api.wishes import Passing, Wishes
from ems.control.memory import Memory
from ems.model.battery import BatteryStanding
from ems.model.decision import Decision
from ems.model.site import Keenness
from ems.model.snapshot import Snapshot

NO_ENERGIES: Final = Energies(
    grid_import_kwh=0.0,
    grid_export_kwh=0.0,
    solar_kwh=0.0,
    charging_kwh=0.0,
    charging_solar_kwh=0.0,
    battery_charged_kwh=0.0,
    battery_discharged_kwh=0.0,
)
NOTHING_TODAY: Final = Today(solar_kwh=0.0, charging_kwh=0.0, charging_solar_kwh=0.0, solar_share=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseName:
    """Who this house is."""

    site_id: str
    name: str
    version: str
    """Of the service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StationFacts:
    """What a station says of itself, None until it did, and to whom else it is known."""

    vendor: str | None = None
    model: str | None = None
    firmware: str | None = None
    serial: str | None = None
    upstream: UpstreamState | None = None
    """How it stands with a second central system; None without one."""

    connector: ConnectorPlace | None = None
    """Which connector of a station with several; None for a station of its own."""


NO_FACTS: Final = StationFacts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What was counted up to now."""

    energies: Energies = NO_ENERGIES
    today: Today = NOTHING_TODAY
    stations_kwh: Mapping[str, float] = field(default_factory=dict)
    """Lifetime, by station."""

    sessions: Mapping[str, SessionState] = field(default_factory=dict)
    """The running ones, by station."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One look at the house, what was decided on it, and what people wish."""

    house: HouseName
    look: Snapshot
    decision: Decision
    memory: Memory
    """After that decision."""

    at: datetime
    sequence: int
    counted: Counted = Counted()
    facts: Mapping[str, StationFacts] = field(default_factory=dict)
    vehicles: Mapping[str, str] = field(default_factory=dict)
    """The site file's vehicle of each station."""

    wishes: Mapping[str, Wishes] = field(default_factory=dict)
    sources: tuple[SourceState, ...] = ()
    cars: tuple[VehicleState, ...] = ()
    battery: BatteryStanding | None = None
    """What the battery is ordered; None for one that takes no orders."""

    battery_kwh: float | None = None
    """Its size, as the site file says."""

    import_cap: Passing | None = None
    strategy: Keenness = Keenness.NORMAL
    """How keen on sun the house is."""

    user_strategy: Keenness | None = None
    """What a person chose of that; None for the site file's."""

    optimising: bool = True
    storage_trouble: str | None = None
