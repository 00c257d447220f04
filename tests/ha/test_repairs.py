"""What people are asked to mend, and that it goes when it is mended."""

from __future__ import annotations

from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.ha.paper_service import PaperService
from tests.ha.waiting import state_of, until


def amiss(hass: HomeAssistant) -> list[str]:
    return sorted(issue.translation_key or "" for issue in ir.async_get(hass).issues.values() if issue.active)


@pytest.mark.parametrize(
    ("trouble", "mended", "key"),
    [
        ({"condition": "not_commissioned"}, {"condition": "optimising"}, "not_commissioned"),
        ({"storage_trouble": "the disk is full"}, {"storage_trouble": None}, "storage_trouble"),
    ],
)
async def test_a_repair_comes_and_goes(
    hass: HomeAssistant,
    service: PaperService,
    house: MockConfigEntry,
    trouble: dict[str, Any],
    mended: dict[str, Any],
    key: str,
) -> None:
    await service.tell(**trouble)
    await until(hass, lambda: amiss(hass) == [key])

    await service.tell(**mended)
    await until(hass, lambda: amiss(hass) == [])


async def test_every_charger_that_ignores_its_limit_is_named(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    await service.tell(stations=[service.station(name) | {"ignores_limit": True} for name in ("garage", "carport")])
    await until(hass, lambda: amiss(hass) == ["charger_ignores_limit"] * 2)

    await service.tell_station("garage", ignores_limit=False)
    await until(hass, lambda: amiss(hass) == ["charger_ignores_limit"])
    (issue,) = ir.async_get(hass).issues.values()
    assert issue.translation_placeholders == {"name": "Sunny house", "about": "carport", "detail": ""}
    assert issue.learn_more_url == f"{service.url}/log"


@pytest.mark.parametrize(
    ("trouble", "problem"),
    [
        ({"notices": ["goal_at_risk"]}, "off"),
        ({"notices": ["wiring_unknown"]}, "off"),
        ({"notices": ["goal_at_risk", "house_overload"]}, "on"),
        ({"notices": ["ignores_limit"]}, "on"),
        ({"notices": ["meter_flipped"]}, "on"),
        ({"notices": ["a_notice_of_next_year"]}, "on"),
        ({"condition": "fallback"}, "on"),
        ({"condition": "paused"}, "off"),
        ({"storage_trouble": "the disk is full"}, "on"),
    ],
)
async def test_a_problem_is_what_is_broken(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry, trouble: dict[str, Any], problem: str
) -> None:
    codes = trouble.get("notices", ())
    service.state |= trouble
    service.state["notices"] = [
        {"code": code, "circuit": None, "station": "garage", "says": {"key": code, "numbers": {}, "text": code}}
        for code in codes
    ]
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    assert state_of(hass, "binary_sensor.sunny_house_problem") == problem


async def test_a_meter_that_is_silent_for_a_moment_is_no_repair(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    silent = service.state["powers"] | {"grid_w": None}
    await service.tell(powers=silent)
    await until(hass, lambda: state_of(hass, "sensor.sunny_house_grid_power") == "unknown")
    service.state["at"] = "2026-06-21T08:09:59Z"
    await service.tell(condition="fallback")
    await until(hass, lambda: state_of(hass, "sensor.sunny_house_state") == "fallback")
    assert amiss(hass) == []
    service.state["at"] = "2026-06-21T08:10:00Z"
    await service.tell(condition="protecting")
    await until(hass, lambda: amiss(hass) == ["grid_meter_silent"])

    await service.tell(powers=silent | {"grid_w": 120.0})
    await until(hass, lambda: amiss(hass) == [])


async def test_an_unloaded_house_asks_for_nothing(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry
) -> None:
    service.state["condition"] = "not_commissioned"
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert amiss(hass) == ["not_commissioned"]

    await hass.config_entries.async_unload(entry.entry_id)

    assert amiss(hass) == []


@pytest.mark.parametrize(
    ("code", "key", "problem"),
    [("wiring_unknown", "charger_unknown_phases", "off"), ("second_controller", "second_controller", "on")],
)
async def test_a_notice_that_asks_for_more_than_patience_is_a_repair(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry, code: str, key: str, problem: str
) -> None:
    said = {"key": f"notice.{code}", "numbers": {}, "text": code}
    await service.tell(notices=[{"code": code, "circuit": None, "station": "garage", "says": said}])
    await until(hass, lambda: amiss(hass) == [key])
    assert state_of(hass, "binary_sensor.sunny_house_problem") == problem

    await service.tell(notices=[])
    await until(hass, lambda: amiss(hass) == [])
