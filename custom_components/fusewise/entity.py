"""What all entities share: whose they are, when they are there, and how a wish that fails is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import override

from homeassistant.core import callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .client import FusewiseClient
from .const import DOMAIN, MANUFACTURER
from .coordinator import SiteCoordinator, SiteEntry
from .models import House, Station


class FusewiseEntity(CoordinatorEntity[SiteCoordinator]):
    """One value of the house."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: SiteCoordinator, owner: str, description: EntityDescription) -> None:
        """`owner` is what its device is known by."""
        super().__init__(coordinator)
        self.entity_description = description
        self._attr_translation_key = description.translation_key or description.key
        self._attr_unique_id = f"{owner}_{description.key}"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, owner)})

    @property
    def house(self) -> House:
        return self.coordinator.data

    @property
    def service(self) -> FusewiseClient:
        return self.coordinator.client

    async def wish(self, asked: Awaitable[None]) -> None:
        """Wait until the service has it; what it changes is pushed to us. Raises HomeAssistantError."""
        await self.coordinator.answer_to(asked)


class SiteEntity(FusewiseEntity):
    """Something of the house as a whole."""

    def __init__(self, coordinator: SiteCoordinator, description: EntityDescription) -> None:
        super().__init__(coordinator, coordinator.site_id, description)


class StationEntity(FusewiseEntity):
    """Something of one charging station."""

    def __init__(self, coordinator: SiteCoordinator, station: Station, description: EntityDescription) -> None:
        owner = coordinator.station_key(station.id)
        super().__init__(coordinator, owner, description)
        self._station_id = station.id
        self._newest = station
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, owner)},
            name=_spoken(station.id),
            manufacturer=station.vendor,
            model=station.model,
            serial_number=station.serial,
            sw_version=station.firmware,
            via_device_id=coordinator.site_device_id,
        )

    @property
    @override
    def available(self) -> bool:
        return super().available and self.house.station(self._station_id) is not None

    @property
    def station(self) -> Station:
        """As it is, or was when it was named last: Home Assistant asks for bounds even of what is not there."""
        self._newest = self.house.station(self._station_id) or self._newest
        return self._newest


class BatteryEntity(FusewiseEntity):
    """Something of the home battery."""

    def __init__(self, coordinator: SiteCoordinator, description: EntityDescription) -> None:
        super().__init__(coordinator, coordinator.battery_key, description)
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, coordinator.battery_key)},
            translation_key="battery",
            manufacturer=MANUFACTURER,
            via_device_id=coordinator.site_device_id,
        )

    @property
    @override
    def available(self) -> bool:
        return super().available and self.house.battery is not None


def add_as_they_come(
    entry: SiteEntry,
    add: AddConfigEntryEntitiesCallback,
    of_station: Callable[[Station], Iterable[Entity]],
    of_battery: Callable[[], Iterable[Entity]] = tuple,
) -> None:
    """Entities of each station and of the battery, now and when the service has a new one."""
    coordinator = entry.runtime_data
    known: set[str] = set()

    @callback
    def look() -> None:
        house = coordinator.data
        present = {coordinator.station_key(station.id): station for station in house.stations}
        known.intersection_update({*present, coordinator.battery_key})
        fresh = [entity for key, station in present.items() if key not in known for entity in of_station(station)]
        if house.battery is not None and coordinator.battery_key not in known:
            fresh.extend(of_battery())
            known.add(coordinator.battery_key)
        known.update(present)
        if fresh:
            add(fresh)

    look()
    entry.async_on_unload(coordinator.async_add_listener(look))


def _spoken(station_id: str) -> str:
    """An id as people say it: `car_port` is `Car port`."""
    name = station_id.replace("_", " ").replace("-", " ")
    return f"{name[:1].upper()}{name[1:]}"
