"""What a person may attach to a report."""

from __future__ import annotations

import json

from homeassistant.core import HomeAssistant
from homeassistant.helpers.json import JSONEncoder
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.fusewise.diagnostics import async_get_config_entry_diagnostics
from tests.ha.paper_service import TOKEN, PaperService
from tests.ha.waiting import state_of, until


async def test_the_house_without_secrets(hass: HomeAssistant, service: PaperService, house: MockConfigEntry) -> None:
    told = await async_get_config_entry_diagnostics(hass, house)
    text = json.dumps(told, cls=JSONEncoder)

    assert told["connected"] is True
    assert told["last_error"] is None
    assert told["house"]["stations"][0]["limit_a"] == 6.1
    assert [(each["id"], each["bad_in_a_row"]) for each in told["devices"]] == [
        ("grid", 0),
        ("roof", 3),
        ("battery", 0),
    ]
    for secret in (TOKEN, str(service.port), "127.0.0.1", "A-0001", "Sunny house", "family", service.state["site_id"]):
        assert secret not in text


async def test_a_lost_connection_is_named(hass: HomeAssistant, service: PaperService, house: MockConfigEntry) -> None:
    await service.stop()
    await until(hass, lambda: state_of(hass, "sensor.sunny_house_state") == "unavailable")

    told = await async_get_config_entry_diagnostics(hass, house)

    assert (told["connected"], told["last_error"]) == (False, "ConnectionFailed")
    assert told["devices"] is None


async def test_a_house_that_never_answered_has_diagnostics_too(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry
) -> None:
    await service.stop()
    await hass.config_entries.async_setup(entry.entry_id)

    told = await async_get_config_entry_diagnostics(hass, entry)

    assert (told["connected"], told["last_error"]) == (False, "cannot_connect")
    assert "127.0.0.1" not in json.dumps(told, cls=JSONEncoder)
