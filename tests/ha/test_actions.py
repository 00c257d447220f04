"""Actions: what automations ask of a charger, and what they are told."""

from __future__ import annotations

from typing import Any

import pytest
import voluptuous as vol
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.fusewise.const import DOMAIN
from tests.ha.paper_service import PaperService, golden

GARAGE = "/stations/garage"


def device_id(hass: HomeAssistant, entry: MockConfigEntry, name: str = "Garage") -> str:
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return next(device.id for device in devices if device.name == name)


async def act(hass: HomeAssistant, action: str, device: str, *, returns: bool = False, **fields: Any) -> Any:
    return await hass.services.async_call(
        DOMAIN, action, {"device_id": device, **fields}, blocking=True, return_response=returns
    )


@pytest.mark.parametrize(
    ("action", "fields", "asked"),
    [
        (
            "set_goal",
            {"energy_kwh": 20, "ready_by": "2026-06-22T07:00:00+02:00"},
            ("PUT", f"{GARAGE}/goal", {"energy_kwh": 20.0, "ready_by": "2026-06-22T07:00:00+02:00"}),
        ),
        ("set_goal", {"energy_kwh": 5}, ("PUT", f"{GARAGE}/goal", {"energy_kwh": 5.0, "ready_by": None})),
        (
            "set_goal",
            {"ready_by": "2026-06-22 07:00:00"},
            ("PUT", f"{GARAGE}/goal", {"energy_kwh": None, "ready_by": "2026-06-22T07:00:00-07:00"}),
        ),
        ("clear_goal", {}, ("DELETE", f"{GARAGE}/goal", None)),
        ("boost", {"duration": {"minutes": 30}}, ("PUT", f"{GARAGE}/boost", {"duration_s": 1800.0})),
        (
            "limit",
            {"limit_a": 8, "duration": "01:00:00"},
            ("PUT", f"{GARAGE}/limit", {"limit_a": 8.0, "duration_s": 3600.0}),
        ),
    ],
)
async def test_an_action_reaches_the_service(
    hass: HomeAssistant,
    service: PaperService,
    house: MockConfigEntry,
    action: str,
    fields: dict[str, Any],
    asked: tuple[str, str, Any],
) -> None:
    await act(hass, action, device_id(hass, house), **fields)

    assert service.asked == [asked]


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("boost", {"duration": {"hours": 25}}),
        ("boost", {"duration": 0}),
        ("limit", {"limit_a": -1, "duration": 60}),
        ("limit", {"limit_a": 8}),
        ("set_goal", {"energy_kwh": 0}),
        ("update_vehicle", {"vehicle": "x" * 49}),
    ],
)
async def test_what_no_service_would_take_is_not_asked(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry, action: str, fields: dict[str, Any]
) -> None:
    with pytest.raises(vol.Invalid):
        await act(hass, action, device_id(hass, house), **fields)

    assert service.asked == []


async def test_a_limit_is_explained(hass: HomeAssistant, service: PaperService, house: MockConfigEntry) -> None:
    told = await act(hass, "explain", device_id(hass, house), returns=True)

    assert service.asked == [("GET", "/explain/garage", None)]
    assert (told["limit_a"], told["phases"], told["because"]) == (6.1, 3, "surplus 4210 W")
    assert [step["stage"] for step in told["steps"]] == ["meter", "calm"]


async def test_sessions_are_told(hass: HomeAssistant, service: PaperService, house: MockConfigEntry) -> None:
    told = await act(
        hass,
        "get_sessions",
        device_id(hass, house),
        returns=True,
        since="2026-06-01T00:00:00+00:00",
        until="2026-07-01T00:00:00+00:00",
        most=5,
    )

    assert service.queries == [
        {
            "station": "garage",
            "limit": "5",
            "since": "2026-06-01T00:00:00+00:00",
            "until": "2026-07-01T00:00:00+00:00",
        }
    ]
    (session,) = told["sessions"]
    assert (session["began"], session["energy_kwh"]) == (
        "2026-06-21T08:00:00+00:00",
        golden("records")["session"]["energy_kwh"],
    )


async def test_all_sessions_are_told_where_nobody_names_a_time(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    await act(hass, "get_sessions", device_id(hass, house), returns=True)

    assert service.queries == [{"station": "garage", "limit": "100"}]


async def test_a_refusal_is_told(hass: HomeAssistant, service: PaperService, house: MockConfigEntry) -> None:
    service.refuses = (409, "storage_off")

    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, "get_sessions", device_id(hass, house), returns=True)

    assert refused.value.translation_placeholders == {"code": "storage_off", "detail": "because storage_off"}


@pytest.mark.parametrize("name", ["Sunny house", "Home battery"])
async def test_only_chargers_take_actions(hass: HomeAssistant, house: MockConfigEntry, name: str) -> None:
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, "clear_goal", device_id(hass, house, name))

    assert refused.value.translation_key == "no_charger"


async def test_a_house_that_is_not_loaded_takes_no_actions(hass: HomeAssistant, house: MockConfigEntry) -> None:
    device = device_id(hass, house)
    await hass.config_entries.async_unload(house.entry_id)

    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, "clear_goal", device)

    assert refused.value.translation_key == "not_loaded"


async def test_actions_are_known_without_any_house(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, DOMAIN, {})

    assert hass.services.has_service(DOMAIN, "set_goal")
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, "clear_goal", "nothing")
    assert refused.value.translation_key == "no_charger"


async def test_what_is_ahead(hass: HomeAssistant, service: PaperService, house: MockConfigEntry) -> None:
    told = await act(hass, "get_plan", device_id(hass, house), returns=True)

    first = golden("plan")["slots"][0]
    assert service.asked == [("GET", f"{GARAGE}/plan", None)]
    assert told["slots"][0]["because"] == first["says"]["text"]
    assert (told["slots"][0]["kind"], told["slots"][0]["power_w"]) == (first["kind"], first["power_w"])


async def test_what_the_house_may_take_is_bounded_for_a_while(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    device = device_id(hass, house, "Sunny house")

    await act(hass, "set_import_cap", device, limit_kw=5, until="2026-06-22T07:00:00+02:00")
    await act(hass, "clear_import_cap", device)

    cap = {"limit_kw": 5.0, "until": "2026-06-22T07:00:00+02:00"}
    assert service.asked == [("PUT", "/import_cap", cap), ("DELETE", "/import_cap", None)]


async def test_a_charger_is_no_house(hass: HomeAssistant, service: PaperService, house: MockConfigEntry) -> None:
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, "clear_import_cap", device_id(hass, house))

    assert refused.value.translation_key == "no_house"
    assert service.asked == []


@pytest.mark.parametrize(
    ("told", "reported"),
    [
        ({"soc": 52}, {"soc": 0.52}),
        (
            {"range_km": 210, "at_home": True, "capacity_kwh": 77},
            {"range_km": 210, "at_home": True, "capacity_kwh": 77},
        ),
    ],
)
async def test_what_another_integration_knows_of_a_car_is_passed_on(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry, told: dict[str, Any], reported: dict[str, Any]
) -> None:
    await act(hass, "update_vehicle", device_id(hass, house, "Sunny house"), vehicle="family", **told)

    body = {"reports": [{"vehicle": "family", "age_s": 0.0, **reported}]}
    assert service.asked == [("POST", "/vehicles/reports", body)]
