"""Devices of the site file on a line of their own: meters that speak by themselves, and framed languages."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ems.clock import Clock
from ems.config.schema import DeviceEntry, P1Address, SpeedwireSource
from ems.devices.config_error import DeviceConfigError
from ems.devices.mqtt.device import silence_limit_s
from ems.devices.obis_profile import P1Profile, SpeedwireProfile
from ems.devices.p1.device import P1Device
from ems.devices.p1.line import SEVEN_BITS_UP_TO_BAUD, P1Line
from ems.devices.rct.link import RctAddress
from ems.devices.rct.profile import RctProfile
from ems.devices.sample import Sample
from ems.devices.speedwire.device import SpeedwireDevice
from ems.devices.speedwire.ear import Spot

T = TypeVar("T")


def p1_device(entry: DeviceEntry, found: P1Profile, view: Callable[[Sample], T], clock: Clock) -> P1Device[T]:
    """The meter at a customer's port. Raises DeviceConfigError."""
    if entry.p1 is None:
        raise DeviceConfigError(f"{entry.id} has no P1 line: add p1: {{host: …}}, or p1: {{serial: /dev/ttyUSB0}}")
    return P1Device(
        name=entry.id,
        period_s=entry.period_s,
        silence_s=silence_limit_s(entry.period_s, found.limits.silent_after_s),
        line=p1_line(entry.p1, found),
        profile=found,
        view=view,
        clock=clock,
    )


def p1_line(stated: P1Address, found: P1Profile) -> P1Line:
    """Where it speaks, with what its profile says where the site file says nothing."""
    baud = stated.baud or found.defaults.baud
    return P1Line(
        host=stated.host,
        port=stated.port or found.defaults.port,
        serial=stated.serial,
        baud=baud,
        seven_bits=baud <= SEVEN_BITS_UP_TO_BAUD,
    )


def rct_address(entry: DeviceEntry, found: RctProfile) -> RctAddress:
    """Where an RCT Power device answers. Raises DeviceConfigError."""
    if entry.rct is None:
        raise DeviceConfigError(f"{entry.id} has no RCT address: add rct: {{host: …}}")
    timeout_s = entry.rct.timeout_s or found.limits.answer_within_ms / 1000
    return RctAddress(host=entry.rct.host, port=entry.rct.port or found.port, timeout_s=timeout_s)


def speedwire_device(
    entry: DeviceEntry, found: SpeedwireProfile, view: Callable[[Sample], T], clock: Clock
) -> SpeedwireDevice[T]:
    """The energy meter that an entry means. Raises DeviceConfigError."""
    if entry.speedwire is None:
        raise DeviceConfigError(f"{entry.id} has no Speedwire: add speedwire: {{serial_number: …}}")
    return SpeedwireDevice(
        name=entry.id,
        period_s=entry.period_s,
        silence_s=silence_limit_s(entry.period_s, found.limits.silent_after_s),
        serial=entry.speedwire.serial_number,
        profile=found,
        view=view,
        clock=clock,
    )


def spot_of(entry: DeviceEntry, found: SpeedwireProfile) -> Spot:
    """Where it is heard, with what its profile says where the site file says nothing."""
    source = entry.speedwire or SpeedwireSource()
    return Spot(group=found.defaults.group, port=source.port or found.defaults.port, interface=source.interface)
