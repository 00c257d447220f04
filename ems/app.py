"""The composition root: a site file becomes parts, and the parts run in one TaskGroup."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ems.clock import Clock
from ems.config.schema import SiteFile
from ems.config.secrets import reveal
from ems.config.translate import to_site
from ems.csms.central_system import CentralSystem
from ems.devices.catalog import Devices, connect_devices
from ems.model.station import StationState
from ems.runtime.board import Board
from ems.runtime.dispatch import Dispatch, Sent
from ems.runtime.escalation import Escalations
from ems.runtime.loop import Loop, Watcher
from ems.runtime.poller import follow
from ems.runtime.watchdog import Watchdog

if TYPE_CHECKING:
    from ems.runtime.recorder import Recorder

LOGGER: Final = logging.getLogger(__name__)

METER_PAUSE_S: Final = 2.0
"""Longest pause between attempts to reach a silent grid meter: every car waits for it."""


class Service:
    """The whole of `ems run`."""

    def __init__(
        self,
        file: SiteFile,
        clock: Clock,
        *,
        sent: Sent | None = None,
        watchers: Sequence[Watcher] = (),
        bind_port: int | None = None,
    ) -> None:
        self._clock = clock
        self._site = to_site(file)
        self._devices: Devices = connect_devices(file, clock)
        self._board = Board(self._site, clock)
        self.central_system = CentralSystem(
            file.csms,
            file.stations,
            clock,
            self._station_changed,
            {entry.id: reveal(entry.password) for entry in file.stations if entry.password is not None},
            bind_port=bind_port,
        )
        self._dispatch = Dispatch(self._site, self.central_system.links, self._board, clock, sent=sent)
        self._escalations = Escalations(self.central_system.links, clock, resend=self._dispatch.resend)
        self._watchers = (self._escalations.watch, *watchers)
        self._recorder = _recorder(file, clock)

    async def run(self) -> None:
        """Serve until cancelled. A part that dies unexpectedly takes the service down, and the leases do the rest."""
        with ExitStack() as open_parts:
            if self._recorder is not None:
                open_parts.enter_context(self._recorder)
            loop = self._loop(open_parts.enter_context(Watchdog(self._clock)))
            try:
                async with asyncio.TaskGroup() as parts:
                    parts.create_task(self.central_system.serve(), name="central system")
                    parts.create_task(self._dispatch.run(), name="dispatch")
                    parts.create_task(loop.run(), name="loop")
                    parts.create_task(self._escalations.run(), name="escalations")
                    self._follow_devices(parts)
            finally:
                await self._devices.close()

    def _loop(self, watchdog: Watchdog) -> Loop:
        recorder = self._recorder
        return Loop(
            self._board,
            self._dispatch,
            self._clock,
            beat=watchdog.beat,
            watchers=self._watchers,
            records=[] if recorder is None else [recorder.record],
            memory=None if recorder is None else recorder.recall(self._site),
        )

    def _follow_devices(self, parts: asyncio.TaskGroup) -> None:
        devices, board, clock = self._devices, self._board, self._clock
        for job in devices.background:
            parts.create_task(job(), name="device link")
        for circuit_id, meter in devices.meters.items():
            post = partial(board.post_meter, circuit_id)
            parts.create_task(follow(meter, post, clock, longest_pause_s=METER_PAUSE_S), name=meter.name)
        for inverter in devices.solar:
            parts.create_task(follow(inverter, partial(board.post_solar, inverter.name), clock), name=inverter.name)
        if devices.battery is not None:
            parts.create_task(follow(devices.battery, board.post_battery, clock), name=devices.battery.name)
        if devices.operator_signal is not None:
            parts.create_task(devices.operator_signal.follow(board.set_dimmed), name="grid operator's signal")

    def _station_changed(self, state: StationState) -> None:
        self._dispatch.station_changed(state)
        self._board.post_station(state)


def _recorder(file: SiteFile, clock: Clock) -> Recorder | None:
    """What writes the journal; None where the site file names no folder for it."""
    if file.storage.path is None:
        return None
    # 18 MB of memory that only a journal needs.
    from ems.runtime.recorder import Recorder, Storage  # noqa: PLC0415 (the reason stands above)
    from ems.store.database import folder_url  # noqa: PLC0415 (the same)

    storage = Storage(url=folder_url(Path(file.storage.path)), bound_b=file.storage.journal_mb * 1_000_000)
    return Recorder(storage, clock)
