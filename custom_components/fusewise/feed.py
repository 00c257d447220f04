"""Sensors of Home Assistant as meters, inverters and battery of the service: values with their age, as they come.

A sensor that is unavailable brings nothing, and so does one that repeats what it said before a restart: the service has
its own rules for silence, and no old value stands for a new one.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Final

from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    UnitOfElectricCurrent,
    UnitOfEnergy,
    UnitOfPower,
    UnitOfRatio,
)
from homeassistant.core import CALLBACK_TYPE, Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.helpers import restore_state
from homeassistant.helpers.event import (
    async_track_state_change_event,
    async_track_state_report_event,
    async_track_time_interval,
)
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import ElectricCurrentConverter, EnergyConverter, PowerConverter

from .client import FusewiseError
from .const import LOGGER
from .coordinator import SiteCoordinator
from .models import Source

CONF_SOURCES: Final = "sources"

POWER: Final = "power"
BY_PHASE: Final = ("power_l1", "power_l2", "power_l3")
CURRENTS: Final = ("current_l1", "current_l2", "current_l3")
ENERGY_IMPORT: Final = "energy_import"
ENERGY_EXPORT: Final = "energy_export"
ENERGY: Final = "energy"
SOC: Final = "soc"

MEASURED: Final = frozenset({POWER, *BY_PHASE, *CURRENTS})
"""What a reading is about: one of them missing, and there is none. Counters come along when they are there."""

ONCE_IN_S: Final = 1.0
OLDEST: Final = timedelta(days=1)
"""The bound of the API. One reading beyond it, and all that come with it are refused."""

NOT_NEWER: Final = "not_newer"

Sensors = Mapping[str, str]
"""Entity ids by field."""


class Feed:
    """What a house is fed with."""

    def __init__(self, hass: HomeAssistant, site: SiteCoordinator, chosen: Mapping[str, Sensors]) -> None:
        """`chosen` has the sensors of each source by its id."""
        self._hass = hass
        self._site = site
        self._chosen = chosen
        self._due: set[str] = set()
        self._said: dict[str, str] = {}
        """What was said of each source, so that it is said once."""

        self._speaking: set[str] = set()
        """Sensors that spoke since the value which they came with: what they say now they measured."""

        self._news = asyncio.Event()

    async def run(self) -> None:
        """Follow the sensors until cancelled; each source is brought at least as often as it is due."""
        ends = [end for source in self._sources() for end in self._followed(source)]
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                await self._push()
                await self._pause()
        finally:
            for end in ends:
                end()

    async def _pause(self) -> None:
        """The service takes no more than one request in half a second."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ONCE_IN_S):
                await self._hass.loop.create_future()

    def _followed(self, source: Source) -> tuple[CALLBACK_TYPE, ...]:
        """What ends it."""
        entity_ids = list(self._chosen[source.id].values())
        is_due = partial(self._is_due, source.id)
        is_due(None)
        return (
            async_track_state_change_event(self._hass, entity_ids, partial(self._changes, source.id)),
            async_track_state_report_event(self._hass, entity_ids, is_due),
            async_track_time_interval(self._hass, is_due, timedelta(seconds=source.period_s)),
        )

    def _sources(self) -> list[Source]:
        """Those that sensors were chosen for and that the service still has."""
        return [source for source in self._site.data.sources or () if self._chosen.get(source.id)]

    @callback
    def _changes(self, source_id: str, happened: Event[EventStateChangedData]) -> None:
        """Not of a sensor that comes, or goes."""
        entity_id = happened.data["entity_id"]
        if _is_told(happened.data["old_state"]) and _is_told(happened.data["new_state"]):
            self._speaking.add(entity_id)
        else:
            self._speaking.discard(entity_id)
        self._is_due(source_id, happened)

    @callback
    def _is_due(self, source_id: str, _happened: object) -> None:
        """Whatever happens to a sensor of that source makes it due."""
        self._due.add(source_id)
        self._news.set()

    async def _push(self) -> None:
        """Everything that is due, in one request."""
        due, self._due = self._due, set()
        sources = [source for source in self._sources() if source.id in due]
        found = [reading_of(self._hass, source, self._chosen[source.id], self._speaking) for source in sources]
        readings = [reading for reading in found if reading is not None]
        if not readings or not self._site.last_update_success:
            return
        try:
            verdicts = await self._site.client.bring(readings)
        except FusewiseError as error:
            self._say("", f"readings were not taken ({error})")
            return
        self._say("", "")
        for verdict in verdicts:
            if verdict.code != NOT_NEWER:
                self._say(verdict.device, "" if verdict.taken else f"{verdict.code}: {verdict.detail}")

    def _say(self, source_id: str, trouble: str) -> None:
        """A line when trouble begins, and one when it ends."""
        before = self._said.get(source_id, "").partition(":")[0]
        if trouble.partition(":")[0] == before:
            return
        self._said[source_id] = trouble
        if trouble:
            LOGGER.warning("%s: sensors for %s: %s", self._site.name, source_id or "the service", trouble)
        else:
            LOGGER.info("%s: sensors for %s are taken again", self._site.name, source_id or "the service")


