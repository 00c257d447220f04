"""Sentences of the service: another one is shown at once, other numbers in the same one every quarter of a minute.

The numbers change with every look at the meter. Each change would be an entry in Home Assistant's activity and history,
and bury what did happen.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Final, override

from homeassistant.components.sensor import SensorEntity, SensorEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.helpers.event import async_call_later

from .coordinator import SiteCoordinator
from .entity import FusewiseEntity, SiteEntity, StationEntity
from .models import Sentence, Station

LONGEST_STATE: Final = 255
NUMBERS_EVERY_S: Final = 15.0


class SentenceEntity(FusewiseEntity, SensorEntity):
    """Shows what `said` gives, calmly."""

    _shown: Sentence | None = None
    _rest: CALLBACK_TYPE | None = None
    """Ends the pause before other numbers are shown, while there is one."""

    @property
    @abstractmethod
    def said(self) -> Sentence:
        """The newest."""

    @property
    @override
    def native_value(self) -> str | None:
        return None if self._shown is None else self._shown.text[:LONGEST_STATE]

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._end_rest)
        self._look()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        self._look()
        super()._handle_coordinator_update()

    @callback
    def _look(self) -> None:
        said = self.said
        is_another = self._shown is None or said.key != self._shown.key
        if said == self._shown or (self._rest is not None and not is_another):
            return
        self._shown = said
        self._end_rest()
        self._rest = async_call_later(self.hass, NUMBERS_EVERY_S, self._after_rest)

    @callback
    def _after_rest(self, _now: object) -> None:
        self._rest = None
        self._look()
        self.async_write_ha_state()

    @callback
    def _end_rest(self) -> None:
        if self._rest is not None:
            self._rest()
            self._rest = None


class Headline(SentenceEntity, SiteEntity):
    """The house in one sentence."""

    def __init__(self, site: SiteCoordinator) -> None:
        super().__init__(site, SensorEntityDescription(key="headline"))

    @property
    @override
    def said(self) -> Sentence:
        return self.house.headline


class Because(SentenceEntity, StationEntity):
    """Why a charging station has the limit that it has."""

    def __init__(self, site: SiteCoordinator, station: Station) -> None:
        description = SensorEntityDescription(key="because", entity_category=EntityCategory.DIAGNOSTIC)
        super().__init__(site, station, description)

    @property
    @override
    def said(self) -> Sentence:
        return self.station.because
