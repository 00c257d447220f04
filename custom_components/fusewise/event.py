"""What happens, as automations can wait for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import SiteCoordinator, SiteEntry
from .entity import SiteEntity, StationEntity, add_as_they_come
from .events import Happened, of_house, of_station
from .models import Station
from .words import SiteEvent, StayEvent

PARALLEL_UPDATES = 0

DECISION = EventEntityDescription(
    key="decision",
    event_types=[event.value for event in SiteEvent],
    entity_category=EntityCategory.DIAGNOSTIC,
    entity_registry_enabled_default=False,
)
SESSION = EventEntityDescription(key="session", event_types=[event.value for event in StayEvent])


async def async_setup_entry(_hass: HomeAssistant, entry: SiteEntry, add: AddConfigEntryEntitiesCallback) -> None:
    """One for the house, one for each charging station."""
    site = entry.runtime_data
    add([DecisionEvent(site)])
    add_as_they_come(entry, add, lambda station: [SessionEvent(site, station)])


class TellingEntity(EventEntity):
    """Several things may have happened at once: each is a state of its own."""

    @callback
    def tell(self, happenings: Iterable[Happened]) -> None:
        for happened in happenings:
            self._trigger_event(happened.event, happened.told)
            self.async_write_ha_state()


class DecisionEvent(SiteEntity, TellingEntity):
    """A fuse made the service lower somebody, or the meters did."""

    def __init__(self, site: SiteCoordinator) -> None:
        super().__init__(site, DECISION)
        self._seen = site.data

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        before, self._seen = self._seen, self.house
        self.tell(of_house(before, self.house))
        super()._handle_coordinator_update()


class SessionEvent(StationEntity, TellingEntity):
    """A car's stay on the cable, and its goal."""

    def __init__(self, site: SiteCoordinator, station: Station) -> None:
        super().__init__(site, station, SESSION)
        self._seen = site.data

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        before, self._seen = self._seen, self.house
        self.tell(of_station(before, self.house, self._station_id))
        super()._handle_coordinator_update()
