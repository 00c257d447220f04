"""The composition root: a site file becomes parts, and the parts run in one TaskGroup."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ems.clock import Clock, WallClock
from ems.commissioning.desk import Desk
from ems.config.schema import SiteFile
from ems.config.secrets import reveal
from ems.config.translate import to_site, to_tariff
from ems.control.cycle import Turn
from ems.control.memory import Memory
from ems.csms.central_system import CentralSystem
from ems.csms.quirks.learned import LearnedBook
from ems.csms.tags import TagDesk
from ems.devices.catalog import Devices, connect_devices
from ems.model.snapshot import Snapshot
from ems.model.station import StationState
from ems.model.transaction import Transaction
from ems.model.words import Phrase
from ems.parts import (
    battery_keeper,
    call_all,
    import_outside,
    keep_occurrence,
    kept_orders,
    learned_stations,
    mount_pages,
    recorder_of,
    relays_of,
)
from ems.runtime.board import Board
from ems.runtime.dispatch import Dispatch, Sent
from ems.runtime.earlier import earlier_transactions
from ems.runtime.escalation import Escalations
from ems.runtime.ledger import Ledger
from ems.runtime.loop import Loop, Record, Watcher
from ems.runtime.poller import follow
from ems.runtime.reads import Reads
from ems.runtime.supervisor import Supervisor
from ems.runtime.terms import CAR_LASTS_S, Terms
from ems.runtime.watchdog import Watchdog
from ems.store.days import house_zone
from ems.store.entries import Page

if TYPE_CHECKING:
    from ems.api.part import ApiPart
    from ems.api.server import WebServer
    from ems.api.waiting import Waiting
    from ems.api.wire import HealthRecord

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
        self._folder: Final = folder
        self.desk: Final = Desk(file, folder, clock)
        file = self.desk.file
        self._file = file
        self._zone = house_zone(file.site.time_zone)
        self._site = to_site(file)
        self._devices: Devices = connect_devices(file, clock)
        self._board = Board(self._site, clock)
        self._reads: Final = Reads(clock)
        learned = LearnedBook()
        self.tags: Final = TagDesk(clock)
        self.central_system = CentralSystem(
            file.csms,
            file.stations,
            clock,
            self._station_changed,
            {entry.id: reveal(entry.password) for entry in file.stations if entry.password is not None},
            bind_port=bind_port,
            authorise=self.tags.authorise,
            transaction_told=self._transaction_told,
            learned=learned,
            folder=folder,
        )
        self.relays: Final = relays_of(file, self.central_system, clock, folder)
        self.tags.look_at(self.central_system.charging)
        self._dispatch = Dispatch(self._site, self.central_system.links, self._board, clock, sent=sent)
        self._escalations = Escalations(self.central_system.links, clock, resend=self._dispatch.resend)
        self.desk.join(self._board, self._dispatch, self.central_system)
        self._battery = battery_keeper(file, self._devices, clock)
        keepers = () if self._battery is None else (self._battery.watch,)
        if self._battery is not None:
            self._board.battery_standing = self._battery.read_standing
        self._watchers = (self._escalations.watch, self.desk.watch, *keepers, *watchers)
        self.recorder: Final = recorder_of(file, clock, self._zone)
        self._learned = None if self.recorder is None else learned_stations(learned, self.recorder, clock)
        self._orders = None if self.recorder is None else kept_orders(self.central_system, self.recorder, clock)
        self.ledger: Ledger | None = None
        """From the start of `run` on."""
        self._api_port = api_port
        self.outside_settled: Final = asyncio.Event()
        """Set once the pages are served, or once it is known that they are not."""

        self._newest: tuple[Snapshot, Memory, Turn] | None = None
        """The last cycle, for those who come later."""

        self.waiting: Waiting | None = None
        """For the database; from soon after the start of `run` on."""

        self.api: ApiPart | None = None
        """Soon after the start of `run`, where the site file wants it."""

    async def run(self) -> None:
        """Serve until cancelled. A part that dies unexpectedly takes the service down, and the leases do the rest."""
        with ExitStack() as open_parts:
            if self.recorder is not None:
                open_parts.enter_context(self.recorder)
                self.recorder.note("service_started", facts={"version": version("fusewise")})
                open_parts.callback(self.recorder.note, "service_stopped")
                if self._learned is not None:
                    self._learned.recall()
                if self._orders is not None:
                    self._orders.recall()
            ledger = self.ledger = self._ledger()
            open_parts.callback(ledger.close)
            self.central_system.recall(earlier_transactions(self.recorder, self.central_system.links))
            self.central_system.gate.occurrences.noted = partial(keep_occurrence, ledger)
            # A hung loop is a matter of real time: a faster clock of a demo does not make it hang sooner.
            watchdog, supervisor = open_parts.enter_context(Watchdog(WallClock())), Supervisor(self._clock)
            loop = self._loop(ledger, beats=(watchdog.beat, supervisor.beat))
            try:
                async with asyncio.TaskGroup() as parts:
                    parts.create_task(self.central_system.serve(), name="central system")
                    if self.relays is not None:
                        parts.create_task(self.relays.run(), name="relays")
                    parts.create_task(self._dispatch.run(), name="dispatch")
                    parts.create_task(loop.run(), name="loop")
                    parts.create_task(self._escalations.run(), name="escalations")
                    parts.create_task(self.desk.run(), name="commissioning")
                    if self._learned is not None:
                        parts.create_task(self._learned.run(), name="learned stations")
                    if self._orders is not None:
                        parts.create_task(self._orders.run(), name="open orders")
                    parts.create_task(self._serve_outside(loop, ledger), name="API and pages")
                    parts.create_task(self._say_ready(supervisor), name="supervisor")
                    self._follow_devices(parts)
            finally:
                supervisor.ending()
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
        late = None if kept else lambda: recorder.earlier
        return Ledger(self._site, terms, recorder.keep, kept=kept, late=late, lasting=recorder.lasting)

    def _transaction_told(self, transaction: Transaction) -> None:
        if self.recorder is not None:
            self.recorder.keep(Page(transactions=(transaction,)))
        if self.ledger is not None:
            self.ledger.told(transaction)

    def _ended_because(self, station_id: str) -> str | None:
        ended = self.central_system.links[station_id].ended_sessions
        return ended[-1].reason if ended else None

    @property
    def page(self) -> str | None:
        """Where the pages are; None while they are not served."""
        return None if self.api is None or self.api.server is None else self.api.server.page

    @property
    def setup_code(self) -> str | None:
        """What the first person must show; None once somebody has an account."""
        return None if self.api is None else self.api.access.setup_code

    async def _say_ready(self, supervisor: Supervisor) -> None:
        await self.central_system.listening.wait()
        supervisor.ready()

    def _loop(self, ledger: Ledger, *, beats: Sequence[Callable[[], None]]) -> Loop:
        recorder = self.recorder
        records: list[Record] = [] if recorder is None else [recorder.record]
        records.append(self._tell_outside)
        return Loop(
            self._board,
            self._dispatch,
            self._clock,
            beat=lambda: call_all(beats),
            watchers=(*self._watchers, ledger.watch),
            records=records,
            memory=None if recorder is None else recorder.recall(self._site),
        )

    async def _serve_outside(self, loop: Loop, ledger: Ledger) -> None:
        """API and pages. They come when control runs already, and whatever befalls them, it goes on."""
        try:
            if self._file.api.enabled:
                # A second or more of imports and tens of MB; control works meanwhile.
                await asyncio.to_thread(import_outside)
                self.api = await self._api(ledger)
                if self._newest is not None:
                    self.api.house.record(*self._newest)
                await self.api.run(loop, settled=self.outside_settled)
        except Exception:
            LOGGER.exception("API and pages ended; control goes on without them")
        finally:
            self.outside_settled.set()

    async def _api(self, ledger: Ledger) -> ApiPart:
        from ems.api.installer import InstallersDesk  # noqa: PLC0415 (imported already, in a thread)
        from ems.api.part import ApiPart, stores_of  # noqa: PLC0415 (the same)
        from ems.api.routes.commissioning import installer_router  # noqa: PLC0415 (the same)
        from ems.api.routes.peculiarities import peculiarities_router  # noqa: PLC0415 (the same)
        from ems.api.routes.report_card import report_card_router  # noqa: PLC0415 (the same)
        from ems.api.routes.station_security import security_router  # noqa: PLC0415 (the same)
        from ems.api.servicing.cards import CardShelf  # noqa: PLC0415 (the same)
        from ems.api.waiting import Waiting  # noqa: PLC0415 (the same)

        installers = InstallersDesk(self.desk, self._clock)
        waiting = self.waiting = Waiting(self._clock, self._waiting_server)
        part = ApiPart(
            self._file,
            self._board,
            self._clock,
            stations=self.central_system.links,
            stores=await stores_of(ledger, self.recorder, self._clock, self._site, waiting=waiting),
            bind_port=self._api_port,
            mount=partial(mount_pages, installers, self._zone, self._clock),
            routers=[
                installer_router(installers),
                report_card_router(self.desk, CardShelf(self._folder)),
                peculiarities_router(self.central_system.links),
                security_router(self.central_system, self._audit),
            ],
            waiting=waiting,
            inlets=self._devices.pushed,
            tag_desk=self.tags,
            devices=self._reads.health,
            battery=self._battery,
        )
        self.desk.audit = part.access.audit_commissioning
        return part

    def _audit(self, who: str, said: Phrase) -> None:
        self.desk.audit(who, said)

    def _waiting_server(self) -> WebServer:
        """Answers while the database is away."""
        from ems.api.health import health_without_database  # noqa: PLC0415 (imported already, in a thread)
        from ems.api.waiting import waiting_server  # noqa: PLC0415 (the same)

        def health() -> HealthRecord:
            return health_without_database(None if self._newest is None else self._newest[0].now_s, self._clock)

        return waiting_server(self._file.api, self._clock, health, bind_port=self._api_port)

    def _tell_outside(self, look: Snapshot, before: Memory, turn: Turn) -> None:
        self._newest = (look, before, turn)
        if self.api is not None:
            self.api.house.record(look, before, turn)

    def _follow_devices(self, parts: asyncio.TaskGroup) -> None:
        devices, board, clock, noted = self._devices, self._board, self._clock, self._reads.noted
        for job in devices.background:
            parts.create_task(job(), name="device link")
        for circuit_id, meter in devices.meters.items():
            post = partial(board.post_meter, circuit_id)
            read = follow(noted(meter, "meter"), post, clock, longest_pause_s=METER_PAUSE_S)
            parts.create_task(read, name=meter.name)
        for inverter in devices.solar:
            post_sun = partial(board.post_solar, inverter.name)
            parts.create_task(follow(noted(inverter, "inverter"), post_sun, clock), name=inverter.name)
        if devices.battery is not None:
            battery = noted(devices.battery, "battery")
            parts.create_task(follow(battery, board.post_battery, clock), name=battery.name)
        if self._battery is not None:
            parts.create_task(self._battery.run(), name="battery's bounds")
        if devices.operator_signal is not None:
            parts.create_task(devices.operator_signal.follow(board.set_dimmed), name="grid operator's signal")

    def _station_changed(self, state: StationState) -> None:
        self._dispatch.station_changed(state)
        self._board.post_station(state)
