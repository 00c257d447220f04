"""`ems devices list` and `ems devices show ID`: which devices we can read, and what a profile reads of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from rich.table import Table
from rich.text import Text

from ems.cli.device_tables import console, print_json, table, unit_of, wrong_use
from ems.devices.config_error import DeviceConfigError
from ems.devices.http.profile import HttpProfile
from ems.devices.library import profile, profiles
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.modbus.register_types import WordOrder
from ems.devices.mqtt.profile import MqttProfile, TopicPoint
from ems.devices.obis_profile import ObisProfile, P1Defaults, P1Profile, SpeedwireProfile
from ems.devices.profile import Profile, SunSpecProfile
from ems.devices.profile_parts import Kind
from ems.devices.sunspec.ways import Way, ways_of

_POSITIVE_POWER: Final[Mapping[Kind, str]] = {
    "meter": "+ import",
    "inverter": "+ production",
    "battery": "+ discharge",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PointRow:
    """One number that a profile reads."""

    kind: Kind
    name: str
    where: str
    type: str
    unit: str
    factor: float
    """The device's number times this is ours."""

    counts: str
    """What a positive number means, where it has a direction."""


def list_profiles(*, as_json: bool) -> int:
    """Print every profile. The exit code: 0."""
    heads = [_head(each) for each in profiles()]
    if as_json:
        print_json(heads)
        return 0
    shown = table("profile", "vendor", "model", "used as", "status", "speaks")
    for each in profiles():
        cells = (each.id, each.vendor, each.model, ", ".join(each.kinds), _status(each), each.transport)
        shown.add_row(*map(Text, cells))
    out = console()
    out.print(shown)
    for line in _warnings():
        out.print(Text(line), soft_wrap=True)
    return 0


def show_profile(profile_id: str, *, as_json: bool) -> int:
    """Print one profile's points. The exit code: 2 when there is no such profile."""
    try:
        chosen = profile(profile_id)
    except DeviceConfigError as error:
        return wrong_use(str(error))
    rows = tuple(point_rows(chosen))
    if as_json:
        limits = chosen.limits.model_dump(exclude_none=True)
        print_json({**_head(chosen), "limits": limits, "points": [asdict(row) for row in rows], "notes": chosen.notes})
        return 0
    out = console()
    out.print(Text(f"{chosen.id}: {chosen.vendor} {chosen.model}", style="bold"), soft_wrap=True)
    out.print(_points_table(rows, several_kinds=len(chosen.kinds) > 1))
    for line in (*_transport_lines(chosen), *chosen.notes):
        out.print(Text(f"· {line}"), soft_wrap=True)
    return 0


def _status(chosen: Profile) -> str:
    return "experimental" if chosen.experimental_as else "vendor" if chosen.status == "vendor" else "verified"


def _warnings() -> Iterator[str]:
    """Why each experimental profile is one."""
    for each in profiles():
        for kind, reason in each.experimental_as.items():
            yield f"· {each.id} is experimental as {kind}: {reason}"


def point_rows(chosen: Profile) -> Iterator[PointRow]:
    """Everything the profile reads, in its order; a device that describes itself has rows for every model."""
    if isinstance(chosen, SunSpecProfile):
        for kind in chosen.kinds:
            yield from dict.fromkeys(row for way in ways_of(kind, chosen.modules) for row in _way_rows(kind, way))
    elif isinstance(chosen, ModbusProfile | HybridProfile):
        yield from _register_rows(chosen)
    elif isinstance(chosen, HttpProfile):
        yield from _answer_rows(chosen)
    elif isinstance(chosen, ObisProfile):
        yield from _obis_rows(chosen)
    else:
        yield from _topic_rows(chosen)


def _register_rows(chosen: ModbusProfile | HybridProfile) -> Iterator[PointRow]:
    for kind, each in chosen.maps.items():
        for name, point in each.rows.items():
            last = f"-{point.address + point.count - 1}" if point.count > 1 and not point.words else ""
            exponent = f" × 10^({point.exponent_at})" if point.exponent_at is not None else ""
            yield PointRow(
                kind=kind,
                name=name,
                where=f"{point.function} {'+'.join(map(str, point.words)) or f'{point.address}{last}'}",
                type=f"{point.type.value}{exponent}",
                unit="state" if name in each.states else unit_of(name),
                factor=point.scale * point.sign,
                counts=_counts(kind, name, signed=point.signed) if name in each.points else "a part of ours",
            )
        for name, rule in each.derived.items():
            yield PointRow(
                kind=kind,
                name=name,
                where=rule.formula,
                type="derived",
                unit=unit_of(name),
                factor=1.0,
                counts=_counts(kind, name, signed=False),
            )


def _topic_rows(chosen: MqttProfile) -> Iterator[PointRow]:
    for name, point in chosen.points.items():
        yield PointRow(
            kind=chosen.kind,
            name=name,
            where=_topic_formula(point),
            type="JSON" if point.path else "number",
            unit=unit_of(name),
            factor=point.scale,
            counts=_counts(chosen.kind, name, signed=point.signed),
        )


def _topic_formula(point: TopicPoint) -> str:
    told = [f"{term.topic} at {term.path}" if term.path else term.topic for term in point.terms]
    return (" − " if point.less else " + ").join(told)


def _answer_rows(chosen: HttpProfile) -> Iterator[PointRow]:
    for kind, use in chosen.uses.items():
        for name, point in use.points.items():
            request = f" of {point.request}" if point.request else ""
            yield PointRow(
                kind=kind,
                name=name,
                where=" + ".join(term.path for term in point.terms) + request,
                type="JSON",
                unit=unit_of(name),
                factor=point.terms[0].scale,
                counts=_counts(kind, name, signed=point.signed),
            )


