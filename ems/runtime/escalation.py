"""Steps against stations that draw more than they may: each once, with bounded retries, and never in control's way.

Control decides which step is due (`ems.control.seen.obedience`). The suspension itself is a set-point of 0 A that
dispatch sends; here the station is made to take it in another construction, even where its limit was 0 A before.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol

from ems.clock import Clock
from ems.errors import EmsError
from ems.model.decision import Decision, Escalation
from ems.model.snapshot import Snapshot

LOGGER: Final = logging.getLogger(__name__)

TRIES: Final = 3
TRY_AGAIN_AFTER_S: Final = 10.0


class Ways(Protocol):
    """The constructions that a station may take limits in."""

    def give_up_way(self) -> None:
        """Use another one from now on."""
        ...


class StubbornStation(Protocol):
    """What a step needs of a station."""

    @property
    def limits(self) -> Ways: ...

    async def remote_stop(self) -> None:
        """End the running transaction. Raises StationOffline, StationSilent or StationRefused."""
        ...


Resend = Callable[[str], None]
"""Sends that station its limit again at once; must not wait."""

OpenContactor = Callable[[], Awaitable[None]]
"""Cuts a station off; raises an EmsError when it cannot."""


class Escalations:
    """Watches decisions and takes the steps that they ask for."""

    def __init__(
        self,
        stations: Mapping[str, StubbornStation],
        clock: Clock,
        *,
        resend: Resend,
        contactors: Mapping[str, OpenContactor] | None = None,
    ) -> None:
        self._stations = stations
        self._resend = resend
        self._contactors = contactors or {}
        self._clock = clock
        self._due: dict[str, Escalation] = {}
        self._news = asyncio.Queue[tuple[str, Escalation]]()

    def watch(self, _look: Snapshot, decision: Decision) -> None:
        """A `Watcher` of the loop: notes every step that is new. Never waits."""
        for station_id, step in decision.escalations.items():
            if self._due.get(station_id) is not step:
                self._begin(station_id, step)
        self._due = dict(decision.escalations)

    async def run(self) -> None:
        """Take the steps, each on its own, for ever."""
        async with asyncio.TaskGroup() as steps:
            while True:
                station_id, step = await self._news.get()
                steps.create_task(self._take(station_id, step), name=f"{step} {station_id}")

    def _begin(self, station_id: str, step: Escalation) -> None:
        LOGGER.warning("%s draws more than its limit; next step: %s", station_id, step)
        if step is Escalation.SUSPEND:
            # At once: dispatch has the 0 A in its hands, and the construction is chosen when it sends.
            self._stations[station_id].limits.give_up_way()
            self._resend(station_id)
        else:
            self._news.put_nowait((station_id, step))

    async def _take(self, station_id: str, step: Escalation) -> None:
        act = self._contactors.get(station_id)
        if step is Escalation.REMOTE_STOP:
            act = self._stations[station_id].remote_stop
        if act is None:
            LOGGER.error("%s ignores its limit and has no contactor of ours: switch it off by hand", station_id)
            return
        for tries_left in reversed(range(TRIES)):
            if self._due.get(station_id) is not step:
                return
            try:
                await act()
            except EmsError as error:
                then = f"next try in {TRY_AGAIN_AFTER_S:g} s" if tries_left else "no further try"
                LOGGER.warning("%s: %s failed: %s; %s", station_id, step, error, then)
            else:
                LOGGER.info("%s: %s done", station_id, step)
                return
            if tries_left:
                await self._clock.sleep(TRY_AGAIN_AFTER_S)
