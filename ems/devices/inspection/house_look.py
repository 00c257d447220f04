"""Look at all devices of a site file for a while, read as the service reads them. Nothing is ever written."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ems.clock import Clock
from ems.config.feeders import MAIN
from ems.config.schema import SiteFile
from ems.devices.catalog import Devices, connect_devices
from ems.devices.inspection.balance import HouseLook
from ems.devices.inspection.soundness import doubts
from ems.devices.ports import Device
from ems.devices.profile_parts import Kind
from ems.devices.sample import phase_point
from ems.errors import DeviceError
from ems.model.electrical import Phase
from ems.model.readings import BatteryReading, GridReading, Reading, SolarReading

LOOK_EVERY_S: Final = 1.0
FRESH_S: Final = 5.0
"""How old a reading may be, beyond the period of its device, to count with the others."""

RETRY_S: Final = 1.0
MOST_LOOKS: Final = 600


@dataclass(slots=True, kw_only=True)
class Watched:
    """One device, and what became of reading it."""

    name: str
    kind: Kind
    device: Device[Reading]
    reading: Reading | None = None
    good: int = 0
    bad: int = 0
    trouble: str | None = None
    """The newest error."""

    async def follow(self, clock: Clock) -> None:
        """Read for ever."""
        while True:
            try:
                self.reading = await self.device.read()
                self.good += 1
                await clock.sleep(0.0 if self.device.pushes else self.device.period_s)
            except DeviceError as error:
                self.bad += 1
                self.trouble = str(error)
                await clock.sleep(RETRY_S)

    def power_w(self, now_s: float) -> float | None:
        """Of a fresh reading."""
        seen = self.reading
        if seen is None or now_s - seen.taken_at_s > self.device.period_s + FRESH_S:
            return None
        return seen.power_w

    @property
    def values(self) -> Mapping[str, float]:
        """The newest numbers by name."""
        return {} if self.reading is None else dict(_values(self.reading))

    @property
    def doubts(self) -> tuple[str, ...]:
        """What does not fit together in them."""
        return doubts(self.kind, self.values)


@dataclass(slots=True, kw_only=True)
class HouseSeen:
    """Everything that was seen."""

    devices: tuple[Watched, ...]
    looks: list[HouseLook] = field(default_factory=list)


async def look_at_house(file: SiteFile, for_s: float, clock: Clock, *, most: int = MOST_LOOKS) -> HouseSeen:
    """Read everything so long, or until all were seen together so often. Raises DeviceConfigError and SecretError."""
    devices = connect_devices(file, clock)
    seen = HouseSeen(devices=tuple(_watched(devices, file)))
    tasks = [asyncio.create_task(job()) for job in devices.background]
    tasks += [asyncio.create_task(each.follow(clock)) for each in seen.devices]
    until_s = clock.monotonic_s() + for_s
    try:
        while clock.monotonic_s() < until_s and len(seen.looks) < most:
            await clock.sleep(min(LOOK_EVERY_S, for_s))
            if (look := _look(seen.devices, clock.monotonic_s())) is not None:
                seen.looks.append(look)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for each in seen.devices:
            await each.device.close()
        await devices.close()
    return seen


def _watched(devices: Devices, file: SiteFile) -> Iterator[Watched]:
    """All that are read; what a program brings is not."""
    meters = {entry.circuit: entry for entry in file.meters}
    for circuit_id, meter in devices.meters.items():
        if not meters[circuit_id].pushed:
            yield Watched(name=f"{meter.name} at {circuit_id}", kind="meter", device=meter)
    for entry, inverter in zip(file.solar, devices.solar, strict=True):
        if not entry.pushed:
            yield Watched(name=inverter.name, kind="inverter", device=inverter)
    if devices.battery is not None and file.battery is not None and not file.battery.pushed:
        yield Watched(name=devices.battery.name, kind="battery", device=devices.battery)


def _look(devices: tuple[Watched, ...], now_s: float) -> HouseLook | None:
    """All powers at once; None while one of them is not known."""
    main = [each for each in devices if each.kind == "meter" and each.name.endswith(f" at {MAIN}")]
    sources = [each for each in devices if each.kind != "meter"]
    powers = {id(each): each.power_w(now_s) for each in (*main, *sources)}
    if not main or any(power_w is None for power_w in powers.values()):
        return None
    of_kind = {kind: sum(powers[id(each)] or 0.0 for each in sources if each.kind == kind) for kind in _SOURCES}
    return HouseLook(grid_w=powers[id(main[0])] or 0.0, solar_w=of_kind["inverter"], battery_w=of_kind["battery"])


_SOURCES: Final[tuple[Kind, ...]] = ("inverter", "battery")


def _values(reading: Reading) -> Iterator[tuple[str, float]]:
    yield "power", reading.power_w
    if isinstance(reading, GridReading):
        for phase in Phase:
            yield phase_point("current", phase), reading.current_a[phase]
            if reading.voltage_v is not None and reading.voltage_v[phase]:
                yield phase_point("voltage", phase), reading.voltage_v[phase]
        if reading.frequency_hz is not None:
            yield "frequency", reading.frequency_hz
    elif isinstance(reading, SolarReading) and reading.energy_kwh is not None:
        yield "energy", reading.energy_kwh
    elif isinstance(reading, BatteryReading) and reading.soc is not None:
        yield "soc", reading.soc
