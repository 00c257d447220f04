"""The composition root: a site file becomes parts, and the parts run in one TaskGroup."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ems.clock import Clock
from ems.commissioning.desk import Desk
from ems.config.schema import SiteFile
from ems.config.secrets import reveal
from ems.config.translate import to_site, to_tariff
from ems.csms.central_system import CentralSystem
from ems.devices.catalog import Devices, connect_devices
from ems.model.station import StationState
from ems.runtime.board import Board
from ems.runtime.dispatch import Dispatch, Sent
from ems.runtime.escalation import Escalations
from ems.runtime.ledger import Ledger
from ems.runtime.loop import Loop, Watcher
from ems.runtime.poller import follow
from ems.runtime.terms import CAR_LASTS_S, Terms
from ems.runtime.watchdog import Watchdog
from ems.store.days import house_zone

if TYPE_CHECKING:
    from fastapi import FastAPI

    from ems.api.access import Access
    from ems.api.part import ApiPart
    from ems.api.ports import House
    from ems.runtime.recorder import Recorder

LOGGER: Final = logging.getLogger(__name__)

REPORTS_MISSED: Final = 3
"""So many reports may fail to come before a station's last one no longer stands for the present."""

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
        api_port: int | None = None,
    ) -> None:
        """`bind_port` and `api_port` override the ports of the site file, 0 takes any free one."""
        self._clock = clock
        folder = None if file.storage.path is None else Path(file.storage.path)
        self.desk: Final = Desk(file, folder, clock)
        file = self.desk.file
        self._file = file
        self._zone = house_zone(file.site.time_zone)
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
        self.desk.join(self._board, self._dispatch, self.central_system)
        self._watchers = (self._escalations.watch, self.desk.watch, *watchers)
        self.recorder: Final = _recorder(file, clock, self._zone)
        self.ledger: Ledger | None = None
        """From the start of `run` on."""
        self._api_port = api_port
        self.api: ApiPart | None = None
        """From the start of `run` on, where the site file wants it."""

    async def run(self) -> None:
        """Serve until cancelled. A part that dies unexpectedly takes the service down, and the leases do the rest."""
        with ExitStack() as open_parts:
            if self.recorder is not None:
                open_parts.enter_context(self.recorder)
            ledger = self.ledger = self._ledger()
            open_parts.callback(ledger.close)
            self.api = self._api(ledger)
            loop = self._loop(open_parts.enter_context(Watchdog(self._clock)), ledger)
            try:
                async with asyncio.TaskGroup() as parts:
                    parts.create_task(self.central_system.serve(), name="central system")
                    parts.create_task(self._dispatch.run(), name="dispatch")
                    parts.create_task(loop.run(), name="loop")
                    parts.create_task(self._escalations.run(), name="escalations")
                    if self.api is not None:
                        parts.create_task(self.api.run(loop), name="API and pages")
                    parts.create_task(self.desk.run(), name="commissioning")
                    self._follow_devices(parts)
            finally:
                await self._devices.close()

    def _ledger(self) -> Ledger:
        """The accounting of energy, in memory alone where nothing is recorded."""
        file, recorder = self._file, self.recorder
        terms = Terms(
            zone=self._zone,
            tariff=to_tariff(file),
            vehicles={entry.id: entry.vehicle for entry in file.stations if entry.vehicle is not None},
            car_lasts_s=max(CAR_LASTS_S, REPORTS_MISSED * file.csms.meter_values_s),
            ended_because=self._ended_because,
        )
        if recorder is None:
            return Ledger(self._site, terms, lambda _: None)
        kept = recorder.recall_ledger()
        return Ledger(self._site, terms, recorder.keep, kept=kept, late=None if kept else lambda: recorder.earlier)

    def _ended_because(self, station_id: str) -> str | None:
        ended = self.central_system.links[station_id].ended_sessions
        return ended[-1].reason if ended else None

    async def listening(self) -> None:
        """Wait until stations can connect, and pages are served or known not to be."""
        await self.central_system.listening.wait()
        if self.api is not None:
            await self.api.opened.wait()

    @property
    def page(self) -> str | None:
        """Where the pages are; None while they are not served."""
        return None if self.api is None or self.api.server is None else self.api.server.page

    @property
    def setup_code(self) -> str | None:
        """What the first person must show; None once somebody has an account."""
        return None if self.api is None else self.api.access.setup_code

    def _loop(self, watchdog: Watchdog, ledger: Ledger) -> Loop:
        recorder = self.recorder
        records = [] if recorder is None else [recorder.record]
        if self.api is not None:
            records.append(self.api.house.record)
        return Loop(
            self._board,
            self._dispatch,
            self._clock,
            beat=watchdog.beat,
            watchers=(*self._watchers, ledger.watch),
            records=records,
            memory=None if recorder is None else recorder.recall(self._site),
        )

    def _api(self, ledger: Ledger) -> ApiPart | None:
        """API and pages; None where the site file wants none, or where they cannot even be made."""
        if not self._file.api.enabled:
            return None
        try:
            # Tens of MB of memory that only the API needs.
            from ems.api.part import ApiPart, stores_of  # noqa: PLC0415 (the reason stands above)

            return ApiPart(
                self._file,
                self._site,
                self._board,
                self._clock,
                stations=self.central_system.links,
                stores=stores_of(ledger, self.recorder, self._clock, self._site),
                bind_port=self._api_port,
                mount=self._mount_pages,
            )
        except Exception:
            LOGGER.exception("API and pages cannot be made; control goes on without them")
            return None

    def _mount_pages(self, app: FastAPI, house: House, access: Access) -> None:
        """Put the pages on the API's application."""
        from ems.web import mount  # noqa: PLC0415 (as large as the API)

        mount(app, house, access, time_zone=self._zone, clock=self._clock)

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


def _recorder(file: SiteFile, clock: Clock, zone: tzinfo) -> Recorder | None:
    """What writes journal and books; None where the site file names no place for them."""
    section = file.storage
    if section.path is None and section.url is None:
        return None
    # 18 MB of memory that only a database needs.
    from ems.runtime.recorder import Recorder, Storage  # noqa: PLC0415 (the reason stands above)
    from ems.store.place import url_of  # noqa: PLC0415 (the same)

    return Recorder(Storage(url=url_of(section), bound_b=section.journal_mb * 1_000_000, zone=zone), clock)