def _obis_rows(chosen: ObisProfile) -> Iterator[PointRow]:
    for name, point in chosen.points.items():
        yield PointRow(
            kind="meter",
            name=name,
            where=point.formula,
            type="OBIS",
            unit=unit_of(name),
            factor=point.scale,
            counts=_counts("meter", name, signed=False),
        )


def _way_rows(kind: Kind, way: Way) -> Iterator[PointRow]:
    for name, formula in way.formulas.items():
        yield PointRow(
            kind=kind,
            name=name,
            where=formula,
            type="derived",
            unit=unit_of(name),
            factor=1.0,
            counts=_counts(kind, name, signed=False),
        )
    parts = (*way.parts, *([way.standing] if way.standing else []))
    told = {name: (part, *rest) for part in parts for name, rest in part.points.items()}
    for name, (part, theirs, factor) in told.items():
        if name in way.formulas or name not in way.names:
            continue
        field = part.layout.fields[theirs]
        yield PointRow(
            kind=kind,
            name=name,
            where=f"model {part.layout.span} + {field.offset}, {theirs}",
            type=f"{field.type} × 10^{field.scale_factor}" if field.scale_factor else field.type,
            unit=unit_of(name),
            factor=factor,
            counts=_counts(kind, name, signed=False),
        )


def _counts(kind: Kind, name: str, *, signed: bool) -> str:
    if name.startswith("power"):
        return _POSITIVE_POWER[kind]
    if not name.startswith("current"):
        return ""
    return _POSITIVE_POWER[kind] if signed else "direction from the power"


def _transport_lines(chosen: Profile) -> Iterator[str]:
    for kind, reason in chosen.experimental_as.items():
        yield f"Experimental as {kind}: {reason}"
    for kind, reason in chosen.direction_unsure.items():
        yield f"As {kind}, look at its direction: {reason}."
    if isinstance(chosen, MqttProfile):
        yield from _topic_lines(chosen)
        return
    if isinstance(chosen, HttpProfile):
        yield from _request_lines(chosen)
        return
    if isinstance(chosen, P1Profile | SpeedwireProfile):
        yield from _heard_lines(chosen)
        return
    if isinstance(chosen, ModbusProfile | HybridProfile):
        yield from _place_lines(chosen)
    limits = chosen.limits
    yield f"At most {limits.max_registers_per_read} registers per read, {limits.request_gap_ms} ms between two."
    if limits.clients is not None:
        yield f"Connections at once: {limits.clients}."
    if limits.period_s is not None:
        yield f"Stands one sample every {limits.period_s:g} s."
    if isinstance(chosen, ModbusProfile | HybridProfile):
        first = "high" if chosen.word_order is WordOrder.BIG else "low"
        setting = ", unless the device says otherwise" if chosen.word_order_setting else ""
        yield f"Addresses count from 0; of a long number the {first} word comes first{setting}."


def _topic_lines(chosen: MqttProfile) -> Iterator[str]:
    if chosen.availability:
        yield f"Tells on {chosen.availability.topic} whether it is there."
    if chosen.keepalive:
        yield f"Is asked on {chosen.keepalive.topic} to go on publishing, every {chosen.keepalive.every_s:g} s."
    if chosen.limits.silent_after_s:
        yield f"Counts as silent after {chosen.limits.silent_after_s:g} s without a message."


def _request_lines(chosen: HttpProfile) -> Iterator[str]:
    scheme = "https" if chosen.tls else "http"
    yield f"Answers {scheme} at port {chosen.port}, asked for {chosen.request}; login: {chosen.login}."
    if chosen.limits.period_s is not None:
        yield f"Stands one sample every {chosen.limits.period_s:g} s."


def _heard_lines(chosen: P1Profile | SpeedwireProfile) -> Iterator[str]:
    usual = chosen.defaults
    if isinstance(usual, P1Defaults):
        yield f"Speaks by itself: at port {usual.port} of a bridge, or at {usual.baud} baud on a cable."
    else:
        yield f"Speaks by itself to everybody: UDP multicast to {usual.group}, port {usual.port}."
    if chosen.limits.silent_after_s:
        yield f"Counts as silent after {chosen.limits.silent_after_s:g} s without a telegram."


def _place_lines(chosen: ModbusProfile | HybridProfile) -> Iterator[str]:
    usual = chosen.defaults
    over = " over UDP" if usual.over == "udp" else ""
    yield f"Answers at port {usual.port}{over} as unit {usual.unit}, where the site file does not say otherwise."
    if chosen.serial is not None:
        yield f"RS-485 as it comes from its maker: {chosen.serial}; set the gateway so."


def _points_table(rows: Sequence[PointRow], *, several_kinds: bool) -> Table:
    shown = table("point", "where", "type", "unit", "factor", "positive is", *(["used as"] if several_kinds else []))
    for row in rows:
        cells = (row.name, row.where, row.type, row.unit, f"{row.factor:g}", row.counts)
        shown.add_row(*map(Text, (*cells, *([row.kind] if several_kinds else []))))
    return shown


def _head(chosen: Profile) -> dict[str, object]:
    return {
        "id": chosen.id,
        "vendor": chosen.vendor,
        "model": chosen.model,
        "kinds": list(chosen.kinds),
        "transport": chosen.transport,
        "status": _status(chosen),
        "experimental": dict(chosen.experimental_as),
    }
