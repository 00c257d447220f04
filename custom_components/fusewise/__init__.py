"""Fusewise in Home Assistant: a thin client of the service, which does all the work and keeps all the settings."""

from __future__ import annotations

from typing import Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_TOKEN, CONF_URL, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.typing import ConfigType

from .actions import add_actions
from .client import FusewiseClient, FusewiseError
from .const import DOMAIN, LOGGER, MANUFACTURER
from .coordinator import SiteCoordinator, SiteEntry
from .feed import CONF_SOURCES, Feed
from .repairs import Repairs

PLATFORMS: Final = (
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.DATETIME,
    Platform.EVENT,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
    Platform.TEXT,
)


CONFIG_SCHEMA: Final = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, _config: ConfigType) -> bool:
    """Actions are there for as long as the integration is, so that automations with them are valid."""
    add_actions(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: SiteEntry) -> bool:
    """Follow one house."""
    coordinator = SiteCoordinator(hass, entry, _client_of(hass, entry))
    await coordinator.async_config_entry_first_refresh()
    entry.runtime_data = coordinator
    # Before its stations, which hang on it.
    coordinator.site_device_id = (
        dr.async_get(hass)
        .async_get_or_create(
            config_entry_id=entry.entry_id,
            identifiers={(DOMAIN, coordinator.site_id)},
            name=coordinator.data.name,
            manufacturer=MANUFACTURER,
            model="Home energy manager",
            sw_version=coordinator.data.version,
            configuration_url=entry.data[CONF_URL],
        )
        .id
    )
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    entry.async_create_background_task(hass, coordinator.follow(), f"{DOMAIN} {entry.title}")
    feed = Feed(hass, coordinator, entry.options.get(CONF_SOURCES, {}))
    entry.async_create_background_task(hass, feed.run(), f"{DOMAIN} sensors for {entry.title}")
    return True


async def async_unload_entry(hass: HomeAssistant, entry: SiteEntry) -> bool:
    """End it; the connection ends with the entry."""
    ended = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    if ended:
        entry.runtime_data.repairs.close()
    return ended


async def async_remove_entry(hass: HomeAssistant, entry: SiteEntry) -> None:
    """Give the token back, so that nobody else can come in with it."""
    Repairs(hass, entry.unique_id or "", entry.title, entry.data[CONF_URL]).close()
    try:
        await _client_of(hass, entry).give_back()
    except FusewiseError as error:
        LOGGER.warning("%s: the service could not be told to forget its token (%s)", entry.title, error)


async def async_remove_config_entry_device(_hass: HomeAssistant, entry: SiteEntry, device: dr.DeviceEntry) -> bool:
    """Only what the service does not name any more may go by hand; nobody knows that while it is away at the start."""
    if entry.state is not ConfigEntryState.LOADED:
        return False
    coordinator = entry.runtime_data
    return not device.identifiers & coordinator.devices.named(coordinator.data)


def _client_of(hass: HomeAssistant, entry: SiteEntry) -> FusewiseClient:
    return FusewiseClient(async_get_clientsession(hass), entry.data[CONF_URL], entry.data[CONF_TOKEN])
