"""The connection: how it begins, is lost, comes back, and ends."""

from __future__ import annotations

import logging

import pytest
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import CONF_TOKEN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.fusewise import async_remove_config_entry_device
from custom_components.fusewise.const import DOMAIN
from custom_components.fusewise.coordinator import SiteCoordinator
from tests.ha.paper_service import TOKEN, PaperService
from tests.ha.waiting import state_of, until

STATE = "sensor.sunny_house_state"
NEWER = {"api_version": 9, "min_api": 8}
OLDER = {"api_version": 0, "min_api": 0}


def is_away(hass: HomeAssistant) -> bool:
    return state_of(hass, STATE) == "unavailable"


def is_there(hass: HomeAssistant) -> bool:
    return state_of(hass, STATE) == "optimising"


def our_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("custom_components.fusewise") and record.levelno >= logging.INFO
    ]


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


async def test_an_entry_is_set_up_and_unloaded(hass: HomeAssistant, house: MockConfigEntry) -> None:
    assert is_there(hass)

    assert await hass.config_entries.async_unload(house.entry_id)

    assert house.state is ConfigEntryState.NOT_LOADED
    assert is_away(hass)


async def test_what_changes_is_there_at_once(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    await service.tell_station("garage", limit_a=0.0, reason="main_fuse", status="waiting_fuse")

    await until(hass, lambda: state_of(hass, "sensor.garage_limit_reason") == "main_fuse")

    assert state_of(hass, "sensor.garage_current_limit") == "0.0"
    assert state_of(hass, "sensor.garage_status") == "waiting_fuse"


async def test_a_service_that_goes_and_comes_back_is_one_line_each_way(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    await service.tell(condition="optimising")
    caplog.clear()
    await service.stop()
    await until(hass, lambda: is_away(hass))
    assert state_of(hass, "sensor.garage_status") == "unavailable"

    await service.start()
    await until(hass, lambda: is_there(hass))

    down, up = our_lines(caplog)
    assert down.startswith("Sunny house: no connection to the service (")
    assert up == "Sunny house: the service is back"


async def test_a_service_that_is_away_at_the_start_is_tried_again(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry
) -> None:
    await service.stop()

    await set_up(hass, entry)

    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "cannot_connect"
    await service.start()
    await hass.config_entries.async_reload(entry.entry_id)
    assert is_there(hass)


async def test_a_message_that_went_missing_begins_a_new_conversation(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    service.state["sequence"] += 5
    await service.tell(condition="protecting")

    await until(hass, lambda: state_of(hass, STATE) == "protecting")

    assert state_of(hass, "binary_sensor.sunny_house_fuse_protection_active") == "on"


async def test_a_token_that_is_not_known_at_the_start_begins_a_new_pairing(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry
) -> None:
    service.tokens.clear()

    await set_up(hass, entry)

    assert entry.state is ConfigEntryState.SETUP_ERROR
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["context"]["source"] == SOURCE_REAUTH


async def test_a_token_that_is_revoked_later_begins_a_new_pairing(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    service.tokens.clear()
    await service.hang_up(4401)

    await until(hass, lambda: is_away(hass))
    await hass.async_block_till_done()

    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["context"]["source"] == SOURCE_REAUTH


@pytest.mark.parametrize(("spoken", "issue"), [(NEWER, "integration_too_old"), (OLDER, "service_too_old")])
async def test_another_version_at_the_start_is_a_repair_until_it_is_updated(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry, spoken: dict[str, int], issue: str
) -> None:
    hello, service.hello = service.hello, service.hello | spoken

    await set_up(hass, entry)

    assert entry.state is ConfigEntryState.SETUP_RETRY
    (found,) = ir.async_get(hass).issues.values()
    assert (found.domain, found.translation_key) == (DOMAIN, issue)
    service.hello = hello
    await hass.config_entries.async_reload(entry.entry_id)
    assert not ir.async_get(hass).issues


async def test_a_removed_entry_leaves_no_repair(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry
) -> None:
    service.hello |= NEWER
    await set_up(hass, entry)
    assert ir.async_get(hass).issues

    await hass.config_entries.async_remove(entry.entry_id)

    assert not ir.async_get(hass).issues


async def test_another_version_later_is_a_repair_until_it_is_updated(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    hello, service.hello = service.hello, service.hello | NEWER
    await service.hang_up()
    await until(hass, lambda: is_away(hass) and bool(ir.async_get(hass).issues))

    service.hello = hello
    await until(hass, lambda: is_there(hass))

    assert not ir.async_get(hass).issues


async def test_another_house_at_that_address_shows_nothing_of_it(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    ours = service.state["site_id"]
    service.state["site_id"] = "fedcba9876543210"
    await service.hang_up()
    await until(hass, lambda: is_away(hass))

    service.state["site_id"] = ours
    await until(hass, lambda: is_there(hass))


async def test_another_house_at_the_start(hass: HomeAssistant, service: PaperService, entry: MockConfigEntry) -> None:
    service.state["site_id"] = "fedcba9876543210"

    await set_up(hass, entry)

    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "wrong_site"


async def test_stations_and_battery_come_with_a_new_site_file_and_go(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    carport, battery = service.station("carport"), service.state["battery"]
    service.state["stations"], service.state["battery"] = [service.station("garage")], None
    await set_up(hass, entry)
    assert hass.states.get("sensor.carport_status") is None

    service.state["stations"].append(carport)
    service.state["battery"] = battery
    await service.begin_anew()
    await until(hass, lambda: hass.states.get("sensor.carport_status") is not None)
    assert state_of(hass, "sensor.home_battery_power") == "-800.0"

    service.state["stations"].pop(0)
    await service.begin_anew()
    await until(hass, lambda: hass.states.get("sensor.garage_status") is None)
    assert {device.name for device in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)} == {
        "Sunny house",
        "Carport",
        "Home battery",
        "family",
        "city",
    }
    assert our_lines(caplog) == []


async def test_the_order_of_the_battery_comes_with_leave_for_it_and_goes_with_it(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry
) -> None:
    battery = service.state["battery"]
    service.state["battery"] = battery | {"orders": None}
    await set_up(hass, entry)
    assert state_of(hass, "sensor.home_battery_power") == "-800.0"
    assert hass.states.get("sensor.home_battery_order") is None

    await service.tell(battery=battery)
    await until(hass, lambda: hass.states.get("sensor.home_battery_order") is not None)
    assert state_of(hass, "sensor.home_battery_order") == "held"

    await service.tell(battery=battery | {"orders": battery["orders"] | {"discharge_at_most_w": None}})
    await until(hass, lambda: state_of(hass, "sensor.home_battery_order") == "free")

    await service.tell(battery=battery | {"orders": None})
    await until(hass, lambda: state_of(hass, "sensor.home_battery_order") == "unavailable")


async def test_a_station_that_was_forgotten_while_we_were_away_is_removed(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    await service.stop()
    await until(hass, lambda: is_away(hass))
    service.state["stations"].pop(1)

    await service.start()
    await until(hass, lambda: is_there(hass) and hass.states.get("sensor.carport_status") is None)

    assert er.async_get(hass).async_get("sensor.carport_status") is None


async def test_only_what_is_gone_may_be_removed_by_hand(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    registry = dr.async_get(hass)
    devices = {device.name: device for device in dr.async_entries_for_config_entry(registry, house.entry_id)}

    for device in devices.values():
        assert not await async_remove_config_entry_device(hass, house, device)
    await service.tell(battery=None)
    await until(hass, lambda: state_of(hass, "sensor.home_battery_power") == "unavailable")
    assert await async_remove_config_entry_device(hass, house, devices["Home battery"])


async def test_nothing_may_be_removed_by_hand_while_nobody_knows_what_is_gone(
    hass: HomeAssistant, house: MockConfigEntry
) -> None:
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), house.entry_id)
    await hass.config_entries.async_unload(house.entry_id)

    for device in devices:
        assert not await async_remove_config_entry_device(hass, house, device)


async def test_a_removed_entry_gives_its_token_back(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    await hass.config_entries.async_remove(house.entry_id)

    assert ("POST", "/logout", None) in service.asked
    assert TOKEN not in service.tokens


async def test_a_removed_entry_whose_service_is_away_says_that_its_token_stays(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    await service.stop()

    await hass.config_entries.async_remove(entry.entry_id)

    assert "could not be told to forget its token" in caplog.text
    assert entry.data[CONF_TOKEN] not in caplog.text


async def test_an_update_that_people_ask_for_is_a_look(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    assert await async_setup_component(hass, "homeassistant", {})
    service.state["condition"] = "paused"

    await hass.services.async_call("homeassistant", "update_entity", {"entity_id": STATE}, blocking=True)
    await until(hass, lambda: state_of(hass, STATE) == "paused")


async def test_a_fault_of_ours_leaves_no_old_values_standing(
    hass: HomeAssistant,
    service: PaperService,
    house: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def breaks(*_: object) -> None:
        raise KeyError("odd")

    with monkeypatch.context() as broken:
        broken.setattr(SiteCoordinator, "_checked", breaks)
        await service.tell(condition="protecting")
        await until(hass, lambda: is_away(hass))

    await until(hass, lambda: state_of(hass, STATE) == "protecting")
    assert "a fault of this integration" in caplog.text
