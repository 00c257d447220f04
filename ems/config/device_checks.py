"""Meters, inverters and batteries: each speaks one protocol, and a meter sits at the main fuse."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from ems.config.circuit_checks import unknown_circuit
from ems.config.cures import closest
from ems.config.feeders import MAIN, phases_by_circuit
from ems.config.problems import ANY, Finding, Place
from ems.config.repeats import repeats
from ems.config.schema import DeviceEntry, ModbusAddress, P1Address, Secret, SiteFile, SmlSource

KIND_OF: Final[Mapping[str, str]] = {"meters": "meter", "solar": "inverter", "battery": "battery"}
"""What the devices of a section are."""

_WAYS: Final = ("modbus", "mqtt", "http", "p1", "speedwire", "rct", "sml")
_CERTIFICATES: Final = frozenset({"ca", "certificate", "key"})
MOST_NAMED: Final = 6
"""Profiles that a cure names one by one."""


FASTEST_PUSHED_S: Final = 1.0
SLOWEST_PUSHED_S: Final = 30.0
"""Above this a fuse would be guarded by what was long ago."""


def names(file: SiteFile) -> Iterator[Finding]:
    """Names that stand twice; meters, inverters and the battery share one list of names."""
    yield from repeats(
        ((device.id, (*place, "id")) for place, device in _devices(file)),
        "meter, inverter or battery",
        "give every device a name of its own",
    )


def secrets(file: SiteFile) -> Iterator[tuple[Place, str, Secret]]:
    """Passwords and tokens of devices, each with its section and key."""
    for place, device in _devices(file):
        for key, secret in (("password", device.http.password), ("token", device.http.token)) if device.http else ():
            if secret is not None:
                yield (*place, "http"), key, secret


def sources(file: SiteFile) -> Iterator[Finding]:
    """Devices that nobody can read: no address or two, no profile, no broker."""
    for place, device in _devices(file):
        yield from _source(place, device)
        if device.mqtt and not file.mqtt:
            yield Finding(
                place=(*place, "mqtt"),
                problem="needs a broker",
                cure="add the section `mqtt: {host: …}`",
                rests_on=(("mqtt",),),
            )
        if device.pushed and not file.api.enabled:
            yield Finding(
                place=(*place, "pushed"),
                problem="needs the API, which api.enabled switches off",
                cure="delete `enabled: false` from the section api",
                rests_on=(("api", "enabled"),),
            )
    if file.mqtt and file.mqtt.password and not file.mqtt.username:
        cure = "MQTT knows no password without a user; add username"
        yield Finding(place=("mqtt", "password"), problem="stands without username", cure=cure)


def proxies(file: SiteFile) -> Iterator[Finding]:
    """Doors to devices that stand where another door is."""
    taken: dict[int, object] = {file.csms.port: "csms.port", file.api.port: "api.port"}
    for place, device in _devices(file):
        port = None if device.modbus is None else device.modbus.proxy_port
        if port is None or device.modbus is None:
            continue
        there = taken.setdefault(port, device.modbus.place)
        if there != device.modbus.place:
            yield Finding(
                place=(*place, "modbus", "proxy_port"),
                problem=f"is {port}, as that of {there if isinstance(there, str) else 'another device'}",
                cure="choose a free one, such as 5020",
            )


def profiles(file: SiteFile, known: Collection[str]) -> Iterator[Finding]:
    """Profiles that do not exist and, where `known` maps them to kinds of devices, those that describe another kind."""
    for place, device in _devices(file):
        if isinstance(known, Mapping) and device.profile is not None and device.profile in known:
            yield from _misfit(place, device.profile, known)
        if device.profile is not None and device.profile not in known:
            meant = closest(device.profile, known)
            cure = f"did you mean {meant}?" if meant else "`ems devices list` shows them"
            problem = f"is {device.profile}, and there is no such profile"
            yield Finding(place=(*place, "profile"), problem=problem, cure=cure)


def meters_at_circuits(file: SiteFile) -> Iterator[Finding]:
    """Meters at no circuit, two at one, none at the main fuse."""
    for i, meter in enumerate(file.meters):
        if finding := unknown_circuit(file, meter.circuit, ("meters", i, "circuit")):
            yield finding
    yield from repeats(
        ((meter.circuit, ("meters", i, "circuit")) for i, meter in enumerate(file.meters)),
        "meter",
        "one meter watches a fuse; name the circuit that this one sits at",
    )
    if not any(meter.circuit == MAIN for meter in file.meters):
        yield Finding(
            place=("meters",),
            problem="has none at the main fuse",
            cure="add the meter of the house connection, with `circuit: main`",
            rests_on=(("meters", ANY, "circuit"),),
        )


def wiring(file: SiteFile) -> Iterator[Finding]:
    """Phases of an inverter or a battery that stand twice, or that the house does not have."""
    there = phases_by_circuit(file)[MAIN]
    feeds: list[tuple[Place, tuple[str, ...]]] = [
        (("solar", i, "wired"), inverter.wired or ()) for i, inverter in enumerate(file.solar)
    ]
    if file.battery is not None:
        feeds.append((("battery", "wired"), file.battery.wired or ()))
    for place, wired in feeds:
        once = tuple(dict.fromkeys(wired))
        if len(once) < len(wired):
            yield Finding(
                place=place, problem="names a phase twice", cure=f"write each once, such as [{', '.join(once)}]"
            )
        if lacking := [phase for phase in once if phase not in there]:
            yield Finding(
                place=place,
                problem=f"has {', '.join(lacking)}, which the house connection does not have",
                cure=f"choose from [{', '.join(there)}]",
                rests_on=(("connection", "phases"),),
            )


def _misfit(place: Place, profile: str, kinds: Mapping[str, Collection[str]]) -> Iterator[Finding]:
    section = str(place[0])
    kind = KIND_OF[section]
    if kind in kinds[profile]:
        return
    fitting = [name for name, described in kinds.items() if kind in described]
    problem = f"is {profile}, which describes a {' or '.join(kinds[profile])}, not what stands under {section}"
    named = ", ".join(fitting) if len(fitting) <= MOST_NAMED else "`ems devices list` shows them"
    cure = (
        f"take one for {'an' if kind == 'inverter' else 'a'} {kind}: {named}"
        if fitting
        else "give it MQTT points of its own instead"
    )
    yield Finding(place=(*place, "profile"), problem=problem, cure=cure)


def _source(place: Place, device: DeviceEntry) -> Iterator[Finding]:
    if device.pushed:
        yield from _pushed(place, device)
        return
    ways = [key for key in _WAYS if getattr(device, key) is not None]
    if len(ways) > 1:
        cure = "keep the one that it answers on"
        yield Finding(place=place, problem=f"has both {' and '.join(ways)}", cure=cure)
    if not ways:
        yield Finding(
            place=place,
            problem="has no address",
            cure="add modbus: {host: …}, http: {host: …}, p1: {host: …}, speedwire: {}, rct: {host: …}, "
            "sml: {host: …} or mqtt: {prefix: …}, or pushed: true where a program brings its readings",
            rests_on=(*((*place, key) for key in _WAYS), (*place, "pushed")),
        )
    if device.modbus:
        yield from _line((*place, "modbus"), device.modbus)
    if device.p1:
        yield from _customer_port((*place, "p1"), device.p1)
    if device.sml:
        yield from _reading_head((*place, "sml"), device.sml)
    own = device.mqtt or device.http
    if not device.profile and ways and not (own and own.points):
        yield Finding(
            place=place,
            problem="has no profile",
            cure="add `profile: …` from `ems devices list`"
            + (f", or points of your own under {ways[0]}" if own else ""),
            rests_on=((*place, "profile"), (*place, "mqtt"), (*place, "http")),
        )


def _customer_port(place: Place, address: P1Address) -> Iterator[Finding]:
    """One line, and no second key without the first."""
    yield from _port(place, address)
    if address.authentication_key and not address.key:
        yield Finding(
            place=(*place, "authentication_key"),
            problem="stands without key",
            cure="add `key: …`, the key of this meter, or delete it",
            rests_on=((*place, "key"),),
        )


def _reading_head(place: Place, source: SmlSource) -> Iterator[Finding]:
    """One line, and a port where that is a bridge."""
    yield from _port(place, source)
    if source.host and source.port is None:
        cure = "add `port: …`, where the bridge passes the reading head through"
        yield Finding(place=place, problem="has no port", cure=cure, rests_on=((*place, "port"),))


def _line(place: Place, address: ModbusAddress) -> Iterator[Finding]:
    """Over what a Modbus device is asked: one host or one serial line, certificates where TLS is."""
    if not address.host and address.serial is None:
        yield Finding(
            place=place,
            problem="says neither host nor serial",
            cure="add `host: …`, or `serial: /dev/ttyUSB0` for an RS-485 adapter of this machine",
            rests_on=((*place, "serial"),),
        )
    if address.serial is not None:
        for key in sorted({"host", "port", "over", *_CERTIFICATES} & address.model_fields_set):
            cure = "a serial line has none; delete one of the two"
            yield Finding(
                place=(*place, key), problem="stands beside serial", cure=cure, rests_on=((*place, "serial"),)
            )
    elif stated := sorted({"baud", "parity", "stop_bits"} & address.model_fields_set):
        cure = "they are set in the gateway; add `serial: …` only where the line is plugged into this machine"
        yield Finding(place=(*place, stated[0]), problem="stands without serial", cure=cure)
    if address.over != "tls" and address.serial is None:
        for key in sorted(_CERTIFICATES & address.model_fields_set):
            cure = "add `over: tls`, or delete it"
            yield Finding(place=(*place, key), problem="stands without over: tls", cure=cure)
    if address.key is not None and address.certificate is None:
        yield Finding(
            place=(*place, "key"),
            problem="stands without certificate",
            cure="add `certificate: …`, the PEM file of both",
        )


def _port(place: Place, address: P1Address | SmlSource) -> Iterator[Finding]:
    """Where a smart meter's port is heard: one bridge or one cable."""
    if not address.host and address.serial is None:
        yield Finding(
            place=place,
            problem="says neither host nor serial",
            cure="add `host: …` of the bridge, or `serial: /dev/ttyUSB0` for a cable at this machine",
            rests_on=((*place, "serial"),),
        )
    strange = {"host", "port"} if address.serial is not None else {"baud"}
    for key in sorted(strange & address.model_fields_set):
        beside = "beside" if address.serial is not None else "without"
        yield Finding(
            place=(*place, key),
            problem=f"stands {beside} serial",
            cure="a bridge has host and port, a cable serial and baud; delete one of the two",
            rests_on=((*place, "serial"),),
        )


