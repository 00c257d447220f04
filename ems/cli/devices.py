"""`ems devices list` and `ems devices show ID`: which devices we can read, and what a profile reads of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from rich.table import Table
from rich.text import Text

from ems.cli.device_speech import transport_lines
from ems.cli.device_tables import console, print_json, table, unit_of, wrong_use
from ems.devices.config_error import DeviceConfigError
from ems.devices.http.profile import HttpProfile
from ems.devices.library import profile, profiles
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.mqtt.profile import MqttProfile, TopicPoint
from ems.devices.obis_profile import ObisPoint, ObisProfile
from ems.devices.profile import Profile, SunSpecProfile
from ems.devices.profile_parts import Kind
from ems.devices.rct.profile import ObjectPoint, RctProfile
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
    shown = table("profile", "device", "used as", "status", "speaks", whole=("profile", "status", "speaks"))
    shown.columns[2].min_width = len("inverter,")
    for each in profiles():
        cells = (each.id, f"{each.vendor} {each.model}", ", ".join(each.kinds), _status(each), each.transport)
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
    for line in (*transport_lines(chosen), *chosen.notes):
        out.print(Text(f"· {line}"), soft_wrap=True)
    return 0


def _status(chosen: Profile) -> str:
    return "experimental" if chosen.experimental_as else "vendor" if chosen.status == "vendor" else "verified"


def _warnings() -> Iterator[str]:
    """Why each experimental profile is one, and where a direction is unsure."""
    for each in profiles():
        for kind, reason in each.experimental_as.items():
            yield f"· {each.id} is experimental as {kind}: {reason}"
        for kind, unsure in each.direction_unsure.items():
            yield f"· {each.id} as {kind}: {unsure.why}."


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
        yield from _formula_rows("meter", chosen.points, "OBIS")
    elif isinstance(chosen, RctProfile):
        for kind, use in chosen.uses.items():
            yield from _formula_rows(kind, use.points, "float32")
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


def _formula_rows(kind: Kind, points: Mapping[str, ObisPoint | ObjectPoint], type_name: str) -> Iterator[PointRow]:
    for name, point in points.items():
        counts = _counts(kind, name, signed=False)
        yield PointRow(
            kind=kind,
            name=name,
            where=point.formula,
            type=type_name,
            unit=unit_of(name),
            factor=point.scale,
            counts=counts,
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
        "direction_unsure": {kind: each.why for kind, each in chosen.direction_unsure.items()},
    }
