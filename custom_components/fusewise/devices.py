"""Devices of what the service names: what it names no more goes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from .const import DOMAIN
from .models import House, Station

CAR_STAYS: Final = timedelta(days=1)
"""A service that starts again knows a car only once somebody tells of it."""

AT_ONCE: Final = timedelta()


def spoken(station_id: str) -> str:
    """An id as people say it: `car_port` is `Car port`."""
    name = station_id.replace("_", " ").replace("-", " ")
    return f"{name[:1].upper()}{name[1:]}"


class Devices:
    """Those of one house, and what each is known by; no id of a station has a colon."""

    def __init__(self, hass: HomeAssistant, entry_id: str, site_id: str) -> None:
        self._hass = hass
        self._entry_id = entry_id
        self._site_id = site_id
        self._missed_since: dict[str, datetime] = {}
        self.leaving: frozenset[str] = frozenset()
        """Keys of those that the service does not name, and that stay for a while."""

    @property
    def battery_key(self) -> str:
        return f"{self._site_id}:battery"

    def station_key(self, station_id: str) -> str:
        return f"{self._site_id}_{station_id}"

    def post_key(self, station: str) -> str:
        """Of a charging station with several connectors, known by its first one."""
        return f"{self._site_id}:station:{station}"

    @callback
    def above(self, station: Station, site_device_id: str) -> str:
        """The device on which that of a charger hangs: the house, or its charging station where that has several."""
        place = station.connector
        if place is None:
            return site_device_id
        names = sorted({station.id, *place.others}, key=lambda each: (each != place.station, each))
        return (
            dr.async_get(self._hass)
            .async_get_or_create(
                config_entry_id=self._entry_id,
                identifiers={(DOMAIN, self.post_key(place.station))},
                name=" + ".join(map(spoken, names)),
                manufacturer=station.vendor,
                model=station.model,
                serial_number=station.serial,
                sw_version=station.firmware,
                via_device_id=site_device_id,
            )
            .id
        )

    def vehicle_key(self, name: str) -> str:
        return f"{self._site_id}:vehicle:{name}"

    def named(self, house: House) -> set[tuple[str, str]]:
        """Identifiers of what the service names now."""
        keys = [self._site_id, *(self.station_key(station.id) for station in house.stations)]
        keys.extend(self.post_key(each.connector.station) for each in house.stations if each.connector is not None)
        keys.extend(self.vehicle_key(vehicle.name) for vehicle in house.vehicles or ())
        if house.battery is not None:
            keys.append(self.battery_key)
        return {(DOMAIN, key) for key in keys}

    @callback
    def look(self, house: House) -> None:
        """Stations go at once, cars after a day; a battery is only silent."""
        registry = dr.async_get(self._hass)
        known = self.named(house) | {(DOMAIN, self.battery_key)}
        missed = [
            device
            for device in dr.async_entries_for_config_entry(registry, self._entry_id)
            if not device.identifiers & known
        ]
        self._missed_since = {device.id: self._missed_since.get(device.id, house.at) for device in missed}
        leaving = set()
        for device in missed:
            if house.at - self._missed_since[device.id] >= self._stays(device):
                registry.async_remove_device(device.id)
            else:
                leaving |= {key for _, key in device.identifiers}
        self.leaving = frozenset(leaving)

    def _stays(self, device: dr.DeviceEntry) -> timedelta:
        of_a_car = any(key.startswith(self.vehicle_key("")) for _, key in device.identifiers)
        return CAR_STAYS if of_a_car else AT_ONCE
