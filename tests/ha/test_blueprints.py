"""The blueprints as people import them, held to Home Assistant's schema and run against a house."""

from __future__ import annotations

import asyncio
import re
import shutil
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.blueprint.models import Blueprint
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import load_yaml_dict
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service

from tests.ha.paper_service import GUARD_S, PaperService
from tests.ha.waiting import state_of, until

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "blueprints" / "automation" / "fusewise"
A_MOMENT: Final = 0.001
"""Of minutes or seconds: what is so stays so, and nobody waits."""

ANSWER: Final = "mobile_app_notification_action"
NAMES: Final = sorted(path.name for path in FOLDER.iterdir())


async def automate(hass: HomeAssistant, name: str, **inputs: Any) -> str:
    """Import that blueprint, and make an automation of it; its entity."""
    await hass.async_add_executor_job(import_blueprint, hass, name)
    use = {"use_blueprint": {"path": f"fusewise/{name}", "input": inputs}}
    assert await async_setup_component(hass, "automation", {"automation": [use]})
    await hass.async_block_till_done()
    (automation,) = hass.states.async_entity_ids("automation")
    return automation


def import_blueprint(hass: HomeAssistant, name: str) -> None:
    place = Path(hass.config.path("blueprints", "automation", "fusewise"))
    place.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(FOLDER / name, place / name)


@pytest.mark.parametrize("name", NAMES)
def test_a_blueprint_is_one_that_home_assistant_takes(name: str) -> None:
    found = Blueprint(load_yaml_dict(FOLDER / name), expected_domain="automation", schema=AUTOMATION_BLUEPRINT_SCHEMA)

    assert found.validate() is None
    assert found.metadata["source_url"].endswith(f"/blueprints/automation/fusewise/{name}")
    assert found.name.startswith("Fusewise: ")


def test_the_page_for_people_offers_every_blueprint() -> None:
    page = (ROOT / "docs" / "home-assistant.md").read_text()

    assert set(re.findall(r"blueprints/automation/fusewise/(\w+\.yaml)", page)) == set(NAMES)


async def test_a_fuse_that_is_protected_for_long_is_told(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    told = async_mock_service(hass, "persistent_notification", "create")
    active = "binary_sensor.sunny_house_fuse_protection_active"
    await automate(
        hass, "fuse_protection.yaml", protection=active, headline="sensor.sunny_house_headline", minutes=A_MOMENT
    )

    await service.tell(condition="protecting")
    await until(hass, lambda: len(told) == 1)

    assert "A fuse has been protected" in told[0].data["message"]
    assert service.state["headline"]["text"] in told[0].data["message"]


async def plug_in(hass: HomeAssistant, service: PaperService) -> None:
    await service.tell_station("garage", plugged=False, session=None, goal=None)
    await until(hass, lambda: state_of(hass, "binary_sensor.garage_plug") == "off")
    await service.tell_station("garage", plugged=True)


async def ask_about_the_garage(hass: HomeAssistant) -> tuple[str, list[ServiceCall]]:
    asked = async_mock_service(hass, "notify", "mobile_app_phone")
    automation = await automate(
        hass,
        "plugged_in_without_goal.yaml",
        plug="binary_sensor.garage_plug",
        target_energy="number.garage_target_energy",
        ready_by="datetime.garage_ready_by",
        notify_action="notify.mobile_app_phone",
        energy_kwh=30,
        time="06:30:00",
        wait=A_MOMENT,
    )
    return automation, asked


async def is_asked(hass: HomeAssistant) -> None:
    """Return once the automation waits for an answer; what is at work then is not done for hours."""
    async with asyncio.timeout(GUARD_S):
        while ANSWER not in hass.bus.async_listeners():  # noqa: ASYNC110 (nobody says when a listener comes)
            await asyncio.sleep(0)  # noqa: TID251


def say(hass: HomeAssistant, asked: list[ServiceCall], answer: int) -> None:
    """Press one of the offers on the phone."""
    hass.bus.async_fire(ANSWER, {"action": asked[0].data["data"]["actions"][answer]["action"]})


async def test_a_car_without_a_goal_gets_the_one_that_was_offered(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    _, asked = await ask_about_the_garage(hass)

    await plug_in(hass, service)
    await is_asked(hass)
    say(hass, asked, 0)
    await service.asked_for(1)

    assert asked[0].data["title"] == "Garage"
    titles = [offer["title"] for offer in asked[0].data["data"]["actions"]]
    assert titles == ["30 kWh by 06:30", "As fast as possible"]
    ((method, address, goal),) = service.asked
    assert (method, address, goal["energy_kwh"]) == ("PUT", "/stations/garage/goal", 30.0)
    ready_by = datetime.fromisoformat(goal["ready_by"])
    assert ready_by.astimezone(dt_util.get_default_time_zone()).time() == time(6, 30)
    assert timedelta(0) < ready_by - dt_util.utcnow() <= timedelta(days=1)


async def test_a_car_without_a_goal_charges_as_fast_as_possible_if_that_is_said(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    _, asked = await ask_about_the_garage(hass)

    await plug_in(hass, service)
    await is_asked(hass)
    say(hass, asked, 1)
    await service.asked_for(1)

    assert service.asked == [("PUT", "/stations/garage/boost", {"duration_s": 43_200.0})]


async def test_a_car_whose_goal_somebody_set_is_not_asked_about(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    automation, asked = await ask_about_the_garage(hass)

    by_hand = {"entity_id": automation, "skip_condition": False}
    await hass.services.async_call("automation", "trigger", by_hand, blocking=True)

    assert state_of(hass, "number.garage_target_energy") == "20.0"
    assert asked == []


async def test_a_car_that_leaves_takes_the_question_with_it(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    automation, _ = await ask_about_the_garage(hass)
    await plug_in(hass, service)
    await is_asked(hass)

    await service.tell_station("garage", plugged=False)
    await until(hass, lambda: runs(hass, automation) == 0)

    assert service.asked == []


def runs(hass: HomeAssistant, automation: str) -> int:
    """How often it is at work now."""
    state = hass.states.get(automation)
    assert state is not None
    return int(state.attributes["current"])


async def test_a_goal_that_will_be_missed_is_told(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    told = async_mock_service(hass, "persistent_notification", "create")
    await automate(
        hass,
        "goal_will_be_missed.yaml",
        at_risk="binary_sensor.garage_goal_at_risk",
        finish_time="sensor.garage_finish_time",
        minutes=A_MOMENT,
    )

    await service.tell_station("garage", goal_at_risk=True)
    await until(hass, lambda: len(told) == 1)

    message = " ".join(told[0].data["message"].split())
    finish = dt_util.as_local(datetime(2026, 6, 21, 16, 45, tzinfo=dt_util.UTC))
    assert message == f"Garage will miss its goal. It will be done at about {finish:%H:%M}."
