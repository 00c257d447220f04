"""How a car charges, and which car it is."""

from __future__ import annotations

from typing import override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import SiteCoordinator, SiteEntry
from .entity import StationEntity, add_as_they_come
from .models import Station
from .words import ChargeMode

PARALLEL_UPDATES = 1


async def async_setup_entry(_hass: HomeAssistant, entry: SiteEntry, add: AddConfigEntryEntitiesCallback) -> None:
    """Two for each charging station."""
    site = entry.runtime_data
    add_as_they_come(entry, add, lambda station: [ModeSelect(site, station), VehicleSelect(site, station)])


class ModeSelect(StationEntity, SelectEntity):
    """How its car chooses its current: the one control that everybody uses."""

    def __init__(self, site: SiteCoordinator, station: Station) -> None:
        super().__init__(site, station, SelectEntityDescription(key="mode"))
        self._attr_options = [mode.value for mode in ChargeMode]

    @property
    @override
    def current_option(self) -> str | None:
        return self.station.mode

    @override
    async def async_select_option(self, option: str) -> None:
        await self.wish(self.service.set_mode(self._station_id, ChargeMode(option)))


class VehicleSelect(StationEntity, SelectEntity):
    """The car that sessions are counted for."""

    def __init__(self, site: SiteCoordinator, station: Station) -> None:
        super().__init__(site, station, SelectEntityDescription(key="vehicle"))

    @property
    @override
    def options(self) -> list[str]:
        named = [station.vehicle for station in self.house.stations if station.vehicle is not None]
        return list(dict.fromkeys((*self.coordinator.vehicles, *named)))

    @property
    @override
    def current_option(self) -> str | None:
        return self.station.vehicle

    @override
    async def async_select_option(self, option: str) -> None:
        now = self.station
        await self.wish(self.service.set_settings(now.id, max_a=now.user_max_a, priority=now.priority, vehicle=option))
