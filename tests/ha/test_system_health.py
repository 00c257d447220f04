"""The lines on Home Assistant's page about itself."""

from __future__ import annotations

from homeassistant.components.system_health import SystemHealthRegistration
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.fusewise.const import DOMAIN
from custom_components.fusewise.system_health import async_register


async def test_one_house(hass: HomeAssistant, house: MockConfigEntry) -> None:
    registration = SystemHealthRegistration(hass, DOMAIN)
    async_register(hass, registration)

    assert registration.info_callback is not None
    assert await registration.info_callback(hass) == {
        "connected": "1 / 1",
        "service_version": "1.2.3",
        "api_version": "1 - 1",
        "grid_reading_age": "0 s",
    }
