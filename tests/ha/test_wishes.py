"""What people set reaches the service, and what it refuses is told."""

from __future__ import annotations

from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.fusewise.const import DOMAIN
from tests.ha.paper_service import PaperService
from tests.ha.waiting import state_of, until

GARAGE = "/stations/garage"
READY = "2026-06-21T17:00:00+00:00"


@pytest.mark.parametrize(
    ("service_call", "entity_id", "values", "asked"),
    [
        ("select.select_option", "select.garage_mode", {"option": "fast"}, ("PUT", f"{GARAGE}/mode", {"mode": "fast"})),
        (
            "select.select_option",
            "select.garage_vehicle",
            {"option": "second"},
            ("PUT", f"{GARAGE}/settings", {"max_a": 13.0, "priority": 2, "vehicle": "second"}),
        ),
        (
            "number.set_value",
            "number.garage_maximum_current",
            {"value": 10},
            ("PUT", f"{GARAGE}/settings", {"max_a": 10.0, "priority": 2, "vehicle": None}),
        ),
        (
            "number.set_value",
            "number.garage_maximum_current",
            {"value": 16},
            ("PUT", f"{GARAGE}/settings", {"max_a": None, "priority": 2, "vehicle": None}),
        ),
        (
            "number.set_value",
            "number.garage_minimum_current",
            {"value": 8},
            ("PUT", f"{GARAGE}/minimum", {"min_a": 8.0}),
        ),
        (
            "number.set_value",
            "number.garage_minimum_current",
            {"value": 6},
            ("PUT", f"{GARAGE}/minimum", {"min_a": None}),
        ),
        (
            "number.set_value",
            "number.garage_priority",
            {"value": 5},
            ("PUT", f"{GARAGE}/settings", {"max_a": 13.0, "priority": 5, "vehicle": None}),
        ),
        (
            "number.set_value",
            "number.garage_target_energy",
            {"value": 12.5},
            ("PUT", f"{GARAGE}/goal", {"energy_kwh": 12.5, "ready_by": READY}),
        ),
        (
            "number.set_value",
            "number.garage_target_energy",
            {"value": 0},
            ("PUT", f"{GARAGE}/goal", {"energy_kwh": None, "ready_by": READY}),
        ),
        (
            "datetime.set_value",
            "datetime.garage_ready_by",
            {"datetime": "2026-06-22T05:00:00+00:00"},
            ("PUT", f"{GARAGE}/goal", {"energy_kwh": 20.0, "ready_by": "2026-06-22T05:00:00+00:00"}),
        ),
        (
            "number.set_value",
            "number.family_target_state_of_charge",
            {"value": 90},
            ("PUT", "/vehicles/settings", {"vehicle": "family", "target_soc": 0.9, "minimum_soc": 0.2}),
        ),
        (
            "number.set_value",
            "number.family_minimum_state_of_charge",
            {"value": 0},
            ("PUT", "/vehicles/settings", {"vehicle": "family", "target_soc": 0.8, "minimum_soc": None}),
        ),
        ("text.set_value", "text.garage_guest", {"value": " Ida "}, ("PUT", f"{GARAGE}/guest", {"vehicle": "Ida"})),
        ("text.set_value", "text.garage_guest", {"value": ""}, ("DELETE", f"{GARAGE}/guest", None)),
        (
            "number.set_value",
            "number.sunny_house_temporary_grid_limit",
            {"value": 4.5},
            ("PUT", "/import_cap", {"limit_kw": 4.5, "until": "2026-06-21T09:00:00+00:00"}),
        ),
        (
            "select.select_option",
            "select.sunny_house_strategy",
            {"option": "purist"},
            ("PUT", "/strategy", {"strategy": "purist"}),
        ),
        ("switch.turn_on", "switch.garage_boost", {}, ("PUT", f"{GARAGE}/boost", {"duration_s": 3600.0})),
        ("switch.turn_off", "switch.carport_boost", {}, ("DELETE", "/stations/carport/boost", None)),
        ("switch.turn_on", "switch.sunny_house_optimisation", {}, ("PUT", "/optimising", {"optimising": True})),
        ("switch.turn_off", "switch.sunny_house_optimisation", {}, ("PUT", "/optimising", {"optimising": False})),
        ("button.press", "button.garage_clear_goal", {}, ("DELETE", f"{GARAGE}/goal", None)),
        ("button.press", "button.garage_end_temporary_limit", {}, ("DELETE", f"{GARAGE}/limit", None)),
    ],
)
async def test_a_wish_reaches_the_service(
    hass: HomeAssistant,
    service: PaperService,
    house: MockConfigEntry,
    service_call: str,
    entity_id: str,
    values: dict[str, Any],
    asked: tuple[str, str, Any],
) -> None:
    await ask(hass, service_call, entity_id, **values)

    assert service.asked == [asked]


async def ask(hass: HomeAssistant, service_call: str, entity_id: str, **values: Any) -> None:
    domain, _, name = service_call.partition(".")
    await hass.services.async_call(domain, name, {"entity_id": entity_id, **values}, blocking=True)


