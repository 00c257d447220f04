"""Reading devices over real sockets: one meter ten times a second, and twenty on five connections once a second."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from ems.bench.devices_far import LOOPBACK, METER
from ems.bench.figures import DevicesFigures, ReadsFigures, spread
from ems.clock import Clock, WallClock
from ems.config.schema import SiteFile
from ems.devices.catalog import connect_devices
from ems.devices.ports import Device
from ems.model.readings import GridReading
from ems.runtime.poller import follow
from ems.runtime.usage import usage

FAST_S: Final = 0.1
USUAL_S: Final = 1.0
ENDPOINTS: Final = 5
UNITS: Final = 4
LOOKS_EVERY_S: Final = 0.25
SETTLES_S: Final = 1.0
"""After the start, before anything is counted."""


def measure_devices(for_s: float) -> DevicesFigures:
    """Both houses, one after the other, for so long each."""
    if for_s <= 0.0:
        return DevicesFigures(skipped="left out")
    clock = WallClock()
    return DevicesFigures(
        fast=asyncio.run(_measured(1, 1, FAST_S, for_s, clock)),
        many=asyncio.run(_measured(ENDPOINTS, UNITS, USUAL_S, for_s, clock)),
    )


@dataclass
class _Seen:
    """What one device gave."""

    device: Device[GridReading]
    clock: Clock
    taken_at_s: float = float("-inf")
    took_s: list[float] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.device.name

    @property
    def period_s(self) -> float:
        return self.device.period_s

    @property
    def pushes(self) -> bool:
        return self.device.pushes

    async def read(self) -> GridReading:
        asked_at_s = self.clock.monotonic_s()
        reading = await self.device.read()
        self.took_s.append(self.clock.monotonic_s() - asked_at_s)
        return reading

    async def close(self) -> None:
        await self.device.close()

    def post(self, reading: GridReading) -> None:
        self.taken_at_s = reading.taken_at_s


async def _measured(endpoints: int, units: int, period_s: float, for_s: float, clock: Clock) -> ReadsFigures:
    async with _far_side(endpoints, units) as ports:
        devices = connect_devices(_site(ports, units, period_s), clock)
        seen = [_Seen(meter, clock) for meter in devices.meters.values()]
        readers = [asyncio.create_task(follow(each, each.post, clock)) for each in seen]
        try:
            await clock.sleep(SETTLES_S)
            return await _counted(seen, endpoints, period_s, for_s, clock)
        finally:
            for reader in readers:
                reader.cancel()
            await asyncio.wait(readers)
            await devices.close()


async def _counted(seen: Sequence[_Seen], endpoints: int, period_s: float, for_s: float, clock: Clock) -> ReadsFigures:
    for each in seen:
        each.took_s.clear()
    began_s, spent_s, oldest_s = clock.monotonic_s(), usage().cpu_s, 0.0
    while clock.monotonic_s() - began_s < for_s:
        await clock.sleep(LOOKS_EVERY_S)
        oldest_s = max(oldest_s, *(clock.monotonic_s() - each.taken_at_s for each in seen))
    lasted_s = clock.monotonic_s() - began_s
    took_s = [each_s for each in seen for each_s in each.took_s]
    return ReadsFigures(
        devices=len(seen),
        endpoints=endpoints,
        period_s=period_s,
        lasted_s=round(lasted_s, 1),
        readings=len(took_s),
        share=round(len(took_s) * period_s / len(seen) / lasted_s, 3),
        reads=spread(took_s or [0.0]),
        oldest_s=round(oldest_s, 3),
        cpu_share=round((usage().cpu_s - spent_s) / lasted_s, 4),
    )


def _site(ports: Sequence[int], units: int, period_s: float) -> SiteFile:
    """A meter at the main fuse, and one at each of as many sub-circuits as there are units."""
    places = [(port, unit) for unit in range(1, units + 1) for port in ports]
    circuits = [f"c{number}" for number in range(1, len(places))]
    meters = [
        {"id": f"m_{circuit}", "circuit": circuit, "profile": METER, "modbus": _at(*place)}
        for circuit, place in zip(["main", *circuits], places, strict=True)
    ]
    file = SiteFile.model_validate(
        {
            "connection": {"main_fuse_a": 63},
            "circuits": [{"id": circuit, "fuse_a": 16} for circuit in circuits],
            "meters": meters,
            "stations": [{"id": "garage"}],
        }
    )
    # Ten times a second is more than a site file allows.
    return file.model_copy(
        update={"meters": tuple(each.model_copy(update={"period_s": period_s}) for each in file.meters)}
    )


def _at(port: int, unit: int) -> dict[str, object]:
    return {"host": LOOPBACK, "port": port, "unit": unit, "timeout_s": 5}


@asynccontextmanager
async def _far_side(endpoints: int, units: int) -> AsyncIterator[list[int]]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ems.bench.devices_far", str(endpoints), str(units)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the far side was started without pipes")
    try:
        ports: list[int] = json.loads(await process.stdout.readline())
        yield ports
    finally:
        process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            await process.wait()
