"""Cars come as the service names them, and go when it does so no more."""

from __future__ import annotations

from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.fusewise import async_remove_config_entry_device
from custom_components.fusewise.devices import CAR_STAYS
from tests.ha.paper_service import PaperService, golden
from tests.ha.test_connection import our_lines
from tests.ha.waiting import state_of, until

CITY = "sensor.city_state_of_charge"
FAMILY = "sensor.family_state_of_charge"
CARS: dict[str, Any] = {car["name"]: car for car in golden("state")["vehicles"]}
NOON = "2026-06-21T12:00:00Z"


def devices(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str | None, dr.DeviceEntry]:
    return {device.name: device for device in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)}


def later(moment: str, days: int) -> str:
    return moment.replace("-21T", f"-{21 + days}T")


async def test_a_car_that_somebody_tells_of_comes_at_once(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    van = CARS["city"] | {"name": "van", "soc": 0.333, "at_home": False}

    await service.tell(vehicles=[*CARS.values(), van])

    await until(hass, lambda: hass.states.get("sensor.van_state_of_charge") is not None)
    assert state_of(hass, "sensor.van_state_of_charge") == "33.3"
    assert state_of(hass, "binary_sensor.van_at_home") == "off"
    assert "van" in devices(hass, house)


async def test_a_car_that_a_restarted_service_has_not_heard_of_yet_keeps_its_device(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    service.state |= {"vehicles": [CARS["family"]], "at": NOON}
    await service.begin_anew()
    await until(hass, lambda: state_of(hass, CITY) == "unavailable")

    service.state["vehicles"] = [CARS["family"], CARS["city"] | {"soc": 0.5}]
    await service.begin_anew()

    await until(hass, lambda: state_of(hass, CITY) == "50.0")
    assert our_lines(caplog) == []
    assert "unique" not in caplog.text


async def test_a_car_that_is_not_named_for_a_day_goes_and_may_come_again(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    assert CAR_STAYS.days == 1
    service.state |= {"vehicles": [CARS["family"]], "at": NOON}
    await service.begin_anew()
    await until(hass, lambda: state_of(hass, CITY) == "unavailable")

    service.state["at"] = later(NOON, days=1)
    await service.begin_anew()
    await until(hass, lambda: hass.states.get(CITY) is None)
    assert "city" not in devices(hass, house)

    service.state["vehicles"] = list(CARS.values())
    await service.begin_anew()
    await until(hass, lambda: hass.states.get(CITY) is not None)
    assert "unique" not in caplog.text


async def test_a_car_that_nobody_names_may_be_removed_by_hand(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    city = devices(hass, house)["city"]
    assert not await async_remove_config_entry_device(hass, house, city)
    await service.tell(vehicles=[CARS["family"]])
    await until(hass, lambda: state_of(hass, CITY) == "unavailable")

    assert await async_remove_config_entry_device(hass, house, city)
    dr.async_get(hass).async_remove_device(city.id)
    await until(hass, lambda: hass.states.get(CITY) is None)
    await service.tell(vehicles=[CARS["family"]], condition="protecting")
    await until(hass, lambda: state_of(hass, "sensor.sunny_house_state") == "protecting")
    await service.tell(vehicles=list(CARS.values()))

    await until(hass, lambda: hass.states.get(CITY) is not None)


async def test_a_guest_of_whom_nobody_tells_has_no_device(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    guest = CARS["city"] | {"name": "Aunt Ida", "station": "carport", "guest": True}
    await service.tell(vehicles=[*CARS.values(), guest])
    await service.tell(vehicles=[*CARS.values(), guest], condition="protecting")
    await until(hass, lambda: state_of(hass, "sensor.sunny_house_state") == "protecting")
    assert "Aunt Ida" not in devices(hass, house)

    await service.tell(vehicles=[*CARS.values(), guest | {"soc": 0.4}])
    await until(hass, lambda: hass.states.get("sensor.aunt_ida_state_of_charge") is not None)


async def test_a_car_of_the_house_that_is_a_guest_elsewhere_keeps_its_device(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    away = CARS["city"] | {"station": "garage", "guest": True}
    await service.tell(vehicles=[CARS["family"], away])
    await service.tell(vehicles=list(CARS.values()), condition="protecting")
    await until(hass, lambda: state_of(hass, "sensor.sunny_house_state") == "protecting")

    assert state_of(hass, CITY) == "unknown"
    assert "unique" not in caplog.text


async def test_a_service_that_knows_no_cars_yet(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry
) -> None:
    for key in ("vehicles", "import_cap", "strategy", "strategy_fixed"):
        del service.state[key]

    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    assert hass.states.get(FAMILY) is None
    assert state_of(hass, "select.sunny_house_strategy") == "unknown"
