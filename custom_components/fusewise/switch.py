"""What can be switched on and off."""

from __future__ import annotations

from typing import Any, Final, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import SiteCoordinator, SiteEntry
from .entity import SiteEntity, StationEntity, add_as_they_come
from .models import Station

PARALLEL_UPDATES = 1

BOOST_S: Final = 3600.0
"""As long as the switch of the MQTT face asks for."""


async def async_setup_entry(_hass: HomeAssistant, entry: SiteEntry, add: AddConfigEntryEntitiesCallback) -> None:
    """One for the house, one for each charging station."""
    site = entry.runtime_data
    add([OptimisationSwitch(site)])
    add_as_they_come(entry, add, lambda station: [BoostSwitch(site, station)])


class OptimisationSwitch(SiteEntity, SwitchEntity):
    """Off: every car gets its fallback current, and the fuses are guarded all the same."""

    def __init__(self, site: SiteCoordinator) -> None:
        super().__init__(site, SwitchEntityDescription(key="optimisation", entity_category=EntityCategory.CONFIG))

    @property
    @override
    def is_on(self) -> bool:
        return self.house.optimising

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        await self.wish(self.service.set_optimising(optimising=True))

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        await self.wish(self.service.set_optimising(optimising=False))


class BoostSwitch(StationEntity, SwitchEntity):
    """On: for an hour as fast as the fuses allow, whatever the mode."""

    def __init__(self, site: SiteCoordinator, station: Station) -> None:
        super().__init__(site, station, SwitchEntityDescription(key="boost"))

    @property
    @override
    def is_on(self) -> bool:
        return self.station.boost_until is not None

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        await self.wish(self.service.boost(self._station_id, duration_s=BOOST_S))

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        await self.wish(self.service.end_boost(self._station_id))
