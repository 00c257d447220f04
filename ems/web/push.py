"""One task per open page: it waits for the house's next state and draws it.

The house waits for nobody. A page that is slow gets the newest state when it is ready for one, and a browser that reads
nothing is dropped by the transport's own time-out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from nicegui import background_tasks, ui

from ems.api.wire import State
from ems.clock import WallClock
from ems.web.visit import Visit

LOGGER = logging.getLogger(__name__)

BEAT_S: Final = 1.0
"""A page hears from us this often at least; it counts us as lost after 2.6 s of silence."""

REST_S: Final = 0.4
"""Between two drawings of one page, however fast the house is."""

BEATS: Final = WallClock()
"""Browsers live in real time, also where the house's clock is a faster one."""

Draw = Callable[[State, float], None]
"""Shows a state; the number is its age in seconds of the house's clock."""


def follow(visit: Visit, draws: Sequence[Draw]) -> None:
    """Draw every state from now on, for as long as the page is open and its person is in."""
    client = ui.context.client
    first = visit.house.state()
    for draw in draws:
        draw(first, _age_s(visit, first))
    begun: list[asyncio.Task[None]] = []

    def begin() -> None:
        if not begun:
            begun.append(background_tasks.create(_follow(visit, draws, first), name="page", context=client.content))

    def end() -> None:
        for task in begun:
            task.cancel()

    client.on_connect(begin)
    client.on_delete(end)


async def _follow(visit: Visit, draws: Sequence[Draw], state: State) -> None:
    while True:
        state = await _newer(visit, state)
        if visit.is_over():
            return
        age_s = _age_s(visit, state)
        for draw in draws:
            draw(state, age_s)
        await BEATS.sleep(REST_S)


async def _newer(visit: Visit, state: State) -> State:
    """The next state, or the same one after a beat."""
    try:
        async with BEATS.timeout(BEAT_S - REST_S):
            return await visit.house.next_state(state.sequence)
    except TimeoutError:
        return state


def _age_s(visit: Visit, state: State) -> float:
    return max((visit.now() - state.at).total_seconds(), 0.0)