def _pushed(place: Place, device: DeviceEntry) -> Iterator[Finding]:
    """A device that a program brings readings of: nobody else speaks for it, and how often is told."""
    for key in (*_WAYS, "profile"):
        if getattr(device, key) is not None:
            yield Finding(
                place=(*place, key),
                problem="stands beside pushed",
                cure="a program brings its readings; delete one of the two",
                rests_on=((*place, "pushed"),),
            )
    if "period_s" not in device.model_fields_set:
        yield Finding(
            place=place,
            problem="is pushed and has no period_s",
            cure="add `period_s: …`, the seconds between two values of the sensor at most; 1 to 30",
            rests_on=((*place, "period_s"),),
        )
    elif not FASTEST_PUSHED_S <= device.period_s <= SLOWEST_PUSHED_S:
        yield Finding(
            place=(*place, "period_s"),
            problem=f"is {device.period_s:g}, and pushed readings come every {FASTEST_PUSHED_S:g} to "
            f"{SLOWEST_PUSHED_S:g} s",
            cure="take a sensor that is renewed at least that often",
            rests_on=((*place, "pushed"),),
        )


def _devices(file: SiteFile) -> Iterator[tuple[Place, DeviceEntry]]:
    for i, meter in enumerate(file.meters):
        yield ("meters", i), meter
    for i, inverter in enumerate(file.solar):
        yield ("solar", i), inverter
    if file.battery:
        yield ("battery",), file.battery
