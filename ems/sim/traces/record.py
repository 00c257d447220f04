"""Records a trace from a real house: what its meter, inverters and battery say, step by step.

`load_w` is everything behind the main fuse, cars that charge included; record while none does, or take them out.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Generic, TextIO, TypeVar

from ems.clock import Clock
from ems.config.feeders import MAIN
from ems.config.schema import SiteFile
from ems.devices.catalog import Devices, connect_devices
from ems.devices.ports import Device
from ems.model.electrical import NOMINAL_V, PerPhase
from ems.model.readings import BatteryReading, GridReading, SolarReading
from ems.runtime.poller import follow
from ems.sim.traces.errors import TraceError
from ems.sim.traces.trace import LOAD_PHASES, LONGEST_STEP_S
from ems.sim.traces.write import cell, not_writable, opened_for_rows, time_text

COLUMNS: Final = ("load_w", "pv_w", "grid_w", *LOAD_PHASES, "battery_w")

PERIODS_FRESH: Final = 3
FRESH_S: Final = 3.0
"""A reading older than this, and than three periods of its device, is none."""

_LONGEST_PAUSE_S: Final = 5.0

_R = TypeVar("_R", GridReading, SolarReading, BatteryReading)
Row = tuple[float | None, ...]
"""One number per column; None for no reading."""


async def record(file: SiteFile, clock: Clock, path: Path, seconds: float | None = None, *, step_s: int = 1) -> int:
    """Write what the devices of a site say until `seconds` are over, or until cancelled; the rows written.

    Each row is the mean over its step of one look per second. The file is complete however the recording ends.
    Raises TraceError when it cannot be written or the site has no main meter, DeviceConfigError for a wrong device.
    """
    if not 1 <= step_s <= LONGEST_STEP_S:
        raise TraceError("--step", f"is {step_s} s", f"take 1 to {LONGEST_STEP_S} s")
    devices = connect_devices(file, clock)
    if MAIN not in devices.meters:
        raise TraceError("site file", "has no meter at the main fuse", "add one; the load is worked out from it")
    house = _House(devices, clock, one_phase=file.connection.phases == 1)
    try:
        with opened_for_rows(path) as out:
            return await _beside(house.jobs(), lambda: _write(out, house, clock, seconds, step_s))
    except OSError as error:
        raise not_writable(path, error) from error
    finally:
        await devices.close()


async def _beside(jobs: list[Callable[[], Awaitable[None]]], main: Callable[[], Awaitable[int]]) -> int:
    """What `main` gives, with the endless jobs running as long as it does."""
    try:
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(_run(job)) for job in jobs]
            try:
                return await main()
            finally:
                for job in running:
                    job.cancel()
    except ExceptionGroup as error:
        raise error.exceptions[0] from error


async def _run(job: Callable[[], Awaitable[None]]) -> None:
    await job()


class _Newest(Generic[_R]):
    """The newest reading of one device, as long as it is fresh."""

    def __init__(self, device: Device[_R], clock: Clock) -> None:
        self._device: Device[_R] = device
        self._clock = clock
        self._reading: _R | None = None

    async def follow(self) -> None:
        await follow(self._device, self._post, self._clock, longest_pause_s=_LONGEST_PAUSE_S)

    def now(self) -> _R | None:
        """The reading, or None when there is none that is fresh."""
        reading = self._reading
        if reading is None:
            return None
        age_s = self._clock.monotonic_s() - reading.taken_at_s
        return reading if age_s <= max(PERIODS_FRESH * self._device.period_s, FRESH_S) else None

    def _post(self, reading: _R) -> None:
        self._reading = reading


class _House:
    """All devices of the site."""

    def __init__(self, devices: Devices, clock: Clock, *, one_phase: bool) -> None:
        self._background = devices.background
        self._grid = _Newest(devices.meters[MAIN], clock)
        self._solar = [_Newest(each, clock) for each in devices.solar]
        self._battery = None if devices.battery is None else _Newest(devices.battery, clock)
        self._one_phase = one_phase

    def jobs(self) -> list[Callable[[], Awaitable[None]]]:
        """What has to run so that there are readings."""
        battery = [] if self._battery is None else [self._battery.follow]
        return [*self._background, self._grid.follow, *(each.follow for each in self._solar), *battery]

    def row(self) -> Row:
        """One look at the house: a number per column, None where a device is silent."""
        grid = self._grid.now()
        suns = [each.now() for each in self._solar]
        pv_w = sum((each.power_w for each in suns if each is not None), 0.0) if all(suns) else None
        battery = None if self._battery is None else self._battery.now()
        told_battery_w = None if battery is None else battery.power_w
        battery_w = 0.0 if self._battery is None else told_battery_w
        if grid is None or pv_w is None or battery_w is None:
            grid_w = None if grid is None else grid.power_w
            return (None, pv_w, grid_w, None, None, None, told_battery_w)
        load_w = grid.power_w + pv_w + battery_w
        phases_w = PerPhase(load_w) if self._one_phase else self._phases_w(grid, suns, battery_w)
        return (load_w, pv_w, grid.power_w, *phases_w, told_battery_w)

    def _phases_w(self, grid: GridReading, suns: list[SolarReading | None], battery_w: float) -> PerPhase:
        """Load per phase, scaled so that its sum is the house's; inverters that tell no phases feed all three alike."""
        parts = grid.current_a * NOMINAL_V
        for sun in suns:
            if sun is not None:
                parts += _phases_of(sun)
        parts += PerPhase(1, 1, 1) * (battery_w / 3)
        missing_w = (grid.power_w + sum(each.power_w for each in suns if each) + battery_w) - parts.total
        return parts + PerPhase(1, 1, 1) * (missing_w / 3)


def _phases_of(sun: SolarReading) -> PerPhase:
    if sun.current_a is None or sun.current_a.total <= 0:
        return PerPhase(1, 1, 1) * (sun.power_w / 3)
    return sun.current_a * (sun.power_w / sun.current_a.total)


async def _write(out: TextIO, house: _House, clock: Clock, seconds: float | None, step_s: int) -> int:
    """Rows until the time is over. Steps follow the monotonic clock, so a wall clock that is set leaves no hole."""
    out.write(",".join(("time", *COLUMNS)) + "\n")
    wall = clock.utc_now()
    start_utc = wall.replace(microsecond=0) + timedelta(seconds=1)
    start_s = clock.monotonic_s() + (start_utc - wall).total_seconds()
    steps = math.inf if seconds is None else seconds // step_s
    written = 0
    while written < steps:
        looks: list[Row] = []
        for second in range(step_s):
            due_s = start_s + written * step_s + second + 1
            await clock.sleep(max(0.0, due_s - clock.monotonic_s()))
            looks.append(house.row())
        _write_row(out, start_utc + timedelta(seconds=written * step_s), looks)
        written += 1
    return written


def _write_row(out: TextIO, at: datetime, looks: list[Row]) -> None:
    out.write(",".join((time_text(at), *(cell(_mean(column)) for column in zip(*looks, strict=True)))) + "\n")


def _mean(numbers: tuple[float | None, ...]) -> float | None:
    """The mean of what was read; None when less than half was."""
    known = [number for number in numbers if number is not None]
    return sum(known) / len(known) if 2 * len(known) >= len(numbers) and known else None