async def test_no_energy_and_no_time_is_no_goal(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    await service.tell_station("garage", goal=None)
    await until(hass, lambda: state_of(hass, "number.garage_target_energy") == "unknown")

    await ask(hass, "number.set_value", "number.garage_target_energy", value=0)
    await ask(hass, "datetime.set_value", "datetime.garage_ready_by", datetime=READY)

    assert service.asked == [
        ("DELETE", f"{GARAGE}/goal", None),
        ("PUT", f"{GARAGE}/goal", {"energy_kwh": None, "ready_by": READY}),
    ]


async def test_what_a_wish_changes_comes_over_the_push_socket(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    await ask(hass, "select.select_option", "select.garage_mode", option="fast")
    assert state_of(hass, "select.garage_mode") == "solar"

    await service.tell_station("garage", mode="fast")

    await until(hass, lambda: state_of(hass, "select.garage_mode") == "fast")


async def test_a_refusal_tells_its_code(hass: HomeAssistant, service: PaperService, house: MockConfigEntry) -> None:
    service.refuses = (409, "widens_installer_limit")

    with pytest.raises(ServiceValidationError) as refused:
        await ask(hass, "number.set_value", "number.garage_maximum_current", value=15)

    assert refused.value.translation_key == "refused"
    assert refused.value.translation_placeholders == {
        "code": "widens_installer_limit",
        "detail": "because widens_installer_limit",
    }


async def test_a_service_in_trouble_is_told_from_one_that_refuses(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    service.refuses = (503, "storage_trouble")

    with pytest.raises(HomeAssistantError) as failed:
        await ask(hass, "switch.turn_on", "switch.garage_boost")

    assert failed.value.translation_key == "cannot_connect"


async def test_a_token_that_is_over_begins_a_new_pairing(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    service.tokens.clear()

    with pytest.raises(HomeAssistantError) as failed:
        await ask(hass, "switch.turn_on", "switch.garage_boost")
    await hass.async_block_till_done()

    assert failed.value.translation_key == "not_authorised"
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["context"]["source"] == SOURCE_REAUTH


@pytest.mark.parametrize(("option", "phases"), [("auto", None), ("1", 1), ("3", 3)])
async def test_phases_are_chosen_where_a_station_can_change_them(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry, option: str, phases: int | None
) -> None:
    service.state["stations"][0]["can_switch_phases"] = True
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert state_of(hass, "select.garage_phases") == "auto"
    assert hass.states.get("select.carport_phases") is None

    wish = {"entity_id": "select.garage_phases", "option": option}
    await hass.services.async_call("select", "select_option", wish, blocking=True)

    assert service.asked == [("PUT", f"{GARAGE}/phases", {"phases": phases})]


@pytest.mark.usefixtures("all_enabled")
@pytest.mark.parametrize(
    ("entity_id", "asked"),
    [
        ("button.garage_restart", ("POST", f"{GARAGE}/restart", {"hard": False})),
        ("button.garage_unlock_cable", ("POST", f"{GARAGE}/unlock", None)),
    ],
)
async def test_a_station_does_what_it_is_told_or_says_why_not(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry, entity_id: str, asked: tuple[str, str, Any]
) -> None:
    await hass.services.async_call("button", "press", {"entity_id": entity_id}, blocking=True)
    assert service.asked == [asked]

    service.station_answers = "NotSupported"
    with pytest.raises(ServiceValidationError, match="NotSupported"):
        await hass.services.async_call("button", "press", {"entity_id": entity_id}, blocking=True)


async def test_a_temporary_grid_limit_keeps_its_end(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    await service.tell(import_cap={"limit_kw": 3.5, "until": "2026-06-21T12:00:00Z"})
    await until(hass, lambda: state_of(hass, "number.sunny_house_temporary_grid_limit") == "3.5")
    assert state_of(hass, "sensor.sunny_house_temporary_grid_limit_until") == "2026-06-21T12:00:00+00:00"

    await ask(hass, "number.set_value", "number.sunny_house_temporary_grid_limit", value=2)
    await ask(hass, "button.press", "button.sunny_house_end_temporary_grid_limit")

    assert service.asked == [
        ("PUT", "/import_cap", {"limit_kw": 2.0, "until": "2026-06-21T12:00:00+00:00"}),
        ("DELETE", "/import_cap", None),
    ]


async def test_a_strategy_that_the_site_file_keeps_leaves_no_choice(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    await service.tell(strategy="keen", strategy_fixed=True)
    await until(hass, lambda: state_of(hass, "select.sunny_house_strategy") == "keen")

    with pytest.raises(ServiceValidationError):
        await ask(hass, "select.select_option", "select.sunny_house_strategy", option="purist")

    assert service.asked == []


async def test_a_guest_is_shown_until_it_leaves(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    await service.tell_station("garage", guest=True, vehicle="Aunt Ida")
    await until(hass, lambda: state_of(hass, "text.garage_guest") == "Aunt Ida")

    await service.tell_station("garage", guest=False, vehicle="family")
    await until(hass, lambda: state_of(hass, "text.garage_guest") == "")


async def test_a_guest_does_not_become_the_usual_car(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    await service.tell_station("garage", guest=True, vehicle="Aunt Ida", user_vehicle="second")
    await until(hass, lambda: state_of(hass, "text.garage_guest") == "Aunt Ida")

    await ask(hass, "number.set_value", "number.garage_priority", value=5)

    assert service.asked == [("PUT", f"{GARAGE}/settings", {"max_a": 13.0, "priority": 5, "vehicle": "second"})]


async def test_the_usual_car_takes_the_place_of_a_guest(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    await service.tell_station("garage", guest=True, vehicle="Aunt Ida")
    await until(hass, lambda: state_of(hass, "text.garage_guest") == "Aunt Ida")

    await ask(hass, "select.select_option", "select.garage_vehicle", option="second")

    assert service.asked == [
        ("PUT", f"{GARAGE}/settings", {"max_a": 13.0, "priority": 2, "vehicle": "second"}),
        ("DELETE", f"{GARAGE}/guest", None),
    ]
