"""Messages of an energy meter as they come, with its serial number blanked."""

from __future__ import annotations

import asyncio
from typing import Final

from ems.clock import Clock
from ems.devices.inspection.recording import NEWEST, HeardDatagram, Recording
from ems.devices.inspection.tapes.length import Length, Reel
from ems.devices.obis_profile import SpeedwireProfile
from ems.devices.speedwire.datagram import BadDatagram, read_datagram
from ems.devices.speedwire.ear import SpeedwireEar, Spot
from ems.errors import NoAnswer

SERIAL_AT: Final = slice(20, 24)
FIRST_INSTEAD: Final = 1
"""Serial number of the first meter in a recording; the others follow."""


async def record_datagrams(
    profile: SpeedwireProfile, spot: Spot, serial: int | None, length: Length, clock: Clock, *, with_ids: bool = False
) -> Recording:
    """Listen so long, to the meter with that number or to all. Raises NoAnswer."""
    ear = _Tape(spot, serial, Reel(length, clock), clock, with_ids=with_ids)
    listening = asyncio.create_task(ear.run())
    try:
        async with clock.timeout(length.for_s):
            await ear.over.wait()
    except TimeoutError:
        pass
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    if not ear.kept:
        who = "" if serial is None else f" with the serial number {serial}"
        raise NoAnswer(
            f"no energy meter{who} was heard at {spot.where} within {length.for_s:g} s; do switches and containers let "
            "multicast through?"
        )
    return Recording(recording=NEWEST, profile=profile.id, datagrams=tuple(ear.kept))


class _Tape(SpeedwireEar):
    """Keeps what energy meters say, broken messages too."""

    def __init__(self, spot: Spot, serial: int | None, reel: Reel, clock: Clock, *, with_ids: bool) -> None:
        super().__init__(spot, clock)
        self._serial = serial
        self._reel = reel
        self._with_ids = with_ids
        self._numbers: dict[int, int] = {}
        self.kept: list[HeardDatagram] = []
        self.over = asyncio.Event()

    def came(self, content: bytes) -> None:
        super().came(content)
        try:
            datagram = read_datagram(content)
        except BadDatagram as fault:
            serial = fault.serial
        else:
            if datagram is None:
                return
            serial = datagram.serial
        if self._serial not in {None, serial} or self._reel.is_full():
            return
        number = serial if self._with_ids else self._numbers.setdefault(serial, FIRST_INSTEAD + len(self._numbers))
        text = with_serial(content, number).hex()
        self.kept.append(HeardDatagram(at_s=self._reel.add(len(text)), content=text))
        if self._reel.is_full():
            self.over.set()


def with_serial(content: bytes, serial: int) -> bytes:
    """The message in the name of another meter."""
    return content[: SERIAL_AT.start] + serial.to_bytes(4, "big") + content[SERIAL_AT.stop :]
