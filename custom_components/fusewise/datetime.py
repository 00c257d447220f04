"""By when a car should be ready."""

from __future__ import annotations

from datetime import datetime
from typing import override

from homeassistant.components.datetime import DateTimeEntity, DateTimeEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import SiteCoordinator, SiteEntry
from .entity import StationEntity, add_as_they_come
from .models import Goal, Station

PARALLEL_UPDATES = 1


async def async_setup_entry(_hass: HomeAssistant, entry: SiteEntry, add: AddConfigEntryEntitiesCallback) -> None:
    """One for each charging station."""
    site = entry.runtime_data
    add_as_they_come(entry, add, lambda station: [ReadyBy(site, station)])


class ReadyBy(StationEntity, DateTimeEntity):
    """A wish for this stay on the cable."""

    def __init__(self, site: SiteCoordinator, station: Station) -> None:
        super().__init__(site, station, DateTimeEntityDescription(key="ready_by"))

    @property
    @override
    def available(self) -> bool:
        return super().available and self.station.plugged

    @property
    @override
    def native_value(self) -> datetime | None:
        goal = self.station.goal
        return None if goal is None else goal.ready_by

    @override
    async def async_set_value(self, value: datetime) -> None:
        goal = self.station.goal
        energy_kwh = None if goal is None else goal.energy_kwh
        await self.wish(self.service.set_goal(self._station_id, Goal(energy_kwh=energy_kwh, ready_by=value)))
