"""What a person can attach to a report: the house as we know it, without what tells who or where they are."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Final

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant

from .client import FusewiseClient, FusewiseError
from .coordinator import SiteEntry
from .models import NEWEST_API, OLDEST_API

SECRET: Final = frozenset({CONF_TOKEN, CONF_URL, "site_id", "name", "serial", "vehicle"})


async def async_get_config_entry_diagnostics(_hass: HomeAssistant, entry: SiteEntry) -> dict[str, Any]:
    """The newest state of the house, and how the connection is; what hinders it where there has been none."""
    ours = {
        "entry": async_redact_data(dict(entry.data), SECRET),
        "speaks": {"newest_api": NEWEST_API, "oldest_api": OLDEST_API},
    }
    if entry.state is not ConfigEntryState.LOADED:
        return {**ours, "connected": False, "last_error": entry.error_reason_translation_key}
    site = entry.runtime_data
    return {
        **ours,
        "connected": site.last_update_success,
        "last_error": None if site.last_exception is None else type(site.last_exception).__name__,
        "vehicles": len(site.vehicles),
        "devices": await _devices(site.client),
        "house": async_redact_data(_written(asdict(site.data)), SECRET),
    }


async def _devices(client: FusewiseClient) -> list[dict[str, Any]] | None:
    """How well the service reads each of its devices; None where it cannot tell."""
    try:
        return [asdict(each) for each in await client.devices()]
    except FusewiseError:
        return None


def _written(house: dict[str, Any]) -> dict[str, Any]:
    """As JSON has it: lists, so that what is in them is redacted too."""
    written: dict[str, Any] = json.loads(json.dumps(house, default=str))
    return written
