"""API and pages of a live house for tests: in process, and on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from fastapi import APIRouter, FastAPI
from websockets.asyncio.client import ClientConnection, connect

from ems.api.access.book import Access
from ems.api.access.passwords import Passwords
from ems.api.application import Vitals, application
from ems.api.commands import StationCommands
from ems.api.health import health
from ems.api.metrics import Figures
from ems.api.part import service_routers
from ems.api.push import Push
from ems.api.routes.commands import commands_router
from ems.api.routes.readings import readings_router
from ems.api.routes.vehicles import vehicles_router
from ems.api.server import WebServer
from ems.api.servicing.desk import Servicing
from ems.api.sources import MemoryShelf
from ems.api.wire import Role
from ems.config.schema_api import ApiSection
from ems.csms.tags import TagDesk
from tests.live import LiveBench
from tests.paper_station import PaperStation

HERE = "http://fusewise.test"
PASSWORD = "correct horse"
FAST_PASSWORDS_KIB = 8
"""Memory of a hash in tests: nobody attacks them."""

GUARD_S = 30.0

PEOPLE = {Role.VIEWER: "vera", Role.HOMEOWNER: "homer", Role.INSTALLER: "ines"}


class ApiBench:
    """A live house after a minute, and its application."""

    def __init__(
        self,
        bench: LiveBench | None = None,
        *,
        section: ApiSection | None = None,
        routers: Sequence[APIRouter] = (),
        seconds: float = 60,
        folder: Path | None = None,
    ) -> None:
        """`folder` keeps firmware and logs."""
        self.bench = bench or LiveBench()
        if seconds:
            self.bench.run(seconds)
        self.clock = self.bench.clock
        self.section = section or ApiSection(host="127.0.0.1")
        self.access = Access(self.clock, diary=self.bench.diary, passwords=Passwords(memory_kib=FAST_PASSWORDS_KIB))
        self.stations = {station.station_id: PaperStation() for station in self.bench.house.stations}
        self.commands = StationCommands(self.stations, self.clock, self.bench.diary)
        self.tag_desk = TagDesk(self.clock)
        self.servicing = Servicing(
            self.commands,
            self.clock,
            shelf=MemoryShelf(),
            tag_desk=self.tag_desk,
            folder=folder,
            files_at=ApiSection(host="127.0.0.1"),
            files_port=0,
        )
        self.push = Push(self.bench.live, self.clock)
        self.app: FastAPI = application(
            self.bench.live,
            self.access,
            clock=self.clock,
            push=self.push,
            vitals=Vitals(health=lambda: health(self.bench.live, self.clock), figures=Figures),
            section=self.section,
            routers=(*self._own_routers(), *routers),
        )
        self.tokens: dict[Role, str] = {}

    def _own_routers(self) -> Iterator[APIRouter]:
        yield readings_router(self.bench.feed)
        yield vehicles_router(self.bench.live.cars)
        yield commands_router(self.commands)
        yield from service_routers(self.servicing)

    async def peopled(self) -> ApiBench:
        """A person of every role, and a token for each."""
        await self.access.open()
        code = self.access.setup_code
        assert code is not None
        installer, _ = await self.access.set_up(code, PEOPLE[Role.INSTALLER], PASSWORD, address="setup")
        for role in (Role.VIEWER, Role.HOMEOWNER):
            await self.access.add_account(PEOPLE[role], PASSWORD, role, by=installer)
        for role in Role:
            _, self.tokens[role] = await self.access.add_client(f"{role}'s client", role, by=installer)
        return self

    def bearer(self, role: Role) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.tokens[role]}"}

    def client(self, role: Role | None = None, *, base: str = HERE, address: str = "192.0.2.7") -> httpx.AsyncClient:
        """Asks in process, as somebody of that role or as nobody."""
        headers = {} if role is None else dict(self.bearer(role))
        transport = httpx.ASGITransport(app=self.app, client=(address, 40000), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=base, headers=headers)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[WebServer]:
        """The same on a real socket, with its push socket at work."""
        server = WebServer(self.app, self.section, self.clock, bind_port=0)
        working = [asyncio.create_task(server.run()), asyncio.create_task(self.push.run())]
        try:
            async with asyncio.timeout(GUARD_S):
                await server.settled.wait()
            yield server
        finally:
            for task in working:
                task.cancel()
            await asyncio.wait(working)

    @asynccontextmanager
    async def socket(
        self, server: WebServer, role: Role | None = None, query: str = ""
    ) -> AsyncIterator[ClientConnection]:
        """A push socket of a client with that role's token."""
        headers = {} if role is None else self.bearer(role)
        url = f"ws://127.0.0.1:{server.port}/api/v1/ws{query}"
        async with connect(url, additional_headers=headers, compression=None) as socket:
            yield socket
