"""One look at a device, whatever it speaks: everything it says, decoded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from ems.clock import Clock
from ems.devices.config_error import DeviceConfigError
from ems.devices.http.address import HttpAddress
from ems.devices.http.answers import number_in
from ems.devices.http.device import HttpDevice
from ems.devices.http.profile import HttpPoint, HttpProfile
from ems.devices.inspection.hearing import heard_at_port, heard_on_network, read_on_page
from ems.devices.inspection.named import named_mqtt
from ems.devices.inspection.objects import told_objects
from ems.devices.inspection.probe import Finding, probe
from ems.devices.inspection.published import listening_to
from ems.devices.inspection.subject import Subject
from ems.devices.messages import Json, Unreadable, parse_payload
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.mqtt.heard_topics import HeardTopics
from ems.devices.mqtt.link import Broker
from ems.devices.mqtt.profile import MqttProfile
from ems.devices.obis_profile import P1Profile, SmlPageProfile, SmlProfile, SpeedwireProfile
from ems.devices.profile import SunSpecProfile
from ems.devices.rct.profile import RctProfile
from ems.devices.sample import Sample
from ems.errors import NoAnswer, Nonsense
from ems.model.readings import SolarReading

Findings = tuple[Finding, ...]
Look = Callable[[Subject, Clock], Awaitable[Findings] | None]
"""Looks at the devices of its carrier; None for all others."""

LISTEN_S: Final = 12.0
"""To a device that publishes by itself, unless its profile says that it may rest longer."""


async def look_at(subject: Subject, clock: Clock) -> Findings:
    """What the device says now. Raises DeviceError, DeviceConfigError and SecretError."""
    for look in LOOKS:
        findings = look(subject, clock)
        if findings is not None:
            return await findings
    raise DeviceConfigError(f"{subject.profile.id} speaks {subject.profile.transport}, which nobody can look at here")


def _registers(subject: Subject, clock: Clock) -> Awaitable[Findings] | None:
    chosen = subject.profile
    if not isinstance(chosen, ModbusProfile | HybridProfile | SunSpecProfile):
        return None
    return probe(chosen, subject.address, clock)


def _answers(subject: Subject, clock: Clock) -> Awaitable[Findings] | None:
    chosen = subject.profile
    return asked_over_http(chosen, subject.http_address(chosen), clock) if isinstance(chosen, HttpProfile) else None


def _topics(subject: Subject, clock: Clock) -> Awaitable[Findings] | None:
    chosen = subject.profile
    if not isinstance(chosen, MqttProfile):
        return None
    return heard_at_broker(chosen, subject.prefix(chosen), subject.broker, clock)


def _telegrams(subject: Subject, clock: Clock) -> Awaitable[Findings] | None:
    chosen = subject.profile
    if not isinstance(chosen, P1Profile | SmlProfile):
        return None
    return heard_at_port(chosen, subject.line(chosen), clock, keys=subject.keys)


def _pages(subject: Subject, clock: Clock) -> Awaitable[Findings] | None:
    chosen = subject.profile
    return read_on_page(chosen, subject.page(chosen), clock) if isinstance(chosen, SmlPageProfile) else None


def _objects(subject: Subject, clock: Clock) -> Awaitable[Findings] | None:
    chosen = subject.profile
    return told_objects(chosen, subject.objects(chosen), clock) if isinstance(chosen, RctProfile) else None


def _datagrams(subject: Subject, clock: Clock) -> Awaitable[Findings] | None:
    chosen = subject.profile
    if not isinstance(chosen, SpeedwireProfile):
        return None
    serial = subject.entry.speedwire.serial_number if subject.entry.speedwire else None
    return heard_on_network(chosen, subject.spot(chosen), serial, clock)


LOOKS: Final[tuple[Look, ...]] = (_registers, _answers, _topics, _telegrams, _datagrams, _pages, _objects)


async def asked_over_http(profile: HttpProfile, address: HttpAddress, clock: Clock) -> Findings:
    """Every point of a device with a web interface. Raises LinkDown, NoAnswer, Refused or Nonsense."""
    device = HttpDevice(name=profile.id, period_s=1.0, address=address, points={}, view=_nobody, clock=clock)
    answers: dict[str, Json] = {}
    found: list[Finding] = []
    try:
        for kind, use in profile.uses.items():
            for name, point in use.points.items():
                for request in sorted(point.requests(profile.request) - answers.keys()):
                    answers[request] = await device.ask(request)
                value = _number(answers, point, profile.request)
                found.append(Finding(where=point.formula, name=name, value=value, kind=kind))
    finally:
        await device.close()
    return tuple(found)


async def heard_at_broker(profile: MqttProfile, prefix: str | None, broker: Broker, clock: Clock) -> Findings:
    """Every point that is published until all are known, or its patience is over. Raises LinkDown or Refused.

    Raises NoAnswer when nothing came at all.
    """
    points = named_mqtt(profile).points
    told, came = HeardTopics(points), False
    patience_s = max(LISTEN_S, profile.limits.silent_after_s or 0.0)
    async with listening_to(profile, prefix, broker, clock) as listening:
        async for message in listening.messages(patience_s):
            came = True
            try:
                content = parse_payload(message.payload)
            except Unreadable:
                continue
            # What cannot be read as a number is not there.
            topic = message.wanted.topic
            if topic in told.unit_topics:
                list(told.take_unit(topic, content))
            else:
                list(told.take(topic, content, clock.monotonic_s()))
            if told.numbers(float("-inf")).keys() == points.keys():
                break
    if not came:
        raise NoAnswer(f"nothing was published under {listening.prefix} within {patience_s:g} s; is that its prefix?")
    numbers = told.numbers(float("-inf"))
    return tuple(
        Finding(
            where=point.topic, name=name, value=numbers[name].number if name in numbers else None, kind=profile.kind
        )
        for name, point in profile.points.items()
    )


def _number(answers: Mapping[str, Json], point: HttpPoint, usual: str) -> float | None:
    try:
        return number_in(answers, point, usual)
    except Unreadable:
        return None


def _nobody(sample: Sample) -> SolarReading:
    raise Nonsense(f"nobody reads numbers here ({len(sample.values)})")
