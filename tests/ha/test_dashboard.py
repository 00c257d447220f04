"""The dashboard that people paste: every entity in it is there, and every card is Home Assistant's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.util.yaml import load_yaml_dict
from pytest_homeassistant_custom_component.common import MockConfigEntry

import custom_components.fusewise as integration

DASHBOARD: Final = Path(__file__).parents[2] / "docs" / "home-assistant-dashboard.yaml"
CARDS: Final = {"heading", "markdown", "tile", "entities", "history-graph", "logbook", "statistics-graph"}
PARTS: Final = {"sections", "grid", "entity", "select-options"}
"""Views, sections, badges and features."""


def types(tree: Any) -> Iterator[str]:
    if isinstance(tree, list):
        for each in tree:
            yield from types(each)
    if isinstance(tree, dict):
        if "type" in tree:
            yield tree["type"]
        for each in tree.values():
            yield from types(each)


def test_every_card_is_home_assistants_own() -> None:
    assert set(types(load_yaml_dict(DASHBOARD))) == CARDS | PARTS


async def test_every_entity_of_it_is_there(hass: HomeAssistant, house: MockConfigEntry) -> None:
    platforms = "|".join(integration.PLATFORMS)
    named = set(re.findall(rf"\b(?:{platforms})\.\w+", DASHBOARD.read_text()))

    assert named - set(hass.states.async_entity_ids()) == set()
    assert len(named) > 30


def test_the_page_for_people_offers_it() -> None:
    assert f"({DASHBOARD.name})" in DASHBOARD.with_name("home-assistant.md").read_text()
