"""What is so or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import SiteEntry
from .entity import SiteEntity, StationEntity, VehicleEntity, add_as_they_come
from .models import House, Station
from .vehicle_rows import VEHICLE_BINARIES, VehicleBinary
from .words import SiteCondition, StationStatus

PARALLEL_UPDATES = 0

TROUBLE: Final = frozenset({SiteCondition.FALLBACK, SiteCondition.NOT_COMMISSIONED})

NO_TROUBLE: Final = frozenset({"wiring_unknown", "goal_at_risk"})
"""Notices that are told elsewhere: wiring that nobody knows is a repair and stands until an installer comes; a goal at
risk is nothing broken, and has an entity of its own."""


@dataclass(frozen=True, kw_only=True)
class SiteBinary(BinarySensorEntityDescription):
    """A row about the house."""

    is_on_fn: Callable[[House], bool | None]


@dataclass(frozen=True, kw_only=True)
class StationBinary(BinarySensorEntityDescription):
    """A row about a charging station."""

    is_on_fn: Callable[[Station], bool | None]


def _has_problem(house: House) -> bool:
    troubles = {notice.code for notice in house.notices} - NO_TROUBLE
    return bool(troubles) or house.condition in TROUBLE or house.storage_trouble is not None


SITE_BINARIES: Final = (
    SiteBinary(
        key="fuse_protection_active",
        is_on_fn=lambda house: None if house.condition is None else house.condition is SiteCondition.PROTECTING,
    ),
    SiteBinary(
        key="grid_meter",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        is_on_fn=lambda house: house.powers.grid_w is not None,
    ),
    SiteBinary(
        key="grid_operator_limit",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        is_on_fn=lambda house: house.dimmed,
    ),
    SiteBinary(
        key="problem",
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        is_on_fn=_has_problem,
    ),
)

STATION_BINARIES: Final = (
    StationBinary(
        key="plug",
        device_class=BinarySensorDeviceClass.PLUG,
        is_on_fn=lambda station: station.plugged if station.connected else None,
    ),
    StationBinary(
        key="charging",
        device_class=BinarySensorDeviceClass.BATTERY_CHARGING,
        is_on_fn=lambda station: station.status is StationStatus.CHARGING if station.connected else None,
    ),
    StationBinary(
        key="connectivity",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        is_on_fn=lambda station: station.connected,
    ),
    StationBinary(
        key="goal_at_risk",
        device_class=BinarySensorDeviceClass.PROBLEM,
        is_on_fn=lambda station: station.goal_at_risk,
    ),
    StationBinary(
        key="ignores_limit",
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        is_on_fn=lambda station: station.ignores_limit,
    ),
)


async def async_setup_entry(_hass: HomeAssistant, entry: SiteEntry, add: AddConfigEntryEntitiesCallback) -> None:
    """All rows above."""
    site = entry.runtime_data
    add(SiteBinaryEntity(site, row) for row in SITE_BINARIES)
    add_as_they_come(
        entry,
        add,
        lambda station: [StationBinaryEntity(site, station, row) for row in STATION_BINARIES],
        lambda vehicle: [VehicleBinaryEntity(site, vehicle, row) for row in VEHICLE_BINARIES],
    )


class SiteBinaryEntity(SiteEntity, BinarySensorEntity):
    """Something about the house that is so or not."""

    entity_description: SiteBinary

    @property
    @override
    def is_on(self) -> bool | None:
        return self.entity_description.is_on_fn(self.house)


class StationBinaryEntity(StationEntity, BinarySensorEntity):
    """Something about a charging station that is so or not."""

    entity_description: StationBinary

    @property
    @override
    def is_on(self) -> bool | None:
        return self.entity_description.is_on_fn(self.station)


class VehicleBinaryEntity(VehicleEntity, BinarySensorEntity):
    """Something about a car that is so or not."""

    entity_description: VehicleBinary

    @property
    @override
    def is_on(self) -> bool | None:
        return self.entity_description.is_on_fn(self.vehicle)
