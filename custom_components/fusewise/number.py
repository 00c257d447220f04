"""A person's own bounds, inside those of the installer, and how much a car should get."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, override

from homeassistant.components.number import NumberDeviceClass, NumberEntity, NumberEntityDescription, NumberMode
from homeassistant.const import EntityCategory, UnitOfElectricCurrent, UnitOfEnergy, UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .client import FusewiseClient
from .coordinator import SiteCoordinator, SiteEntry
from .entity import SiteEntity, StationEntity, VehicleEntity, add_as_they_come
from .models import Goal, Station
from .vehicle_rows import VEHICLE_NUMBERS, VehicleNumber

PARALLEL_UPDATES = 1

HIGHEST_PRIORITY: Final = 9
MOST_KWH: Final = 500.0
MOST_KW: Final = 200.0
"""The bounds of the API."""

CAPPED_FOR: Final = timedelta(hours=1)
"""As long as the switch Boost asks for."""


@dataclass(frozen=True, kw_only=True)
class StationNumber(NumberEntityDescription):
    """A row about a charging station."""

    value_fn: Callable[[Station], float | None]
    bounds_fn: Callable[[Station], tuple[float, float]]
    set_fn: Callable[[FusewiseClient, Station, float], Awaitable[None]]
    per_stay: bool = False
    """Only for as long as a car is on the cable."""


def _set_max(service: FusewiseClient, now: Station, amps: float) -> Awaitable[None]:
    """The installer's bound itself is no bound of a person's."""
    max_a = None if amps >= now.max_a else amps
    return service.set_settings(now.id, max_a=max_a, priority=now.priority, vehicle=now.user_vehicle)


def _set_min(service: FusewiseClient, now: Station, amps: float) -> Awaitable[None]:
    """The installer's bound itself is no bound of a person's."""
    return service.set_minimum(now.id, None if amps <= now.min_a else amps)


def _set_priority(service: FusewiseClient, now: Station, priority: float) -> Awaitable[None]:
    return service.set_settings(now.id, max_a=now.user_max_a, priority=round(priority), vehicle=now.user_vehicle)


def _set_energy(service: FusewiseClient, now: Station, kwh: float) -> Awaitable[None]:
    """0 asks for no energy; a time that was asked for stays."""
    ready_by = None if now.goal is None else now.goal.ready_by
    if kwh <= 0 and ready_by is None:
        return service.set_goal(now.id, None)
    return service.set_goal(now.id, Goal(energy_kwh=kwh if kwh > 0 else None, ready_by=ready_by))


STATION_NUMBERS: Final = (
    StationNumber(
        key="max_current",
        device_class=NumberDeviceClass.CURRENT,
        native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
        native_step=0.5,
        mode=NumberMode.BOX,  # a slider has no room for its number on the charger's page
        entity_category=EntityCategory.CONFIG,
        value_fn=lambda station: station.max_a if station.user_max_a is None else station.user_max_a,
        bounds_fn=lambda station: (station.min_a, station.max_a),
        set_fn=_set_max,
    ),
    StationNumber(
        key="min_current",
        device_class=NumberDeviceClass.CURRENT,
        native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
        native_step=0.5,
        entity_category=EntityCategory.CONFIG,
        value_fn=lambda station: station.min_a if station.user_min_a is None else station.user_min_a,
        bounds_fn=lambda station: (station.min_a, station.max_a),
        set_fn=_set_min,
    ),
    StationNumber(
        key="priority",
        native_step=1,
        mode=NumberMode.BOX,
        entity_category=EntityCategory.CONFIG,
        value_fn=lambda station: station.priority,
        bounds_fn=lambda _: (0, HIGHEST_PRIORITY),
        set_fn=_set_priority,
    ),
    StationNumber(
        key="target_energy",
        device_class=NumberDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        native_step=0.5,
        mode=NumberMode.BOX,
        value_fn=lambda station: None if station.goal is None else station.goal.energy_kwh,
        bounds_fn=lambda _: (0.0, MOST_KWH),
        set_fn=_set_energy,
        per_stay=True,
    ),
)


async def async_setup_entry(_hass: HomeAssistant, entry: SiteEntry, add: AddConfigEntryEntitiesCallback) -> None:
    """All rows above."""
    site = entry.runtime_data
    add([ImportCapNumber(site)])
    add_as_they_come(
        entry,
        add,
        lambda station: [StationNumberEntity(site, station, row) for row in STATION_NUMBERS],
        lambda vehicle: [VehicleNumberEntity(site, vehicle, row) for row in VEHICLE_NUMBERS],
    )


class ImportCapNumber(SiteEntity, NumberEntity):
    """What the house may take from the grid for a while: for an hour, or until one that runs already ends."""

    def __init__(self, site: SiteCoordinator) -> None:
        description = NumberEntityDescription(
            key="import_cap",
            device_class=NumberDeviceClass.POWER,
            native_unit_of_measurement=UnitOfPower.KILO_WATT,
            native_min_value=0.0,
            native_max_value=MOST_KW,
            native_step=0.1,
            mode=NumberMode.BOX,
        )
        super().__init__(site, description)

    @property
    @override
    def native_value(self) -> float | None:
        cap = self.house.import_cap
        return None if cap is None else cap.limit_kw

    @override
    async def async_set_native_value(self, value: float) -> None:
        cap = self.house.import_cap
        until = self.house.at + CAPPED_FOR if cap is None else cap.until
        await self.wish(self.service.set_import_cap(limit_kw=value, until=until))


class StationNumberEntity(StationEntity, NumberEntity):
    """A number that people set for a charging station."""

    entity_description: StationNumber

    @property
    @override
    def available(self) -> bool:
        return super().available and (self.station.plugged or not self.entity_description.per_stay)

    @property
    @override
    def native_value(self) -> float | None:
        return self.entity_description.value_fn(self.station)

    @property
    @override
    def native_min_value(self) -> float:
        return self.entity_description.bounds_fn(self.station)[0]

    @property
    @override
    def native_max_value(self) -> float:
        return self.entity_description.bounds_fn(self.station)[1]

    @override
    async def async_set_native_value(self, value: float) -> None:
        await self.wish(self.entity_description.set_fn(self.service, self.station, value))


class VehicleNumberEntity(VehicleEntity, NumberEntity):
    """A number that people set for a car."""

    entity_description: VehicleNumber

    @property
    @override
    def native_value(self) -> float | None:
        return self.entity_description.value_fn(self.vehicle)

    @override
    async def async_set_native_value(self, value: float) -> None:
        await self.wish(self.entity_description.set_fn(self.service, self.vehicle, value))
