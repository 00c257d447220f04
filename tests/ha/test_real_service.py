"""Our integration and the real service with its simulated house: HTTP, WebSocket and OCPP on real sockets."""

from __future__ import annotations

from pathlib import Path

import pytest
from homeassistant.components.select import DOMAIN as SELECT
from homeassistant.config_entries import SOURCE_USER, ConfigEntryState
from homeassistant.const import ATTR_ENTITY_ID, ATTR_OPTION, CONF_CODE, CONF_URL, SERVICE_SELECT_OPTION
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from custom_components.fusewise import client, coordinator
from custom_components.fusewise.const import DOMAIN
from tests.ha import waiting
from tests.ha.test_connection import our_lines
from tests.ha.waiting import state_of, until
from tests.ha_real.neighbour import GUARD_S, ROOT, House, neighbour

SITE = ROOT / "config" / "two_cars.yaml"
STATE = "sensor.two_cars_state"
AWAY = "unavailable"

pytestmark = pytest.mark.timeout(600)  # two starts of the service on a machine that has more to do


@pytest.fixture(autouse=True)
def _pauses(monkeypatch: pytest.MonkeyPatch, _impatient: None) -> None:
    """A service that starts needs seconds and the processor."""
    monkeypatch.setattr(coordinator, "SHORTEST_WAIT_S", 0.1)
    monkeypatch.setattr(coordinator, "LONGEST_WAIT_S", 1.0)
    # A service that is killed ends the connection; one that only waits for the processor has not gone.
    monkeypatch.setattr(client, "ANSWER_WITHIN_S", GUARD_S)
    monkeypatch.setattr(client, "HEARTBEAT_S", GUARD_S)
    monkeypatch.setattr(waiting, "GUARD_S", GUARD_S)


async def paired(hass: HomeAssistant, house: House) -> str:
    """The house is added as people add it; the id of its entry."""
    await house.move_in()
    form = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    typed = {CONF_URL: house.page, CONF_CODE: await house.pairing_code()}
    done = await hass.config_entries.flow.async_configure(form["flow_id"], typed)
    assert done["type"] is FlowResultType.CREATE_ENTRY, done
    await hass.async_block_till_done()
    return str(done["result"].entry_id)


async def choose(hass: HomeAssistant, mode: str) -> None:
    wish = {ATTR_ENTITY_ID: "select.garage_mode", ATTR_OPTION: mode}
    await hass.services.async_call(SELECT, SERVICE_SELECT_OPTION, wish, blocking=True)


async def test_a_house_is_added_used_lost_and_found_again(
    hass: HomeAssistant, socket_enabled: None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with neighbour(SITE, tmp_path) as house:
        entry_id = await paired(hass, house)
        assert state_of(hass, STATE) != AWAY

        await choose(hass, "fast")
        await house.hears_newest("garage", lambda limit_a: limit_a > 0)
        await choose(hass, "off")
        await house.hears_newest("garage", lambda limit_a: limit_a == 0)
        await until(hass, lambda: state_of(hass, "select.garage_mode") == "off")

        caplog.clear()
        await house.kill_service()
        await until(hass, lambda: state_of(hass, STATE) == AWAY)
        await house.start_service()
        await until(hass, lambda: state_of(hass, STATE) != AWAY)
        down, up = our_lines(caplog)
        assert "no connection to the service" in down
        assert "the service is back" in up

        caplog.clear()
        assert await hass.config_entries.async_reload(entry_id)
        assert state_of(hass, STATE) != AWAY
        assert our_lines(caplog) == []

        assert await hass.config_entries.async_unload(entry_id)
        assert hass.config_entries.async_get_known_entry(entry_id).state is ConfigEntryState.NOT_LOADED
