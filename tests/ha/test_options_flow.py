"""Which sensors feed the service, as people choose them."""

from __future__ import annotations

from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.fusewise.feed import CONF_SOURCES
from tests.ha.paper_service import PaperService

BY_PHASE = {f"power_l{place}": f"sensor.p{place}" for place in (1, 2, 3)}
CURRENTS = {f"current_l{place}": f"sensor.i{place}" for place in (1, 2, 3)}


async def choose(hass: HomeAssistant, entry: MockConfigEntry, source: str) -> Any:
    begun = await hass.config_entries.options.async_init(entry.entry_id)
    assert (begun["type"], begun["step_id"]) == (FlowResultType.FORM, "init")
    form = await hass.config_entries.options.async_configure(begun["flow_id"], {"source": source})
    assert form["description_placeholders"] == {"source": source}
    return form


async def answer(hass: HomeAssistant, form: Any, sensors: dict[str, str]) -> Any:
    result = await hass.config_entries.options.async_configure(form["flow_id"], sensors)
    await hass.async_block_till_done()
    return result


async def test_a_meter_needs_every_phase(hass: HomeAssistant, house: MockConfigEntry) -> None:
    form = await choose(hass, house, "grid")
    assert form["step_id"] == "meter"

    for part in ({"power": "sensor.p"}, {"power_l1": "sensor.p1"}, BY_PHASE | {"current_l1": "sensor.i1"}):
        form = await answer(hass, form, part)
        assert form["errors"] == {"base": "every_phase"}
    done = await answer(hass, form, CURRENTS | {"energy_import": "sensor.e"})

    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert house.options == {CONF_SOURCES: {"grid": CURRENTS | {"energy_import": "sensor.e"}}}


async def test_a_meter_of_one_phase_needs_its_power_alone(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry
) -> None:
    service.state["sources"][0]["phases"] = 1
    assert await hass.config_entries.async_setup(entry.entry_id)

    done = await answer(hass, await choose(hass, entry, "grid"), {"power": "sensor.p"})

    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == {CONF_SOURCES: {"grid": {"power": "sensor.p"}}}


@pytest.mark.parametrize("kind", ["solar", "battery"])
async def test_sun_and_battery_need_their_power(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry, kind: str
) -> None:
    service.state["sources"][1]["kind"] = kind
    assert await hass.config_entries.async_setup(entry.entry_id)
    form = await choose(hass, entry, "roof")
    assert form["step_id"] == kind

    other = {"solar": {"energy": "sensor.e"}, "battery": {"soc": "sensor.soc"}}[kind]
    form = await answer(hass, form, other)
    assert form["errors"] == {"power": "needs_power"}
    done = await answer(hass, form, other | {"power": "sensor.p"})

    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == {CONF_SOURCES: {"roof": other | {"power": "sensor.p"}}}


async def test_an_empty_form_takes_the_sensors_away_and_leaves_others(
    hass: HomeAssistant, house: MockConfigEntry
) -> None:
    await answer(hass, await choose(hass, house, "grid"), BY_PHASE)
    await answer(hass, await choose(hass, house, "roof"), {"power": "sensor.p"})
    assert set(house.options[CONF_SOURCES]) == {"grid", "roof"}

    await answer(hass, await choose(hass, house, "grid"), {})

    assert house.options == {CONF_SOURCES: {"roof": {"power": "sensor.p"}}}


@pytest.mark.parametrize("sources", [[], None])
async def test_a_service_that_reads_all_by_itself_has_nothing_to_choose(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry, sources: list[Any] | None
) -> None:
    service.state["sources"] = sources
    assert await hass.config_entries.async_setup(entry.entry_id)

    aborted = await hass.config_entries.options.async_init(entry.entry_id)

    assert (aborted["type"], aborted["reason"]) == (FlowResultType.ABORT, "no_sources")


async def test_a_house_that_is_away_cannot_be_asked(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    aborted = await hass.config_entries.options.async_init(entry.entry_id)

    assert (aborted["type"], aborted["reason"]) == (FlowResultType.ABORT, "not_connected")
