"""Record what a real device says, reading what its profile reads; nothing is ever written to it.

One row per carrier in `RECORDERS`, and what its recordings hold in `HOLDS`; a further carrier adds one of each, and a
module in `tapes`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ems.clock import Clock
from ems.devices.config_error import DeviceConfigError
from ems.devices.http.profile import HttpProfile
from ems.devices.inspection.recording import Recording
from ems.devices.inspection.subject import Subject
from ems.devices.inspection.tapes.answers import record_answers
from ems.devices.inspection.tapes.datagrams import record_datagrams
from ems.devices.inspection.tapes.frames import record_frames, record_pages
from ems.devices.inspection.tapes.length import Length
from ems.devices.inspection.tapes.messages import record_messages
from ems.devices.inspection.tapes.objects import record_objects
from ems.devices.inspection.tapes.registers import record_registers
from ems.devices.inspection.tapes.telegrams import record_telegrams
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.mqtt.profile import MqttProfile
from ems.devices.obis_profile import P1Profile, SmlPageProfile, SmlProfile, SpeedwireProfile
from ems.devices.profile import SunSpecProfile
from ems.devices.rct.profile import RctProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How to record."""

    length: Length = Length()
    """Of listening to a device that speaks by itself."""

    with_ids: bool = False
    """Keep serial numbers and equipment ids."""


Recorder = Callable[[Subject, Wish, Clock], Awaitable[Recording] | None]
"""Records the devices of its carrier; None for all others."""

HOLDS: Final[Mapping[str, str]] = {
    "modbus": "the registers of the profile's numbers, and no text of the device",
    "sunspec": "the registers of its models, maker and model by name; its serial number was not even read",
    "http": "the numbers at the profile's paths; no header, cookie, login or address",
    "mqtt": "the numbers at the profile's topics and paths with their times; no prefix, login or address",
    "p1": "telegrams with their times; every sign of what the profile does not read is 0, equipment ids too",
    "speedwire": "messages with their times; serial numbers are 1, 2, … in their place",
    "rct": "the numbers of the objects that the profile reads, and nothing else of the device",
    "sml": "telegrams with their times; texts and what the profile does not read are 0, but for the meter's maker",
    "sml_page": "telegrams with their times; texts and what the profile does not read are 0, but for the meter's maker",
}
"""What a recording holds, by transport, for whoever sends it on."""

HOLDS_IDS: Final[Mapping[str, str]] = {
    "p1": "whole telegrams with their times: equipment ids of electricity and gas meter are in them",
    "speedwire": "whole messages with their times: the serial number is in them",
    "sml": "whole telegrams with their times: the meter's number is in them",
    "sml_page": "whole telegrams with their times: the meter's number is in them",
}
"""The same where serial numbers were asked for."""


def holds(transport: str, *, with_ids: bool) -> str:
    """A sentence about what is in a recording."""
    return HOLDS_IDS.get(transport, HOLDS[transport]) if with_ids else HOLDS[transport]


async def record(subject: Subject, wish: Wish, clock: Clock) -> Recording:
    """What the device says. Raises DeviceError, DeviceConfigError and SecretError."""
    for recorder in RECORDERS:
        recording = recorder(subject, wish, clock)
        if recording is not None:
            return await recording
    raise DeviceConfigError(
        f"{subject.profile.id} speaks {subject.profile.transport}, of which there are no recordings"
    )


def _registers(subject: Subject, _: Wish, clock: Clock) -> Awaitable[Recording] | None:
    chosen = subject.profile
    if not isinstance(chosen, ModbusProfile | HybridProfile | SunSpecProfile):
        return None
    return record_registers(chosen, subject.address, clock)


def _answers(subject: Subject, _: Wish, clock: Clock) -> Awaitable[Recording] | None:
    chosen = subject.profile
    return record_answers(chosen, subject.http_address(chosen), clock) if isinstance(chosen, HttpProfile) else None


def _messages(subject: Subject, wish: Wish, clock: Clock) -> Awaitable[Recording] | None:
    chosen = subject.profile
    if not isinstance(chosen, MqttProfile):
        return None
    return record_messages(chosen, subject.prefix(chosen), subject.broker, wish.length, clock)


def _telegrams(subject: Subject, wish: Wish, clock: Clock) -> Awaitable[Recording] | None:
    chosen = subject.profile
    if not isinstance(chosen, P1Profile):
        return None
    line, keys = subject.line(chosen), subject.keys
    return record_telegrams(chosen, line, wish.length, clock, keys=keys, with_ids=wish.with_ids)


def _frames(subject: Subject, wish: Wish, clock: Clock) -> Awaitable[Recording] | None:
    chosen = subject.profile
    if not isinstance(chosen, SmlProfile):
        return None
    return record_frames(chosen, subject.line(chosen), wish.length, clock, with_ids=wish.with_ids)


def _pages(subject: Subject, wish: Wish, clock: Clock) -> Awaitable[Recording] | None:
    chosen = subject.profile
    if not isinstance(chosen, SmlPageProfile):
        return None
    return record_pages(chosen, subject.page(chosen), wish.length, clock, with_ids=wish.with_ids)


def _objects(subject: Subject, _: Wish, clock: Clock) -> Awaitable[Recording] | None:
    chosen = subject.profile
    return record_objects(chosen, subject.objects(chosen), clock) if isinstance(chosen, RctProfile) else None


def _datagrams(subject: Subject, wish: Wish, clock: Clock) -> Awaitable[Recording] | None:
    chosen = subject.profile
    if not isinstance(chosen, SpeedwireProfile):
        return None
    serial = subject.entry.speedwire.serial_number if subject.entry.speedwire else None
    return record_datagrams(chosen, subject.spot(chosen), serial, wish.length, clock, with_ids=wish.with_ids)


RECORDERS: Final[tuple[Recorder, ...]] = (
    _registers,
    _answers,
    _messages,
    _telegrams,
    _datagrams,
    _frames,
    _pages,
    _objects,
)
