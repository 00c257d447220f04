"""What people see of a house."""

from __future__ import annotations

from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.ha.paper_service import PaperService, golden
from tests.ha.waiting import state_of, until

SHOWN = {
    "binary_sensor.city_at_home": "unknown",
    "binary_sensor.family_at_home": "on",
    "button.sunny_house_end_temporary_grid_limit": "unavailable",
    "number.city_minimum_state_of_charge": "unknown",
    "number.city_target_state_of_charge": "unknown",
    "number.family_minimum_state_of_charge": "20.0",
    "number.family_target_state_of_charge": "80.0",
    "number.sunny_house_temporary_grid_limit": "unknown",
    "select.sunny_house_strategy": "normal",
    "sensor.city_range": "unknown",
    "sensor.city_state_of_charge": "unknown",
    "sensor.family_range": "210.0",
    "sensor.family_state_of_charge": "52.0",
    "sensor.sunny_house_temporary_grid_limit_until": "unknown",
    "text.carport_guest": "unavailable",
    "text.garage_guest": "",
    "binary_sensor.carport_goal_at_risk": "off",
    "binary_sensor.garage_goal_at_risk": "off",
    "number.carport_minimum_current": "6.0",
    "number.garage_minimum_current": "6.0",
    "sensor.carport_finish_time": "unknown",
    "sensor.garage_finish_time": "2026-06-21T16:45:00+00:00",
    "sensor.home_battery_energy_charged": "180.5",
    "sensor.home_battery_energy_discharged": "162.25",
    "sensor.home_battery_mode": "charging",
    "sensor.home_battery_order": "held",
    "sensor.sunny_house_next_event": "2026-06-21T08:10:00+00:00",
    "binary_sensor.carport_connection": "off",
    "binary_sensor.carport_charging": "unknown",
    "binary_sensor.carport_ignores_limit": "off",
    "binary_sensor.carport_plug": "unknown",
    "binary_sensor.garage_charging": "on",
    "binary_sensor.garage_connection": "on",
    "binary_sensor.garage_ignores_limit": "off",
    "binary_sensor.garage_plug": "on",
    "binary_sensor.sunny_house_fuse_protection_active": "off",
    "binary_sensor.sunny_house_grid_meter": "on",
    "binary_sensor.sunny_house_problem": "on",
    "button.carport_clear_goal": "unavailable",
    "button.carport_end_temporary_limit": "unavailable",
    "button.garage_clear_goal": "unknown",
    "button.garage_end_temporary_limit": "unknown",
    "datetime.carport_ready_by": "unavailable",
    "datetime.garage_ready_by": "2026-06-21T17:00:00+00:00",
    "event.carport_session": "unknown",
    "event.garage_session": "unknown",
    "number.carport_maximum_current": "16.0",
    "number.carport_priority": "0",
    "number.carport_target_energy": "unavailable",
    "number.garage_maximum_current": "13.0",
    "number.garage_priority": "2",
    "number.garage_target_energy": "20.0",
    "select.carport_mode": "fast",
    "select.carport_vehicle": "Aunt Ida",
    "select.garage_mode": "solar",
    "select.garage_vehicle": "family",
    "sensor.carport_active_phases": "1",
    "sensor.carport_because": "station does not answer",
    "sensor.carport_current_limit": "0.0",
    "sensor.carport_energy": "300.0",
    "sensor.carport_limit_reason": "station_silent",
    "sensor.carport_power": "0.0",
    "sensor.carport_session_energy": "unknown",
    "sensor.carport_session_solar_share": "unknown",
    "sensor.carport_status": "offline",
    "sensor.garage_active_phases": "3",
    "sensor.garage_because": "surplus 4210 W",
    "sensor.garage_current_limit": "6.1",
    "sensor.garage_energy": "640.0",
    "sensor.garage_limit_reason": "solar_surplus",
    "sensor.garage_power": "4186.0",
    "sensor.garage_session_energy": "4.5",
    "sensor.garage_session_solar_share": "80.0",
    "sensor.garage_status": "charging",
    "sensor.home_battery_power": "-800.0",
    "sensor.home_battery_state_of_charge": "62.0",
    "sensor.sunny_house_charging_energy": "940.0",
    "sensor.sunny_house_charging_energy_from_the_sun": "755.25",
    "sensor.sunny_house_charging_power": "4186.0",
    "sensor.sunny_house_grid_export": "310.5",
    "sensor.sunny_house_grid_import": "1204.125",
    "sensor.sunny_house_grid_power": "172.5",
    "sensor.sunny_house_headline": "5.2 kW sun, 1 car is charging with 4.2 kW",
    "sensor.sunny_house_home_power": "386.5",
    "sensor.sunny_house_main_fuse": "25.0",
    "sensor.sunny_house_solar_energy": "2200.75",
    "sensor.sunny_house_solar_power": "5200.0",
    "sensor.sunny_house_solar_share_today": "75.0",
    "sensor.sunny_house_state": "optimising",
    "sensor.sunny_house_surplus_power": "4210.0",
    "switch.carport_boost": "on",
    "switch.garage_boost": "off",
    "switch.sunny_house_optimisation": "on",
}

