"""Energy meters that speak to everybody, for tests: real UDP multicast on the loopback interface."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

from ems.clock import Clock
from ems.devices.library import profile
from ems.devices.obis_profile import SpeedwireProfile
from ems.devices.plausibility import Bounds
from ems.devices.speedwire.device import SpeedwireDevice
from ems.devices.speedwire.ear import SpeedwireEar, Spot
from ems.devices.views import GridView, Mounting
from ems.model.electrical import Phase
from ems.model.readings import GridReading
from tests.protocol.modbus_bench import GUARD_S, LOOPBACK

SERIAL = 1_900_123_456
GROUP = "239.12.255.254"
HOUSE: Mapping[str, int] = {
    "1.4.0": 11_500,
    "2.4.0": 0,
    "21.4.0": 23_000,
    "22.4.0": 0,
    "41.4.0": 0,
    "42.4.0": 11_500,
    "61.4.0": 0,
    "62.4.0": 0,
    "31.4.0": 10_040,
    "51.4.0": 5_010,
    "71.4.0": 120,
    "32.4.0": 230_000,
    "52.4.0": 231_000,
    "72.4.0": 229_000,
    "14.4.0": 50_010,
    "1.8.0": 3234 * 3_600_000 + 2_700_000,
    "2.8.0": 400 * 3_600_000,
}
"""A house on three phases: L1 imports, L2 exports, L3 rests."""


def datagram(
    numbers: Mapping[str, int] = HOUSE, *, tick_ms: int = 1000, serial: int = SERIAL, protocol: int = 0x6069
) -> bytes:
    """The bytes of one message."""
    content = b"".join(_entry(code, value) for code, value in numbers.items()) + b"\x90\0\0\0\x02\0\x12\x52"
    head = protocol.to_bytes(2, "big") + b"\x01\x5d" + serial.to_bytes(4, "big") + (tick_ms % 2**32).to_bytes(4, "big")
    length = len(head) + len(content)
    return b"SMA\0\0\x04\x02\xa0\0\0\0\x01" + length.to_bytes(2, "big") + b"\0\x10" + head + content + b"\0\0\0\0"


def _entry(code: str, value: int) -> bytes:
    channel, kind, tariff = map(int, code.split("."))
    return channel.to_bytes(2, "big") + bytes([kind, tariff]) + value.to_bytes(8 if kind == 8 else 4, "big")


def speedwire() -> SpeedwireProfile:
    found = profile("sma_energy_meter")
    assert isinstance(found, SpeedwireProfile)
    return found


def meter(clock: Clock, *, serial: int | None = SERIAL, silence_s: float = GUARD_S) -> SpeedwireDevice[GridReading]:
    """The grid meter of a house with 25 A on three phases."""
    view = GridView(Mounting(bounds=Bounds(phases=tuple(Phase), fuse_a=25.0))).reading
    return SpeedwireDevice(
        name="grid",
        period_s=1.0,
        silence_s=silence_s,
        serial=serial,
        profile=speedwire(),
        view=view,
        clock=clock,
    )


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


class Network:
    """Where everybody hears what a meter says."""

    def __init__(self, port: int, speaker: socket.socket) -> None:
        self.port = port
        self._speaker = speaker

    def say(self, *messages: bytes, to: str = GROUP) -> None:
        for message in messages:
            self._speaker.sendto(message, (to, self.port))


@asynccontextmanager
async def network(clock: Clock, devices: Iterable[SpeedwireDevice[GridReading]]) -> AsyncIterator[Network]:
    """The devices listen, on one socket."""
    port = free_udp_port()
    ear = SpeedwireEar(Spot(group=GROUP, port=port, interface=LOOPBACK), clock)
    opened = _Opened()
    for device in devices:
        ear.follow(device)
    ear.follow(opened)
    task = asyncio.create_task(ear.run())
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as speaker:
            speaker.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(LOOPBACK))
            await asyncio.wait_for(opened.opened.wait(), GUARD_S)
            yield Network(port, speaker)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class _Opened:
    """Knows when the socket is open."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()

    def heard(self, datagram: object, at_s: float) -> None: ...

    def heard_broken(self, error: Exception) -> None: ...

    def link_changed(self, trouble: str | None) -> None:
        if trouble is None:
            self.opened.set()
