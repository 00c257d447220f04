"""Waiting for something that comes over a socket, and stays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from homeassistant.const import MATCH_ALL
from homeassistant.core import Event, HomeAssistant, callback

from tests.ha.paper_service import GUARD_S


async def until(hass: HomeAssistant, condition: Callable[[], bool]) -> None:
    """Return once that is so; it is looked at after every event of Home Assistant."""
    happened = asyncio.Event()

    @callback
    def heard(_event: Event[Any]) -> None:
        happened.set()

    stop_listening = hass.bus.async_listen(MATCH_ALL, heard)
    try:
        async with asyncio.timeout(GUARD_S):
            while not condition():
                await happened.wait()
                happened.clear()
                await hass.async_block_till_done()
    finally:
        stop_listening()


def state_of(hass: HomeAssistant, entity_id: str) -> str:
    """Its state, in one word."""
    found = hass.states.get(entity_id)
    assert found is not None, entity_id
    return found.state
