"""What all entities share: whose they are, when they are there, and how a wish that fails is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import override

from homeassistant.core import callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .client import FusewiseClient
from .const import DOMAIN, MANUFACTURER
from .coordinator import SiteCoordinator, SiteEntry
from .devices import spoken
from .models import House, Station, Vehicle


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
        owner = coordinator.devices.station_key(station.id)
        super().__init__(coordinator, owner, description)
        self._station_id = station.id
        self._newest = station
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, owner)},
            name=spoken(station.id),
            manufacturer=station.vendor,
            model=station.model,
            serial_number=station.serial,
            sw_version=station.firmware,
            via_device_id=coordinator.devices.above(station, coordinator.site_device_id),
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
        super().__init__(coordinator, coordinator.devices.battery_key, description)
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, coordinator.devices.battery_key)},
            translation_key="battery",
            manufacturer=MANUFACTURER,
            via_device_id=coordinator.site_device_id,
        )

    @property
    @override
    def available(self) -> bool:
        return super().available and self.house.battery is not None


class VehicleEntity(FusewiseEntity):
    """Something of one car."""

    def __init__(self, coordinator: SiteCoordinator, vehicle: Vehicle, description: EntityDescription) -> None:
        owner = coordinator.devices.vehicle_key(vehicle.name)
        super().__init__(coordinator, owner, description)
        self._newest = vehicle
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, owner)}, name=vehicle.name, via_device_id=coordinator.site_device_id
        )

    @property
    @override
    def available(self) -> bool:
        return super().available and self.house.vehicle(self._newest.name) is not None

    @property
    def vehicle(self) -> Vehicle:
        """As it is, or was when it was named last."""
        self._newest = self.house.vehicle(self._newest.name) or self._newest
        return self._newest


def _none(_: Vehicle) -> Iterable[Entity]:
    return ()


def add_as_they_come(
    entry: SiteEntry,
    add: AddConfigEntryEntitiesCallback,
    of_station: Callable[[Station], Iterable[Entity]],
    of_vehicle: Callable[[Vehicle], Iterable[Entity]] = _none,
    of_battery: Callable[[], Iterable[Entity]] = tuple,
    of_battery_orders: Callable[[], Iterable[Entity]] = tuple,
) -> None:
    """Entities of each station, car and battery, and of one's orders, now and when the service has a new one."""
    coordinator = entry.runtime_data
    devices = coordinator.devices
    orders_key = f"{devices.battery_key}:orders"
    known: set[str] = set()

    @callback
    def look() -> None:
        house = coordinator.data
        present = {devices.station_key(station.id): partial(of_station, station) for station in house.stations}
        for vehicle in house.vehicles or ():
            if not vehicle.is_passing:
                present[devices.vehicle_key(vehicle.name)] = partial(of_vehicle, vehicle)
        if house.battery is not None:
            present[devices.battery_key] = partial(of_battery)
            if house.battery.orders is not None:
                present[orders_key] = partial(of_battery_orders)
        of_the_battery = (devices.battery_key, orders_key)
        known.intersection_update({*(key for _, key in devices.named(house)), *devices.leaving, *of_the_battery})
        fresh = [entity for key, make in present.items() if key not in known for entity in make()]
        known.update(present)
        if fresh:
            add(fresh)

    look()
    entry.async_on_unload(coordinator.async_add_listener(look))
