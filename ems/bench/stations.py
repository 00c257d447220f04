"""A thousand stations on one central system: how long they wait, what they take, how soon a limit is everywhere."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from ems.bench.figures import Spread, StationsFigures
from ems.clock import Clock, WallClock

JOINS_PER_S: Final = 50.0
STORM_PER_S: Final = 100.0
LOOKS: Final = 12
ANSWERS_WITHIN_S: Final = 300.0
FILES_BESIDE: Final = 256

Shown = Callable[[float], None]
"""Told which share of the work is done, 0 to 1."""


def measure_stations(stations: int, for_s: float, shown: Shown = lambda _share: None) -> StationsFigures:
    """So many stations with meter values every 10 s for so long; then a storm of reconnections."""
    if stations <= 0 or for_s <= 0.0:
        return StationsFigures(skipped="left out")
    try:
        _allow_files(2 * stations + FILES_BESIDE)
        return asyncio.run(_measured(stations, for_s, shown, WallClock()))
    except (OSError, TimeoutError, ValueError) as error:
        return StationsFigures(skipped=str(error) or "the stations were not answered in time")


@dataclass(slots=True)
class _Other:
    """A process that answers line by line."""

    process: asyncio.subprocess.Process
    clock: Clock

    @classmethod
    async def begun(cls, clock: Clock, module: str, *words: object) -> Self:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", module, *map(str, words)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        return cls(process, clock)

    async def heard(self) -> Mapping[str, Any]:
        """Its next line."""
        if self.process.stdout is None:
            raise OSError("a process of the bench cannot be heard")
        async with self.clock.timeout(ANSWERS_WITHIN_S):
            line = await self.process.stdout.readline()
        if not line:
            raise OSError("a process of the bench ended")
        told: Mapping[str, Any] = json.loads(line)
        return told

    async def asked(self, line: str) -> Mapping[str, Any]:
        """Its answer."""
        if self.process.stdin is None:
            raise OSError("a process of the bench cannot be asked")
        self.process.stdin.write(f"{line}\n".encode())
        await self.process.stdin.drain()
        return await self.heard()

    async def ended(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


async def _measured(stations: int, for_s: float, shown: Shown, clock: Clock) -> StationsFigures:
    server = await _Other.begun(clock, "ems.bench.stations_server", stations)
    try:
        port = (await server.heard())["port"]
        fleet = await _Other.begun(clock, "ems.bench.stations_clients", port, stations)
        try:
            return await _played(server, fleet, stations, for_s, shown)
        finally:
            await fleet.ended()
    finally:
        await server.ended()


async def _played(server: _Other, fleet: _Other, stations: int, for_s: float, shown: Shown) -> StationsFigures:
    empty = await server.asked("look")
    joined = await fleet.asked(f"join {stations / JOINS_PER_S}")
    first_limits = await server.asked("limit")
    await fleet.asked("look")
    looks = [await server.asked("look")]
    for i in range(LOOKS):
        await server.clock.sleep(for_s / LOOKS)
        looks.append(await server.asked("look"))
        shown((i + 1) / LOOKS)
    heard = await fleet.asked("look")
    limits = await server.asked("limit")
    after_limits = await server.asked("look")
    await fleet.asked("drop")
    storm = await fleet.asked(f"join {stations / STORM_PER_S}")
    after_storm = await server.asked("look")
    resident_mb = [each["resident_mb"] for each in looks if each["resident_mb"] is not None]
    begun, done = looks[0], looks[-1]
    lasted_s = done["at_s"] - begun["at_s"]
    return StationsFigures(
        stations=stations,
        lasted_s=round(lasted_s, 1),
        join_failed=joined["failed"],
        messages=heard["messages"],
        answers=None if heard["answers"] is None else Spread(**heard["answers"]),
        alive=heard["alive"],
        charging=done["charging"],
        cpu_share=round((done["cpu_s"] - begun["cpu_s"]) / lasted_s, 3),
        kb_per_station=round((resident_mb[-1] - empty["resident_mb"]) * 1024.0 / stations, 1) if resident_mb else None,
        limits_s=round(limits["seconds"], 3),
        limits_cpu_s=round(after_limits["cpu_s"] - done["cpu_s"], 2),
        limits_refused=first_limits["refused"] + limits["refused"],
        storm_s=round(storm["seconds"], 2),
        storm_cpu_s=round(after_storm["cpu_s"] - after_limits["cpu_s"], 2),
        storm_failed=storm["failed"],
        storm_connected=after_storm["connected"],
        resident_mb=[round(each, 1) for each in resident_mb],
        grown_mb=round(resident_mb[-1] - resident_mb[1], 1) if len(resident_mb) > 1 else None,
    )


def _allow_files(wanted: int) -> None:
    """Every station is a file. Raises ValueError where the system does not allow so many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
        )