HIDDEN = {
    "button.carport_restart": "unavailable",
    "button.carport_unlock_cable": "unavailable",
    "button.garage_restart": "unknown",
    "button.garage_unlock_cable": "unknown",
    "sensor.carport_latest_start": "unknown",
    "sensor.garage_latest_start": "2026-06-21T14:56:00+00:00",
    "binary_sensor.sunny_house_grid_operator_s_limit": "off",
    "event.sunny_house_decision": "unknown",
    "sensor.carport_boost_until": "2026-06-21T08:10:00+00:00",
    "sensor.carport_current_l1": "unknown",
    "sensor.carport_temporary_limit_until": "unknown",
    "sensor.garage_boost_until": "unknown",
    "sensor.garage_current_l1": "6.1",
    "sensor.garage_current_l2": "6.1",
    "sensor.garage_current_l3": "6.0",
    "sensor.garage_temporary_limit_until": "2026-06-21T09:00:00+00:00",
    "sensor.sunny_house_grid_current_l1": "-1.5",
    "sensor.sunny_house_grid_current_l2": "4.25",
    "sensor.sunny_house_grid_current_l3": "-2.0",
    "sensor.sunny_house_headroom_l1": "23.25",
    "sensor.sunny_house_headroom_l2": "17.5",
    "sensor.sunny_house_headroom_l3": "23.75",
}


def shown(hass: HomeAssistant) -> dict[str, str]:
    return {state.entity_id: state.state for state in hass.states.async_all()}


async def test_a_sunny_morning(hass: HomeAssistant, house: MockConfigEntry) -> None:
    assert shown(hass) == SHOWN


@pytest.mark.usefixtures("all_enabled")
async def test_what_is_off_by_default(hass: HomeAssistant, house: MockConfigEntry) -> None:
    assert shown(hass) == SHOWN | HIDDEN


@pytest.mark.usefixtures("all_enabled")
async def test_a_house_in_trouble_has_unknowns_and_no_zeros(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry
) -> None:
    service.state = golden("state_in_trouble")

    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    assert state_of(hass, "sensor.sunny_house_state") == "fallback"
    assert state_of(hass, "sensor.sunny_house_grid_power") == "unknown"
    assert state_of(hass, "sensor.sunny_house_headroom_l1") == "unknown"
    assert state_of(hass, "sensor.garage_limit_reason") == "meter_lost"
    assert state_of(hass, "binary_sensor.sunny_house_grid_meter") == "off"
    assert state_of(hass, "binary_sensor.sunny_house_problem") == "on"
    assert state_of(hass, "number.garage_target_energy") == "unknown"
    assert hass.states.get("sensor.home_battery_power") is None


