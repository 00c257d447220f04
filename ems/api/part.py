"""API and pages as one part of the service: put together, opened, run beside control, never in its way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Protocol

from fastapi import APIRouter, FastAPI

from ems.api.access.book import Access
from ems.api.access.kept import KeptAccounts
from ems.api.access.store import AccountStore
from ems.api.application import Vitals, application
from ems.api.commands import StationCommands
from ems.api.devices import Told, WatchedDevices
from ems.api.directory import BootDirectory, BootedStation
from ems.api.discovery import announce, announcement
from ems.api.feed import Feed
from ems.api.health import health
from ems.api.house_name import SITE_ID_KEY, site_id
from ems.api.kept import Database, LedgerBooks, RecordedArchive, RecordedDiary, RecordedShelf
from ems.api.kept_wishes import WISHES_KEY
from ems.api.live import LiveHouse
from ems.api.metrics import Figures
from ems.api.mqtt.face import MqttFace
from ems.api.ports import House
from ems.api.push import Push
from ems.api.routes.commands import commands_router
from ems.api.routes.files import files_router
from ems.api.routes.on_request import display_router, monitor_router
from ems.api.routes.readings import readings_router
from ems.api.routes.servicing import servicing_router
from ems.api.routes.tags import tags_router
from ems.api.routes.vehicles import vehicles_router
from ems.api.scene import HouseName
from ems.api.scribe import Scribe
from ems.api.server import WebServer
from ems.api.servicing.desk import Servicing
from ems.api.servicing.ports import ServicedStation
from ems.api.servicing.tags import TAGS_KEY
from ems.api.sources import (
    Archive,
    Books,
    Diary,
    KeptBattery,
    LogDiary,
    MemoryShelf,
    NoArchive,
    NoBooks,
    Shelf,
    Sources,
)
from ems.api.vehicle_book import VEHICLES_KEY
from ems.api.waiting import Waiting
from ems.api.wire import HealthRecord
from ems.clock import Clock
from ems.config.schema import SiteFile
from ems.config.schema_api import ApiSection
from ems.config.secrets import reveal
from ems.csms.tags import TagDesk
from ems.devices.cautions import cautions
from ems.devices.mqtt.link import Broker
from ems.devices.pushed import Inlet
from ems.model.site import Site
from ems.runtime.board import Board
from ems.runtime.ledger import Ledger
from ems.runtime.loop import Loop
from ems.runtime.recorder import Recorder
from ems.store.days import house_zone

LOGGER: Final = logging.getLogger(__name__)


class OutsideStation(BootedStation, ServicedStation, Protocol):
    """A station as API and pages need it."""


Mount = Callable[[FastAPI, House, Access], None]
"""Puts pages on the application."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """What outlives the service; the defaults forget everything."""

    books: Books = NoBooks()
    archive: Archive = NoArchive()
    shelf: Shelf | None = None
    diary: Diary = LogDiary()
    accounts: AccountStore | None = None
    close: Callable[[], None] = lambda: None


async def stores_of(
    ledger: Ledger, recorder: Recorder | None, clock: Clock, site: Site, *, waiting: Waiting | None = None
) -> Stores:
    """What the service counts and keeps; where it keeps nothing, all but the counting forgets.

    What people set and who the house is are read before anything is kept over them, from a database that may come late.
    """
    books = LedgerBooks(ledger, [station.station_id for station in site.stations])
    if recorder is None:
        return Stores(books=books)
    database = Database(recorder)
    scribe = Scribe(clock)
    shelf = RecordedShelf(database, clock, scribe)
    waiting = waiting or Waiting(clock)
    await waiting.until(
        lambda: shelf.learn(WISHES_KEY, SITE_ID_KEY, VEHICLES_KEY, TAGS_KEY), "what people set before is not known yet"
    )
    return Stores(
        books=books,
        archive=RecordedArchive(database),
        shelf=shelf,
        diary=RecordedDiary(database, clock, scribe),
        accounts=KeptAccounts(database, clock),
        close=scribe.close,
    )


class ApiPart:
    """`house.record` goes to the loop; `run` into the service's task group."""

    def __init__(
        self,
        file: SiteFile,
        board: Board,
        clock: Clock,
        *,
        stations: Mapping[str, OutsideStation],
        stores: Stores | None = None,
        bind_port: int | None = None,
        mount: Mount | None = None,
        routers: Sequence[APIRouter] = (),
        waiting: Waiting | None = None,
        inlets: Mapping[str, Inlet] | None = None,
        tag_desk: TagDesk | None = None,
        devices: Told = tuple,
        battery: KeptBattery | None = None,
    ) -> None:
        """`mount` puts pages on the application; `routers` of other parts stand below `/api/v1`.

        `inlets` take the readings that programs bring; `devices` tells how well each is read, `battery` how its orders
        stand.
        """
        stores = stores or Stores()
        shelf = stores.shelf or MemoryShelf()
        self.name: Final = HouseName(
            site_id=site_id(shelf, file.site.name), name=file.site.name, version=version("fusewise")
        )
        circuits = {meter.id: meter.circuit for meter in file.meters}
        feed = Feed(inlets or {}, clock, stores.diary, circuits=circuits)
        sources = Sources(
            books=stores.books,
            directory=BootDirectory(stations),
            archive=stores.archive,
            shelf=shelf,
            diary=stores.diary,
            feeds=feed,
            gauges=WatchedDevices(devices, clock, circuits=circuits),
            battery=battery,
            battery_kwh=None if file.battery is None else file.battery.capacity_kwh,
        )
        self._file = file
        self._experimental = tuple(each.device_id for each in cautions(file) if each.about == "experimental")
        self._clock = clock
        self._bind_port = bind_port
        self._mount = mount
        commands = StationCommands(stations, clock, stores.diary)
        self.servicing: Final = Servicing(
            commands,
            clock,
            shelf=shelf,
            tag_desk=tag_desk or TagDesk(clock),
            folder=None if file.storage.path is None else Path(file.storage.path),
            files_at=ApiSection(host=file.csms.host, port=file.csms.files_port),
            files_port=bind_port if bind_port == 0 else None,
        )
        self._routers = (readings_router(feed), commands_router(commands), *service_routers(self.servicing), *routers)
        self._stores = stores
        self._waiting = waiting or Waiting(clock)
        self.house: Final = LiveHouse(
            board,
            board.site,
            clock,
            self.name,
            sources=sources,
            vehicles={entry.id: entry.vehicle for entry in file.stations if entry.vehicle is not None},
            known_vehicles={vehicle.id: vehicle.battery_kwh for vehicle in file.vehicles},
            zone=house_zone(file.site.time_zone),
        )
        self.access: Final = Access(clock, store=stores.accounts, diary=stores.diary)
        self.push: Final = Push(self.house, clock)
        self.server: WebServer | None = None

    def application(self, loop: Loop) -> FastAPI:
        """The application, with pages on it."""
        app = application(
            self.house,
            self.access,
            clock=self._clock,
            push=self.push,
            vitals=Vitals(health=self._health, figures=lambda: self._figures(loop)),
            section=self._file.api,
            routers=(*self._routers, vehicles_router(self.house.cars)),
        )
        if self._mount is not None:
            self._mount(app, self.house, self.access)
        return app

    def _health(self) -> HealthRecord:
        return health(self.house, self._clock, experimental=self._experimental)

    async def run(self, loop: Loop, *, settled: asyncio.Event) -> None:
        """Open and serve for ever; sets `settled` once the pages are served, or once it is known that they are not."""
        try:
            await self._open()
            app = await asyncio.to_thread(self.application, loop)
            server = self.server = WebServer(app, self._file.api, self._clock, bind_port=self._bind_port)
            async with asyncio.TaskGroup() as parts:
                parts.create_task(_beside("push", self.push.run()), name="push")
                parts.create_task(server.run(), name="web server")
                parts.create_task(_beside("servicing", self.servicing.run()), name="servicing")
                parts.create_task(_beside("token uses", self.access.uses.run()), name="token uses")
                if (face := self._mqtt_face()) is not None:
                    parts.create_task(_beside("MQTT face", face.run()), name="MQTT face")
                await server.settled.wait()
                settled.set()
                self._announce(parts, server)
        finally:
            self._stores.close()

    async def _open(self) -> None:
        """Learn who may come in, from a database that may be busy or in trouble just now."""
        await self._waiting.until(self.access.open, "nobody can log in yet")
        self._say_setup_code()

    def _mqtt_face(self) -> MqttFace | None:
        broker = self._file.mqtt
        if broker is None or broker.publish is None:
            return None
        known = Broker(
            host=broker.host,
            port=broker.port,
            username=broker.username,
            password=None if broker.password is None else reveal(broker.password),
            tls=broker.tls,
        )
        return MqttFace(self.house, self.name.site_id, known, broker.publish, self._clock)

    def _announce(self, parts: asyncio.TaskGroup, server: WebServer) -> None:
        if server.port is None:
            return
        said = announcement(self._file.api, self.name, server.port)
        if said is not None:
            parts.create_task(_beside("announcement", announce(said)), name="announcement")

    def _say_setup_code(self) -> None:
        if self.access.setup_code is not None:
            LOGGER.info("nobody has an account yet; make the first with the setup code %s", self.access.setup_code)

    def _figures(self, loop: Loop) -> Figures:
        return Figures(
            cycles=loop.turns,
            cycle_s=loop.turn_s,
            push_clients=self.push.clients,
            push_dropped=self.push.dropped,
        )


def service_routers(servicing: Servicing) -> tuple[APIRouter, ...]:
    """The routes of servicing stations."""
    return (
        servicing_router(servicing),
        monitor_router(servicing.on_request),
        display_router(servicing.on_request),
        files_router(servicing.files),
        tags_router(servicing.tags),
    )


async def _beside(name: str, job: Coroutine[Any, Any, None]) -> None:
    """A job whose failure is said and takes nothing else with it."""
    try:
        await job
    except Exception:
        LOGGER.exception("%s failed; the rest goes on without it", name)
