"""How keen on sun the house is, how a car charges, and which car it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import SiteCoordinator, SiteEntry
from .entity import SiteEntity, StationEntity, add_as_they_come
from .models import Station
from .words import ChargeMode, Keenness

PARALLEL_UPDATES = 1

PHASES: Final = {"auto": None, "1": 1, "3": 3}


async def async_setup_entry(_hass: HomeAssistant, entry: SiteEntry, add: AddConfigEntryEntitiesCallback) -> None:
    """One for the house, two for each charging station, and its phases where it can change them."""
    site = entry.runtime_data
    add([StrategySelect(site)])

    def of_station(station: Station) -> Iterator[SelectEntity]:
        yield ModeSelect(site, station)
        yield VehicleSelect(site, station)
        if station.can_switch_phases:
            yield PhasesSelect(site, station)

    add_as_they_come(entry, add, of_station)


class StrategySelect(SiteEntity, SelectEntity):
    """How much grid a car that follows the sun may take along for the sake of more sun."""

    def __init__(self, site: SiteCoordinator) -> None:
        super().__init__(site, SelectEntityDescription(key="strategy", entity_category=EntityCategory.CONFIG))

    @property
    @override
    def options(self) -> list[str]:
        """Where the site file keeps it, there is no choice."""
        in_force = self.house.strategy
        kept = in_force is not None and self.house.strategy_fixed
        return [option.value for option in Keenness if not kept or option is in_force]

    @property
    @override
    def current_option(self) -> str | None:
        return self.house.strategy

    @override
    async def async_select_option(self, option: str) -> None:
        await self.wish(self.service.set_strategy(Keenness(option)))


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


class PhasesSelect(StationEntity, SelectEntity):
    """How many phases its car charges on."""

    def __init__(self, site: SiteCoordinator, station: Station) -> None:
        super().__init__(site, station, SelectEntityDescription(key="phases", entity_category=EntityCategory.CONFIG))
        self._attr_options = list(PHASES)

    @property
    @override
    def current_option(self) -> str | None:
        chosen = self.station.user_phases
        return next((option for option, phases in PHASES.items() if phases == chosen), None)

    @override
    async def async_select_option(self, option: str) -> None:
        await self.wish(self.service.set_phases(self._station_id, PHASES[option]))


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
        """Who says that the usual car is there says that no guest is."""
        now = self.station
        await self.wish(self.service.set_settings(now.id, max_a=now.user_max_a, priority=now.priority, vehicle=option))
        if now.guest:
            await self.wish(self.service.set_guest(now.id, None))
