"""A Home Assistant, a service made of paper, and an entry that joins them."""

from __future__ import annotations

import custom_components  # noqa: F401  (ours first: the test plugin has a package of that name)

# isort: split
from collections.abc import AsyncIterator

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.fusewise import coordinator, feed
from custom_components.fusewise.const import DOMAIN
from tests.ha.paper_service import TOKEN, PaperService


@pytest.fixture(autouse=True)
def _custom_integrations(enable_custom_integrations: None) -> None:
    """Home Assistant looks into this repository too."""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries to come back follow each other at once."""
    monkeypatch.setattr(coordinator, "SHORTEST_WAIT_S", 0.001)
    monkeypatch.setattr(coordinator, "LONGEST_WAIT_S", 0.01)
    monkeypatch.setattr(feed, "ONCE_IN_S", 0.001)


@pytest.fixture
def expected_lingering_timers() -> bool:
    """A closed WebSocket of aiohttp sets its heartbeat once more when the goodbye is answered; the timer is idle."""
    return True


@pytest.fixture
def all_enabled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entities that are off by default are on."""
    monkeypatch.setattr(Entity, "entity_registry_enabled_default", True)


@pytest.fixture
async def service(socket_enabled: None) -> AsyncIterator[PaperService]:
    paper = PaperService()
    await paper.start()
    yield paper
    await paper.stop()


@pytest.fixture
async def entry(hass: HomeAssistant, service: PaperService) -> AsyncIterator[MockConfigEntry]:
    """Of the paper service, not set up yet."""
    made = MockConfigEntry(
        domain=DOMAIN,
        title="Sunny house",
        unique_id=service.state["site_id"],
        data={CONF_URL: service.url, CONF_TOKEN: TOKEN},
    )
    made.add_to_hass(hass)
    yield made
    if made.state is ConfigEntryState.LOADED:
        await hass.config_entries.async_unload(made.entry_id)


@pytest.fixture
async def house(hass: HomeAssistant, service: PaperService, entry: MockConfigEntry) -> MockConfigEntry:
    """The same, set up and connected: after the look at the start comes the connection that lasts."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await service.listened_to(2)
    await hass.async_block_till_done()
    return entry
