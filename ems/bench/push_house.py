"""A house whose control, live house, push and web server are the real ones, for the bench of the push socket."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from ems.bench.decision import SEED, bench_site, look_at, obeyed_by, plugged_in
from ems.clock import Clock
from ems.control.cycle import decide
from ems.control.memory import Memory
from ems.runtime.board import Board

STATIONS: Final = 6
LOOPBACK: Final = "127.0.0.1"


class PushHouse:
    """`turn` is one cycle of control, told to the live house as the loop tells it."""

    def __init__(self, clock: Clock) -> None:
        # The API is large, and a bench that leaves this out should stay small.
        from ems.api.access import Access  # noqa: PLC0415 (the reason stands above)
        from ems.api.live import LiveHouse  # noqa: PLC0415 (the same)
        from ems.api.push import Push  # noqa: PLC0415 (the same)
        from ems.api.scene import HouseName  # noqa: PLC0415 (the same)

        self._clock = clock
        self._site = bench_site(STATIONS)
        self._dice = random.Random(SEED)
        self._states = {station.station_id: plugged_in(station.station_id) for station in self._site.stations}
        self._memory = Memory.fresh(clock.monotonic_s())
        self._now_s = clock.monotonic_s()
        name = HouseName(site_id="bench", name="Bench", version="bench")
        self._live = LiveHouse(Board(self._site, clock), self._site, clock, name)
        self._access = Access(clock)
        self._push = Push(self._live, clock)

    @property
    def clients(self) -> int:
        return self._push.clients

    @property
    def joined(self) -> int:
        """Those that are there, and those that were dropped."""
        return self._push.clients + self._push.dropped

    @property
    def dropped(self) -> int:
        return self._push.dropped

    def turn(self) -> None:
        """One second of the house, one cycle of control."""
        self._now_s += 1.0
        look = look_at(self._site, self._states, self._now_s, self._dice)
        turn = decide(look, self._memory)
        self._live.record(look, self._memory, turn)
        self._memory = turn.memory
        self._states = obeyed_by(self._states, turn.decision.setpoints, self._now_s)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[tuple[int, str]]:
        """The API on a free port, and a token for it."""
        from ems.api.application import Vitals, application  # noqa: PLC0415 (as above)
        from ems.api.server import WebServer  # noqa: PLC0415 (the same)
        from ems.api.wire import HealthRecord  # noqa: PLC0415 (the same)
        from ems.config.schema_api import ApiSection  # noqa: PLC0415 (the same)

        section = ApiSection(host=LOOPBACK, announce=False)
        health = HealthRecord(status="ok", cycle_age_s=0.0, reasons=())
        app = application(
            self._live,
            self._access,
            clock=self._clock,
            push=self._push,
            vitals=Vitals(health=lambda: health),
            section=section,
        )
        token = await self._token()
        server = WebServer(app, section, self._clock, bind_port=0)
        working = [asyncio.create_task(server.run()), asyncio.create_task(self._push.run())]
        try:
            await server.settled.wait()
            if server.port is None:
                raise OSError("the API cannot listen on loopback")
            yield server.port, token
        finally:
            for task in working:
                task.cancel()
            await asyncio.wait(working)

    async def _token(self) -> str:
        from ems.api.wire import Role  # noqa: PLC0415 (as above)

        await self._access.open()
        code = self._access.setup_code or ""
        person, _ = await self._access.set_up(code, "bench", "bench of the push socket", address=LOOPBACK)
        _, token = await self._access.add_client("bench", Role.VIEWER, by=person)
        return token