def reading_of(
    hass: HomeAssistant, source: Source, sensors: Sensors, speaking: Collection[str] = ()
) -> dict[str, object] | None:
    """What the sensors measured, with the age of the oldest; None where one of them measured nothing for a day.

    Those that are `speaking` have measured since they came.
    """
    states = {field: hass.states.get(entity_id) for field, entity_id in sensors.items()}
    values = {field: _value(field, state) for field, state in states.items()}
    measured = [state for field, state in states.items() if field in MEASURED and values[field] is not None and state]
    if not measured or len(measured) < len(MEASURED & sensors.keys()):
        return None
    if any(_is_restored(hass, state) for state in measured if state.entity_id not in speaking):
        return None
    taken_at = min(state.last_reported for state in measured)
    age = max(timedelta(), dt_util.utcnow() - taken_at)
    if age > OLDEST:
        return None
    reading: dict[str, object] = {
        "device": source.id,
        "age_s": age.total_seconds(),
        "taken_at": taken_at.isoformat(),
        "power_w": values.get(POWER),
        "powers_w": _by_phase(values, BY_PHASE),
        "current_a": _by_phase(values, CURRENTS),
        "energy_import_kwh": values.get(ENERGY_IMPORT),
        "energy_export_kwh": values.get(ENERGY_EXPORT),
        "energy_kwh": values.get(ENERGY),
        "soc": values.get(SOC),
    }
    return {key: value for key, value in reading.items() if value is not None}


def _is_told(state: State | None) -> bool:
    return state is not None and state.state not in {STATE_UNAVAILABLE, STATE_UNKNOWN}


def _is_restored(hass: HomeAssistant, state: State) -> bool:
    """Whether it was written once only, as it was kept over a restart or a reload.

    Some sensors show their last value until they measure again, and nothing in the state tells it from a measured one.
    """
    kept = restore_state.async_get(hass).last_states.get(state.entity_id)
    return kept is not None and kept.state.state == state.state and state.last_reported == state.last_changed


def _by_phase(values: Mapping[str, float | None], fields: tuple[str, ...]) -> list[float | None] | None:
    """In the order of the phases."""
    return [values[field] for field in fields if field in values] or None


def _value(field: str, state: State | None) -> float | None:
    """In the units of the API; None for what is no number of that kind."""
    if state is None:
        return None
    try:
        number = float(state.state)
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    if field == SOC:
        return number / 100.0 if unit == UnitOfRatio.PERCENTAGE else None
    if field in CURRENTS:
        known = unit in ElectricCurrentConverter.VALID_UNITS
        return ElectricCurrentConverter.convert(number, unit, UnitOfElectricCurrent.AMPERE) if known else None
    if field in MEASURED:
        return PowerConverter.convert(number, unit, UnitOfPower.WATT) if unit in PowerConverter.VALID_UNITS else None
    known = unit in EnergyConverter.VALID_UNITS
    return EnergyConverter.convert(number, unit, UnitOfEnergy.KILO_WATT_HOUR) if known else None
