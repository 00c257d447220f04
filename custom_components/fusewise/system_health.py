"""A few lines for Home Assistant's page about itself."""

from __future__ import annotations

from typing import Any

from homeassistant.components.system_health import SystemHealthRegistration
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .coordinator import SiteEntry
from .models import NEWEST_API, OLDEST_API


@callback
def async_register(_hass: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Home Assistant asks here."""
    register.async_register_info(_lines, "/config/integrations/integration/fusewise")


async def _lines(hass: HomeAssistant) -> dict[str, Any]:
    """Of all houses that are set up."""
    entries: list[SiteEntry] = hass.config_entries.async_entries(DOMAIN)
    sites = [entry.runtime_data for entry in entries if entry.state is ConfigEntryState.LOADED]
    ages_s = [site.data.main.meter_age_s for site in sites if site.data.main is not None]
    return {
        "connected": f"{sum(site.last_update_success for site in sites)} / {len(entries)}",
        "service_version": ", ".join(site.data.version for site in sites),
        "api_version": f"{OLDEST_API} - {NEWEST_API}",
        "grid_reading_age": ", ".join("?" if age_s is None else f"{age_s:.0f} s" for age_s in ages_s),
    }
