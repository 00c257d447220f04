"""Sentences: what they say is shown at once, their numbers without filling the activity."""

from __future__ import annotations

from datetime import timedelta

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.fusewise.sentences import NUMBERS_EVERY_S
from tests.ha.paper_service import PaperService
from tests.ha.waiting import state_of, until

BECAUSE = "sensor.garage_because"
POWER = "sensor.garage_power"


def sun(watts: int) -> dict[str, object]:
    return {"key": "surplus", "text": f"surplus {watts} W", "values": {}}


async def told(hass: HomeAssistant, service: PaperService, watts: int) -> None:
    """The service says so, and we have heard it."""
    await service.tell_station("garage", because=sun(watts), power_w=float(watts))
    await until(hass, lambda: state_of(hass, POWER) == f"{float(watts)}")


async def test_numbers_in_a_sentence_change_now_and_then(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    await told(hass, service, 4000)
    first = state_of(hass, BECAUSE)
    await told(hass, service, 4100)
    await told(hass, service, 4200)
    held = state_of(hass, BECAUSE)

    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=NUMBERS_EVERY_S + 1))
    await hass.async_block_till_done()

    assert held == first
    assert state_of(hass, BECAUSE) == "surplus 4200 W"


async def test_another_sentence_is_shown_at_once(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    await told(hass, service, 4000)

    await service.tell_station("garage", because={"key": "main_fuse", "text": "main fuse L3", "values": {}})
    await until(hass, lambda: state_of(hass, BECAUSE) == "main fuse L3")
    await told(hass, service, 4100)

    assert state_of(hass, BECAUSE) == "surplus 4100 W"


async def test_a_sentence_that_stays_is_not_written_again(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    before = hass.states.get(BECAUSE)

    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=NUMBERS_EVERY_S + 1))
    await hass.async_block_till_done()

    after = hass.states.get(BECAUSE)
    assert before is not None
    assert after is not None
    assert after.last_changed == before.last_changed