async def test_a_car_on_one_phase_of_three_is_told_as_it_draws(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    await service.tell_station("garage", phases=3, current_a=[9.8, 0.1, 0.0])

    await until(hass, lambda: state_of(hass, "sensor.garage_active_phases") == "1")


async def test_a_newer_service_may_use_words_that_are_unknown_here(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    await service.tell(
        condition="levitating",
        stations=[service.station("garage") | {"reason": "moon", "status": "dancing", "phases": 4, "current_a": None}],
    )
    await until(hass, lambda: state_of(hass, "sensor.garage_status") == "unknown")

    assert state_of(hass, "sensor.sunny_house_state") == "unknown"
    assert state_of(hass, "sensor.garage_limit_reason") == "unknown"
    assert state_of(hass, "sensor.garage_active_phases") == "unknown"
    assert state_of(hass, "binary_sensor.sunny_house_fuse_protection_active") == "unknown"


async def test_a_house_whose_main_circuit_is_unknown(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry
) -> None:
    service.state["circuits"] = []

    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    assert state_of(hass, "sensor.sunny_house_main_fuse") == "unknown"


@pytest.mark.usefixtures("all_enabled")
async def test_a_phase_that_is_gone_is_unknown(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    one_phase = service.state["circuits"][0] | {"phases": ["L1"], "measured_a": [1.0], "headroom_a": [2.0]}
    await service.tell(circuits=[one_phase])

    await until(hass, lambda: state_of(hass, "sensor.sunny_house_headroom_l3") == "unknown")

    assert state_of(hass, "sensor.sunny_house_headroom_l1") == "2.0"


async def test_stations_cars_and_battery_hang_on_the_house(hass: HomeAssistant, house: MockConfigEntry) -> None:
    devices = {device.name: device for device in dr.async_entries_for_config_entry(dr.async_get(hass), house.entry_id)}

    assert set(devices) == {"Sunny house", "Garage", "Carport", "Home battery", "family", "city"}
    assert devices["Sunny house"].sw_version == "1.2.3"
    for name in set(devices) - {"Sunny house"}:
        assert devices[name].via_device_id == devices["Sunny house"].id
    garage = devices["Garage"]
    assert (garage.manufacturer, garage.model, garage.serial_number) == ("Acme", "Box 11", "A-0001")


ENERGY = {"device_class": "energy", "unit_of_measurement": "kWh", "state_class": "total_increasing"}
POWER = {"device_class": "power", "unit_of_measurement": "W", "state_class": "measurement"}


@pytest.mark.parametrize(
    ("entity_id", "attributes"),
    [
        ("sensor.sunny_house_grid_import", ENERGY),
        ("sensor.sunny_house_grid_export", ENERGY),
        ("sensor.sunny_house_solar_energy", ENERGY),
        ("sensor.sunny_house_charging_energy", ENERGY),
        ("sensor.garage_energy", ENERGY),
        ("sensor.sunny_house_grid_power", POWER),
        ("sensor.home_battery_power", POWER),
        (
            "sensor.home_battery_order",
            {"options": ["free", "held", "bounded"], "reason": "cars_from_grid", "in_force": True},
        ),
        ("sensor.garage_session_energy", {"state_class": "total", "last_reset": "2026-06-21T09:00:00+00:00"}),
        ("number.garage_maximum_current", {"min": 6.0, "max": 16.0, "step": 0.5, "mode": "box"}),
        ("number.sunny_house_temporary_grid_limit", {"min": 0.0, "max": 200.0, "step": 0.1}),
        ("number.family_target_state_of_charge", {"min": 0, "max": 100, "step": 1, "unit_of_measurement": "%"}),
        ("select.sunny_house_strategy", {"options": ["keen", "balanced", "normal", "purist"]}),
        ("sensor.family_state_of_charge", {"device_class": "battery", "unit_of_measurement": "%"}),
        ("text.garage_guest", {"max": 48}),
        ("select.garage_mode", {"options": ["off", "solar", "min_solar", "fast"]}),
        ("select.carport_vehicle", {"options": ["family", "second", "Aunt Ida"]}),
    ],
)
async def test_attributes_that_others_build_on(
    hass: HomeAssistant, house: MockConfigEntry, entity_id: str, attributes: dict[str, Any]
) -> None:
    state = hass.states.get(entity_id)

    assert state is not None
    assert {key: state.attributes.get(key) for key in attributes} == attributes


async def test_ids_do_not_depend_on_names(hass: HomeAssistant, house: MockConfigEntry) -> None:
    known = {entity.unique_id for entity in er.async_entries_for_config_entry(er.async_get(hass), house.entry_id)}

    assert {"0123456789abcdef_grid_power", "0123456789abcdef_garage_limit_reason"} <= known
    assert "0123456789abcdef_headroom_l1" in known
    assert "0123456789abcdef:battery_battery_power" in known


async def test_connectors_of_one_station_hang_on_its_device_and_that_on_the_house(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry
) -> None:
    for number, station in enumerate(service.state["stations"], 1):
        others = [each["id"] for each in service.state["stations"] if each is not station]
        station["connector"] = {"station": "garage", "number": number, "others": others}

    assert await hass.config_entries.async_setup(entry.entry_id)
    await service.listened_to(2)
    await hass.async_block_till_done()

    devices = {device.name: device for device in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)}
    assert set(devices) == {"Sunny house", "Garage + Carport", "Garage", "Carport", "Home battery", "family", "city"}
    assert devices["Garage"].via_device_id == devices["Garage + Carport"].id
    assert devices["Carport"].via_device_id == devices["Garage + Carport"].id
    assert devices["Garage + Carport"].via_device_id == devices["Sunny house"].id
