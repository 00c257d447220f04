"""Meters that speak by themselves, played: telegrams at a bridge's port, and messages to everybody on the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from ems.clock import Clock
from ems.devices.obis_profile import P1Profile, SmlProfile, SpeedwireProfile
from ems.devices.p1.sealed import Keys, sealed
from ems.devices.p1.telegram import checksum
from ems.devices.profile_parts import Kind
from ems.sim.wire.filling import Values
from ems.sim.wire.multicast import Speaker
from ems.sim.wire.sml_telegrams import sml_of
from ems.sim.wire.spelling import by_code
from ems.sim.wire.telegram_port import TelegramPort, Voice

Source = Callable[[], Mapping[Kind, Values]]
"""What a device measures whenever it speaks."""

BEAT_S: Final = 1.0
SERIAL: Final = 1_900_000_001
TITLE: Final = b"FWS\0\0\0\0\1"
"""How a meter that encrypts calls itself."""

_SPELLED: Final = {"power": ("06.3f", "kW", 0.001), "current": ("06.2f", "A", 1.0), "voltage": ("05.1f", "V", 1.0)}
_COUNTED: Final = ("010.3f", "kWh", 1.0)


def telegram_of(profile: P1Profile, values: Values, now: datetime) -> bytes:
    """What a smart meter that measures `values` says at that time."""
    lines = ["/FWS5\\SIMULATED", "", "1-3:0.2.8(50)", f"0-0:1.0.0({now:%y%m%d%H%M%S}W)"]
    for name, point in profile.points.items():
        digits, unit, factor = _SPELLED.get(name.partition("_")[0], _COUNTED)
        for code, value in by_code(name, point, values.get(name)):
            lines.append(f"{code}({value * factor:{digits}}*{unit})")
    body = "\r\n".join([*lines, "!"]).encode()
    return body + b"%04X\r\n" % checksum(body)


def datagram_of(profile: SpeedwireProfile, values: Values, ticked_ms: int, serial_number: int = SERIAL) -> bytes:
    """What an energy meter that measures `values` says so long after its start."""
    content = b""
    for name, point in profile.points.items():
        for code, value in by_code(name, point, values.get(name)):
            channel, kind, tariff = (int(part) for part in code.split("."))
            raw = round(value / point.scale).to_bytes(8 if kind == 8 else 4, "big")
            content += channel.to_bytes(2, "big") + bytes([kind, tariff]) + raw
    head = b"\x60\x69\x01\x5d" + serial_number.to_bytes(4, "big") + (ticked_ms % 2**32).to_bytes(4, "big")
    size = (len(head) + len(content)).to_bytes(2, "big")
    return b"SMA\0\0\x04\x02\xa0\0\0\0\x01" + size + b"\0\x10" + head + content + b"\0\0\0\0"


async def _every_beat(clock: Clock, say: Callable[[], None]) -> None:
    """Say something at once and then every second."""
    while True:
        say()
        await clock.sleep(BEAT_S)


class PlayedTelegrams:
    """A smart meter behind a bridge."""

    def __init__(
        self,
        profile: P1Profile | SmlProfile,
        host: str,
        port: int,
        clock: Clock,
        source: Source | None = None,
        *,
        keys: Keys | None = None,
    ) -> None:
        """With a `source`, it measures what that gives; else what it is shown. With `keys`, it encrypts."""
        self.samples = 0
        """Telegrams that somebody was there to hear."""

        self._source = source
        self._keys = keys
        self._profile = profile
        self._port = TelegramPort(host, port, self._next)
        self._clock = clock
        self._values: Values = {}
        self._voice = Voice(lambda: _every_beat(clock, self._say))

    @property
    def where(self) -> Mapping[str, str | int]:
        return self._port.where

    def show(self, values: Mapping[Kind, Values]) -> None:
        self._values = values.get("meter", {})

    async def open(self) -> None:
        await self._port.open()
        self._voice.start()

    async def close(self) -> None:
        await self._voice.stop()
        await self._port.close()

    def _say(self) -> None:
        if self._port.is_heard:
            self._port.say(self._next())

    def _next(self) -> bytes:
        if self._source is not None:
            self.show(self._source())
        self.samples += 1
        return self._said()

    def _said(self) -> bytes:
        if isinstance(self._profile, SmlProfile):
            return sml_of(self._profile, self._values, round(self._clock.monotonic_s()))
        content = telegram_of(self._profile, self._values, self._clock.utc_now())
        return content if self._keys is None else sealed(content, self._keys, TITLE, self.samples)


class PlayedDatagrams:
    """An energy meter that speaks to everybody on the network of `host`."""

    def __init__(
        self,
        profile: SpeedwireProfile,
        host: str,
        port: int,
        clock: Clock,
        source: Source | None = None,
        *,
        serial_number: int = SERIAL,
    ) -> None:
        """Port 0 takes a free one. With a `source`, it measures what that gives; else what it is shown."""
        self.samples = 0
        """What it said so far."""

        self._source = source
        self._serial_number = serial_number
        self._profile = profile
        self._speaker = Speaker(profile.defaults.group, host, port)
        self._clock = clock
        self._values: Values = {}
        self._voice = Voice(lambda: _every_beat(clock, self._say))

    @property
    def where(self) -> Mapping[str, str | int]:
        return {"serial_number": self._serial_number, "interface": self._speaker.host, "port": self._speaker.port}

    def show(self, values: Mapping[Kind, Values]) -> None:
        self._values = values.get("meter", {})

    async def open(self) -> None:
        self._speaker.open()
        self._voice.start()

    async def close(self) -> None:
        await self._voice.stop()
        self._speaker.close()

    def _say(self) -> None:
        if self._source is not None:
            self.show(self._source())
        self.samples += 1
        ticked_ms = round(1000 * self._clock.monotonic_s())
        self._speaker.say(datagram_of(self._profile, self._values, ticked_ms, self._serial_number))
