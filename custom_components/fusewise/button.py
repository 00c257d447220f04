"""What ends a wish, and what a station is told to do once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.button import ButtonDeviceClass, ButtonEntity, ButtonEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .client import FusewiseClient
from .coordinator import SiteCoordinator, SiteEntry
from .entity import SiteEntity, StationEntity, add_as_they_come
from .models import Station

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class StationButton(ButtonEntityDescription):
    """A row about a charging station."""

    is_there_fn: Callable[[Station], bool]
    """Whether it would do anything now."""

    press_fn: Callable[[FusewiseClient, str], Awaitable[None]]


STATION_BUTTONS: Final = (
    StationButton(
        key="clear_goal",
        is_there_fn=lambda station: station.goal is not None,
        press_fn=lambda service, station_id: service.set_goal(station_id, None),
    ),
    StationButton(
        key="end_limit",
        is_there_fn=lambda station: station.temporary_limit is not None,
        press_fn=lambda service, station_id: service.end_limit(station_id),
    ),
    StationButton(
        key="restart",
        device_class=ButtonDeviceClass.RESTART,
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        is_there_fn=lambda station: station.connected,
        press_fn=lambda service, station_id: service.restart(station_id),
    ),
    StationButton(
        key="unlock",
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        is_there_fn=lambda station: station.connected,
        press_fn=lambda service, station_id: service.unlock(station_id),
    ),
)


async def async_setup_entry(_hass: HomeAssistant, entry: SiteEntry, add: AddConfigEntryEntitiesCallback) -> None:
    """All rows above."""
    site = entry.runtime_data
    add([EndImportCap(site)])
    add_as_they_come(entry, add, lambda station: [StationButtonEntity(site, station, row) for row in STATION_BUTTONS])


class EndImportCap(SiteEntity, ButtonEntity):
    """The house may take as much as its own bound allows."""

    def __init__(self, site: SiteCoordinator) -> None:
        super().__init__(site, ButtonEntityDescription(key="end_import_cap"))

    @property
    @override
    def available(self) -> bool:
        return super().available and self.house.import_cap is not None

    @override
    async def async_press(self) -> None:
        await self.wish(self.service.end_import_cap())


class StationButtonEntity(StationEntity, ButtonEntity):
    """One row for a charging station."""

    entity_description: StationButton

    @property
    @override
    def available(self) -> bool:
        return super().available and self.entity_description.is_there_fn(self.station)

    @override
    async def async_press(self) -> None:
        await self.wish(self.entity_description.press_fn(self.service, self._station_id))
