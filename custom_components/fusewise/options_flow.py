"""Which sensors of Home Assistant feed the service: asked source by source."""

from __future__ import annotations

from typing import Any, Final

import voluptuous as vol
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult, OptionsFlowWithReload
from homeassistant.const import Platform
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
)

from .coordinator import SiteEntry
from .feed import BY_PHASE, CONF_SOURCES, CURRENTS, ENERGY, ENERGY_EXPORT, ENERGY_IMPORT, POWER, SOC
from .models import Source

SOURCE: Final = "source"

CLASSES: Final = {
    POWER: SensorDeviceClass.POWER,
    **dict.fromkeys(BY_PHASE, SensorDeviceClass.POWER),
    **dict.fromkeys(CURRENTS, SensorDeviceClass.CURRENT),
    **dict.fromkeys((ENERGY, ENERGY_IMPORT, ENERGY_EXPORT), SensorDeviceClass.ENERGY),
    SOC: SensorDeviceClass.BATTERY,
}


class FusewiseOptionsFlow(OptionsFlowWithReload):
    """First the source, then its sensors; an empty form takes them away."""

    config_entry: SiteEntry

    def __init__(self) -> None:
        self._source: Source | None = None

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Which source."""
        if self.config_entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="not_connected")
        sources = {source.id: source for source in self.config_entry.runtime_data.data.sources or ()}
        if not sources:
            return self.async_abort(reason="no_sources")
        if user_input is not None:
            self._source = sources[user_input[SOURCE]]
            steps = {"meter": self.async_step_meter, "solar": self.async_step_solar, "battery": self.async_step_battery}
            return await steps[self._source.kind]()
        choices = [SelectOptionDict(value=each.id, label=each.id) for each in sources.values() if each.kind in STEPS]
        form = vol.Schema({vol.Required(SOURCE): SelectSelector(SelectSelectorConfig(options=choices))})
        return self.async_show_form(step_id="init", data_schema=form)

    async def async_step_meter(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """The current or the power of every phase."""
        phases = 3 if self._source is None else self._source.phases
        by_phase, currents = set(BY_PHASE[:phases]), set(CURRENTS[:phases])
        errors = {}
        if user_input:
            is_whole = by_phase <= user_input.keys() or currents <= user_input.keys()
            has_parts = bool(user_input.keys() & by_phase) and not by_phase <= user_input.keys()
            has_parts |= bool(user_input.keys() & currents) and not currents <= user_input.keys()
            if has_parts or not (is_whole or (phases == 1 and POWER in user_input)):
                errors["base"] = "every_phase"
        fields = (*BY_PHASE[:phases], *CURRENTS[:phases], POWER, ENERGY_IMPORT, ENERGY_EXPORT)
        return self._ask_or_keep(user_input, "meter", fields, errors)

    async def async_step_solar(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Its power."""
        return self._ask_or_keep(user_input, "solar", (POWER, ENERGY), _needs_power(user_input))

    async def async_step_battery(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Its power, and how full it is."""
        return self._ask_or_keep(user_input, "battery", (POWER, SOC), _needs_power(user_input))

    def _ask_or_keep(
        self, user_input: dict[str, Any] | None, step_id: str, fields: tuple[str, ...], errors: dict[str, str]
    ) -> ConfigFlowResult:
        source_id = "" if self._source is None else self._source.id
        kept: dict[str, dict[str, str]] = self.config_entry.options.get(CONF_SOURCES, {})
        if user_input is not None and not errors:
            others = {key: value for key, value in kept.items() if key != source_id}
            chosen = others | {source_id: user_input} if user_input else others
            return self.async_create_entry(data={**self.config_entry.options, CONF_SOURCES: chosen})
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema({vol.Optional(field): _sensor(field) for field in fields}),
                kept.get(source_id, {}) if user_input is None else user_input,
            ),
            errors=errors,
            description_placeholders={"source": source_id},
        )


STEPS: Final = ("meter", "solar", "battery")
"""Kinds of sources that there is a form for."""


def _sensor(field: str) -> EntitySelector:
    return EntitySelector(EntitySelectorConfig(domain=Platform.SENSOR, device_class=CLASSES[field]))


def _needs_power(user_input: dict[str, Any] | None) -> dict[str, str]:
    return {POWER: "needs_power"} if user_input and POWER not in user_input else {}
