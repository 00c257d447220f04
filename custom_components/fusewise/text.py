"""Whose car is there for once."""

from __future__ import annotations

from typing import override

from homeassistant.components.text import TextEntity, TextEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .actions import LONGEST_NAME
from .coordinator import SiteCoordinator, SiteEntry
from .entity import StationEntity, add_as_they_come
from .models import Station

PARALLEL_UPDATES = 1


async def async_setup_entry(_hass: HomeAssistant, entry: SiteEntry, add: AddConfigEntryEntitiesCallback) -> None:
    """One for each charging station."""
    site = entry.runtime_data
    add_as_they_come(entry, add, lambda station: [Guest(site, station)])


class Guest(StationEntity, TextEntity):
    """Another car than usual, until it leaves; empty for the usual one."""

    _attr_native_max = LONGEST_NAME

    def __init__(self, site: SiteCoordinator, station: Station) -> None:
        super().__init__(site, station, TextEntityDescription(key="guest"))

    @property
    @override
    def available(self) -> bool:
        return super().available and self.station.plugged

    @property
    @override
    def native_value(self) -> str:
        return (self.station.vehicle or "") if self.station.guest else ""

    @override
    async def async_set_value(self, value: str) -> None:
        await self.wish(self.service.set_guest(self._station_id, value.strip() or None))
