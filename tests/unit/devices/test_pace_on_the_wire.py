"""What a profile says that its device can stand is kept on the wire: silences, lengths, one question at a time.

The times are taken where the device is, in virtual time, and not from the link's own book-keeping.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from ems.clock import VirtualClock, run_virtual
from ems.config.schema import SiteFile
from ems.devices.catalog import Devices, connect_devices
from ems.devices.library import profiles
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.errors import DeviceError

Profile = ModbusProfile | HybridProfile
MODBUS = [each for each in profiles() if isinstance(each, Profile)]

ANSWERS_AFTER_S = 0.03
EXACT_S = 1e-9


@dataclass
class Watched(asyncio.Transport):
    """One connection to a device whose registers are all 0."""

    clock: VirtualClock
    protocol: Any
    free_at_s: float = 0.0
    waiting: bool = False
    silences_s: list[float] = field(default_factory=list)
    """Before each question; the first one since the connection."""

    lengths: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.free_at_s = self.clock.monotonic_s()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        request = bytes(data)
        assert not self.waiting, "a question before the answer to the last one"
        self.waiting = True
        self.silences_s.append(self.clock.monotonic_s() - self.free_at_s)
        self.lengths.append(int.from_bytes(request[10:12], "big"))
        self.clock.call_after(ANSWERS_AFTER_S, lambda: self._answer(request))

    def sendto(self, data: bytes) -> None:
        self.write(data)

    def close(self) -> None:
        pass

    def _answer(self, request: bytes) -> None:
        size = 2 * self.lengths[-1]
        self.waiting = False
        self.free_at_s = self.clock.monotonic_s()
        self.protocol.data_received(
            request[:4] + (size + 3).to_bytes(2, "big") + request[6:8] + bytes([size]) + bytes(size)
        )


def watched(file: SiteFile) -> list[Watched]:
    """Every connection that three rounds of reading all its devices make, with one reconnection."""
    clock = VirtualClock()
    made: list[Watched] = []

    async def connect(factory: Callable[[], Any], *_: object, **__: object) -> tuple[Watched, Any]:
        made.append(Watched(clock, factory()))
        made[-1].protocol.connection_made(made[-1])
        return made[-1], made[-1].protocol

    async def run() -> None:
        loop: Any = asyncio.get_running_loop()
        loop.create_connection = loop.create_datagram_endpoint = connect
        devices = connect_devices(file, clock)
        await read_all(devices)
        await read_all(devices)
        await devices.close()
        await read_all(devices)
        await devices.close()

    run_virtual(run(), clock)
    return made


async def read_all(devices: Devices) -> None:
    """Read all at once, as the service does; what zeros mean is not asked here."""
    all_of_them: list[Any] = [*devices.meters.values(), *devices.solar, *([devices.battery] if devices.battery else [])]
    told = await asyncio.gather(*(each.read() for each in all_of_them), return_exceptions=True)
    assert all(isinstance(each, DeviceError) for each in told if isinstance(each, BaseException))


def site(profile: Profile) -> SiteFile:
    """A house with that device, in all its uses."""
    entry = {"profile": profile.id, "modbus": {"host": "paper"}}
    told = profile.maps["meter"].told if "meter" in profile.maps else ()
    content: dict[str, Any] = {
        "connection": {"phases": 3 if {"power_l3", "current_l3"} & set(told) else 1, "main_fuse_a": 35},
        "stations": [{"id": "garage"}],
        "meters": [],
    }
    if "meter" in profile.maps:
        content["meters"] = [{"id": "grid", **entry}]
    if "inverter" in profile.maps:
        content["solar"] = [{"id": "roof", **entry}]
    if "battery" in profile.maps:
        content["battery"] = {"id": "cellar", **entry}
    return SiteFile.model_validate(content)


@pytest.mark.parametrize("profile", MODBUS, ids=lambda each: each.id)
def test_limits_of_a_profile_are_kept(profile: Profile) -> None:
    limits = profile.limits

    connections = watched(site(profile))

    assert len(connections) == 2
    for each in connections:
        assert max(each.lengths) <= limits.max_registers_per_read
        assert each.silences_s[0] >= limits.connect_delay_ms / 1000 - EXACT_S
        assert all(silence_s >= limits.request_gap_ms / 1000 - EXACT_S for silence_s in each.silences_s[1:])
