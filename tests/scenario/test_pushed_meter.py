"""The house's meter only lives in another program, which brings its readings over the real API, and falls silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from ems.api.wire import Role
from ems.config.schema import MeterEntry, SiteFile
from ems.model.decision import LimitReason
from ems.model.electrical import NOMINAL_V, Phase
from tests.scenario.stage import Stage, site, staged

PERIOD_S = 5.0
EVERY_S = 2.0
LOST_AFTER_S = 25.0
FOLLOWS_S = 10.0
HAIR_A = 0.5


class Program:
    """Brings what the house's main fuse carries, until its sensor falls silent."""

    def __init__(self, stage: Stage, client: httpx.AsyncClient) -> None:
        self._stage = stage
        self._client = client
        self.silent = False
        self.codes: list[str | None] = []
        self._measured_at_s = 0.0
        self._powers_w: tuple[float, ...] = ()

    async def run(self) -> None:
        while True:
            await self._bring()
            await self._stage.clock.sleep(EVERY_S)

    async def _bring(self) -> None:
        now_s = self._stage.clock.monotonic_s()
        if not self.silent:
            world = self._stage.house.world
            world.advance_to(now_s)
            current_a = world.circuit("main").current_a
            self._measured_at_s, self._powers_w = now_s, tuple(current_a[phase] * NOMINAL_V for phase in Phase)
        reading = {
            "device": "grid",
            "age_s": now_s - self._measured_at_s,
            "power_w": sum(self._powers_w),
            "powers_w": self._powers_w,
        }
        answer = await self._client.post("api/v1/readings", json={"readings": [reading]})
        self.codes.append(answer.json()["verdicts"][0]["code"])


def told(file: SiteFile) -> SiteFile:
    """What the service knows of it: a meter that a program tells of."""
    meter = MeterEntry(id="grid", pushed=True, period_s=PERIOD_S)
    return file.model_copy(update={"meters": (meter,)})


@asynccontextmanager
async def bringing(stage: Stage) -> AsyncIterator[Program]:
    """The program at work, with a token of its own."""
    async with stage.clock.timeout(600.0):
        await stage.service.outside_settled.wait()
    api, page = stage.service.api, stage.service.page
    assert api is not None
    assert page is not None
    installer, _ = await api.access.set_up(api.access.setup_code or "", "ina", "correct horse", address="here")
    _, token = await api.access.add_client("Home Assistant", Role.HOMEOWNER, by=installer)
    async with httpx.AsyncClient(base_url=page, headers={"Authorization": f"Bearer {token}"}) as client:
        program = Program(stage, client)
        running = asyncio.create_task(program.run())
        try:
            yield program
        finally:
            running.cancel()
            await asyncio.wait([running])


async def test_a_sensor_that_falls_silent_sends_every_car_to_its_fallback_until_it_speaks_again() -> None:
    file = site()
    async with staged(file, told=told(file), api=True) as stage, bringing(stage) as program:
        await stage.until_charging()
        # From now on it brings the value that it knows, with its true age.
        program.silent = True
        await stage.until(lambda: stage.reasons() == {LimitReason.METER_LOST}, within_s=LOST_AFTER_S + FOLLOWS_S)
        await stage.until(
            lambda: all(stage.drawn_a(name) <= 6.0 + HAIR_A for name in stage.house.stations), within_s=2 * FOLLOWS_S
        )
        await stage.until(lambda: program.codes[-1] == "too_old", within_s=FOLLOWS_S)
        assert stage.service.api is not None
        (source,) = stage.service.api.house.state().sources
        assert (source.id, source.silent) == ("grid", True)

        program.silent = False
        await stage.until(lambda: LimitReason.METER_LOST not in stage.reasons(), within_s=120)
        await stage.until_charging()
        assert stage.house.report().seconds_over_rating == 0
