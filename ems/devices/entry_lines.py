"""Devices of the site file on a line of their own: meters that speak by themselves, and framed languages."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ems.clock import Clock
from ems.config.schema import DeviceEntry, P1Address, Secret, SmlSource, SpeedwireSource
from ems.config.secrets import reveal
from ems.devices.config_error import DeviceConfigError
from ems.devices.http.address import HttpAddress
from ems.devices.http.entry_requests import http_address_of
from ems.devices.newest_reading import silence_limit_s
from ems.devices.obis_profile import P1Profile, SmlPageProfile, SmlProfile, SpeedwireProfile
from ems.devices.p1.line import SEVEN_BITS_UP_TO_BAUD, P1Line
from ems.devices.p1.sealed import KEY_BYTES, Keys
from ems.devices.p1.speaking import SpeakingMeter
from ems.devices.p1.tongue import p1_tongue
from ems.devices.rct.link import RctAddress
from ems.devices.rct.profile import RctProfile
from ems.devices.sample import Sample
from ems.devices.sml.page import SmlPage
from ems.devices.sml.tongue import SmlTongue
from ems.devices.speedwire.device import SpeedwireDevice
from ems.devices.speedwire.ear import Spot

T = TypeVar("T")


def line_device(
    entry: DeviceEntry, found: P1Profile | SmlProfile | SmlPageProfile, view: Callable[[Sample], T], clock: Clock
) -> SpeakingMeter[T] | SmlPage[T]:
    """The meter that an entry means, on a cable or a bridge of its own. Raises DeviceConfigError and SecretError."""
    if isinstance(found, SmlPageProfile):
        return sml_page(entry, found, view, clock)
    if isinstance(found, SmlProfile):
        return sml_device(entry, found, view, clock)
    return p1_device(entry, found, view, clock)


def p1_device(entry: DeviceEntry, found: P1Profile, view: Callable[[Sample], T], clock: Clock) -> SpeakingMeter[T]:
    """The meter at a customer's port. Raises DeviceConfigError."""
    if entry.p1 is None:
        raise DeviceConfigError(f"{entry.id} has no P1 line: add p1: {{host: …}}, or p1: {{serial: /dev/ttyUSB0}}")
    return SpeakingMeter(
        name=entry.id,
        period_s=entry.period_s,
        silence_s=silence_limit_s(entry.period_s, found.limits.silent_after_s),
        line=p1_line(entry.p1, found),
        tongue=p1_tongue(found, p1_keys(entry.id, entry.p1)),
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


def p1_keys(owner: str, stated: P1Address) -> Keys | None:
    """What opens its telegrams; None for a meter that speaks plainly.

    Raises DeviceConfigError for what is no key, SecretError for one that cannot be revealed.
    """
    if stated.key is None:
        return None
    own = _key(owner, "key", stated.key)
    if stated.authentication_key is None:
        return Keys(own)
    return Keys(own, _key(owner, "authentication_key", stated.authentication_key))


def _key(owner: str, name: str, secret: Secret) -> bytes:
    """What is wrong with a key is said without it."""
    try:
        key = bytes.fromhex(reveal(secret))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise DeviceConfigError(
            f"{owner}: p1.{name} is no key: it has {2 * KEY_BYTES} hexadecimal digits, and nothing else"
        )
    return key


def sml_device(entry: DeviceEntry, found: SmlProfile, view: Callable[[Sample], T], clock: Clock) -> SpeakingMeter[T]:
    """The meter that a reading head hears. Raises DeviceConfigError."""
    if entry.sml is None:
        raise DeviceConfigError(f"{entry.id} has no SML line: add sml: {{host: …, port: …}}, or sml: {{serial: …}}")
    return SpeakingMeter(
        name=entry.id,
        period_s=entry.period_s,
        silence_s=silence_limit_s(entry.period_s, found.limits.silent_after_s),
        line=sml_line(entry.id, entry.sml, found),
        tongue=SmlTongue(found),
        view=view,
        clock=clock,
    )


def sml_line(owner: str, stated: SmlSource, found: SmlProfile) -> P1Line:
    """Where it speaks, always with eight bits. Raises DeviceConfigError for a bridge without a port."""
    if stated.serial is None and stated.port is None:
        raise DeviceConfigError(f"{owner}: sml has no port: say where the bridge passes the reading head through")
    return P1Line(
        host=stated.host, port=stated.port or 0, serial=stated.serial, baud=stated.baud or found.defaults.baud
    )


def sml_page(entry: DeviceEntry, found: SmlPageProfile, view: Callable[[Sample], T], clock: Clock) -> SmlPage[T]:
    """The meter whose bridge has a page. Raises DeviceConfigError and SecretError."""
    return SmlPage(
        name=entry.id,
        period_s=entry.period_s,
        silence_s=silence_limit_s(entry.period_s, found.limits.silent_after_s),
        address=page_address(entry, found),
        profile=found,
        view=view,
        clock=clock,
    )


def page_address(entry: DeviceEntry, found: SmlPageProfile) -> HttpAddress:
    """Where the page is, with what its profile says where the site file says nothing.

    Raises DeviceConfigError and SecretError.
    """
    source = entry.http
    if source is None:
        raise DeviceConfigError(f"{entry.id} has no HTTP address: add http: {{host: …, password: …}}")
    usual = {
        "request": source.request or found.request,
        "port": source.port or (None if source.tls else found.port),
        "user": source.user or found.user,
        "timeout_s": source.timeout_s or found.limits.answer_within_ms / 1000,
    }
    return http_address_of(entry.model_copy(update={"http": source.model_copy(update=usual)}), None)


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
