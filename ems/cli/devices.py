"""`ems devices`: which devices we can read, what a profile reads of them, and what a real one says."""

from __future__ import annotations

import asyncio
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ems.cli.check_tables import PIPED_COLUMNS
from ems.clock import WallClock
from ems.config.cure_words import FORMS
from ems.config.schema import ModbusAddress
from ems.devices.config_error import DeviceConfigError
from ems.devices.library import profile, profiles
from ems.devices.modbus_address import address_of
from ems.devices.modbus_profile import HybridProfile, ModbusProfile
from ems.devices.mqtt_profile import MqttProfile
from ems.devices.probe import Finding, probe
from ems.devices.profile import Profile, SunSpecProfile
from ems.devices.profile_parts import Kind
from ems.devices.register_types import WordOrder
from ems.devices.sunspec_models import INVERTERS, METERS, Layout
from ems.errors import DeviceError, LinkDown, NoAnswer

WRONG_USE: Final = 2

ANSWER_WITHIN_S: Final = 3.0
"""More patience than the service has: an installer probes gateways that wake up slowly."""

_UNITS: Final = (
    *(("power", "W"), ("current", "A"), ("voltage", "V"), ("frequency", "Hz"), ("energy", "kWh"), ("soc", "0 to 1")),
    *(("PhV", "V"), ("DCWH", "Wh"), ("DCW", "W"), ("DCA", "A"), ("DCV", "V"), ("TotWh", "Wh"), ("WH", "Wh")),
    *(("VAr", "var"), ("VA", "VA"), ("Hz", "Hz"), ("Tmp", "°C"), ("W", "W"), ("A", "A"), ("length", "registers")),
)
"""Beginnings of names, ours and SunSpec's, the first that fits counts."""

_POSITIVE_POWER: Final[Mapping[Kind, str]] = {
    "meter": "+ import",
    "inverter": "+ production",
    "battery": "+ discharge",
}
_LAYOUTS: Final[Mapping[Kind, Sequence[Layout]]] = {"meter": METERS, "inverter": INVERTERS}

_CURES: Final[Mapping[type[DeviceError], str]] = {
    LinkDown: "check host and port, and that Modbus TCP is switched on in the device",
    NoAnswer: "try another --unit; some devices serve one connection only, so end other programs that read it",
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
        _print_json(heads)
        return 0
    table = _table("profile", "vendor", "model", "used as", "status", "speaks")
    for each in profiles():
        cells = (each.id, each.vendor, each.model, ", ".join(each.kinds), _status(each), each.transport)
        table.add_row(*map(Text, cells))
    console = _console()
    console.print(table)
    for line in _warnings():
        console.print(Text(line), soft_wrap=True)
    return 0


def show_profile(profile_id: str, *, as_json: bool) -> int:
    """Print one profile's points. The exit code: 2 when there is no such profile."""
    try:
        chosen = profile(profile_id)
    except DeviceConfigError as error:
        return _wrong_use(str(error))
    rows = tuple(point_rows(chosen))
    if as_json:
        limits = chosen.limits.model_dump(exclude_none=True)
        _print_json({**_head(chosen), "limits": limits, "points": [asdict(row) for row in rows], "notes": chosen.notes})
        return 0
    console = _console()
    console.print(Text(f"{chosen.id}: {chosen.vendor} {chosen.model}", style="bold"), soft_wrap=True)
    console.print(_points_table(rows, several_kinds=len(chosen.kinds) > 1))
    for line in (*_transport_lines(chosen), *chosen.notes):
        console.print(Text(f"· {line}"), soft_wrap=True)
    return 0


def probe_device(profile_id: str, *, host: str, port: int | None, unit: int | None, as_json: bool) -> int:
    """Read a real device once and print what it says. The exit code: 1 when it says nothing of use, 2 for wrong use."""
    try:
        chosen = profile(profile_id)
        address = _address(chosen, host, port, unit)
    except DeviceConfigError as error:
        return _wrong_use(str(error))
    except ValidationError:
        return _wrong_use(f"host is {host!r}: {FORMS['host']}")
    if isinstance(chosen, MqttProfile):
        return _wrong_use(f"{chosen.id} publishes by itself, so watch its topics: `ems devices show {chosen.id}`")
    try:
        findings = asyncio.run(probe(chosen, address, WallClock()))
    except DeviceError as error:
        cure = _CURES.get(type(error))
        return _no_use(chosen, address, error.code, f"{error}: {cure}" if cure else str(error), as_json=as_json)
    if all(finding.value is None for finding in findings):
        said = (
            f"unit {address.unit} at {host}:{address.port} answers, but has none of these points: is it another model?"
        )
        return _no_use(chosen, address, DeviceError.code, said, as_json=as_json)
    if as_json:
        _print_json({"ok": True, **_target(chosen, address), "points": [_found_json(each) for each in findings]})
    else:
        _console().print(_findings_table(findings))
    return 0


def _address(chosen: Profile, host: str, port: int | None, unit: int | None) -> ModbusAddress:
    """Where to ask; raises ValidationError for what is no host."""
    stated = {key: value for key, value in (("port", port), ("unit", unit)) if value is not None}
    usual = address_of(ModbusAddress.model_validate({"host": host, **stated}), chosen)
    return usual.model_copy(update={"timeout_s": max(usual.timeout_s, ANSWER_WITHIN_S)})


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
            for layout in _LAYOUTS.get(kind, ()):
                yield from _layout_rows(kind, layout)
    elif isinstance(chosen, ModbusProfile | HybridProfile):
        yield from _register_rows(chosen)
    else:
        yield from _topic_rows(chosen)


def unit_of(name: str) -> str:
    """The unit of a point, ours or SunSpec's; empty for texts, states and counts."""
    return next((unit for beginning, unit in _UNITS if name.startswith(beginning)), "")


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
            where=f"{point.topic} at {point.path}" if point.path else point.topic,
            type="JSON" if point.path else "number",
            unit=unit_of(name),
            factor=point.scale,
            counts=_counts(chosen.kind, name, signed=point.signed),
        )


def _layout_rows(kind: Kind, layout: Layout) -> Iterator[PointRow]:
    models = f"model {layout.ids[0]}-{layout.ids[-1]}"
    for name, (theirs, factor) in layout.points.items():
        field = layout.fields[theirs]
        yield PointRow(
            kind=kind,
            name=name,
            where=f"{models} + {field.offset}, {theirs}",
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
    if isinstance(chosen, MqttProfile):
        if chosen.availability:
            yield f"Tells on {chosen.availability.topic} whether it is there."
        if chosen.limits.silent_after_s:
            yield f"Counts as silent after {chosen.limits.silent_after_s:g} s without a message."
        return
    limits = chosen.limits
    yield f"At most {limits.max_registers_per_read} registers per read, {limits.request_gap_ms} ms between two."
    if isinstance(chosen, ModbusProfile | HybridProfile):
        first = "high" if chosen.word_order is WordOrder.BIG else "low"
        yield f"Addresses count from 0; of a long number the {first} word comes first."


def _points_table(rows: Sequence[PointRow], *, several_kinds: bool) -> Table:
    table = _table("point", "where", "type", "unit", "factor", "positive is", *(["used as"] if several_kinds else []))
    for row in rows:
        cells = (row.name, row.where, row.type, row.unit, f"{row.factor:g}", row.counts)
        table.add_row(*map(Text, (*cells, *([row.kind] if several_kinds else []))))
    return table


def _findings_table(findings: Sequence[Finding]) -> Table:
    table = _table("where", "point", "value", "unit")
    table.columns[2].justify = "right"
    for finding in findings:
        value = finding.value
        shown = f"{round(value, 3):.10g}" if isinstance(value, int | float) else value
        style = "" if shown is not None else "yellow"
        unit = "" if shown is None else unit_of(finding.name)
        table.add_row(
            Text(finding.where),
            Text(finding.name),
            Text("not available" if shown is None else shown, style),
            Text(unit),
        )
    return table


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


def _target(chosen: Profile, address: ModbusAddress) -> dict[str, object]:
    return {"profile": chosen.id, "host": address.host, "port": address.port, "unit": address.unit}


def _found_json(finding: Finding) -> dict[str, object]:
    value = finding.value
    # JSON has no infinity, and a broken device may say it.
    shown = str(value) if isinstance(value, float) and not math.isfinite(value) else value
    return {"where": finding.where, "name": finding.name, "value": shown, "unit": unit_of(finding.name)}


def _no_use(chosen: Profile, address: ModbusAddress, code: str, said: str, *, as_json: bool) -> int:
    if as_json:
        _print_json({"ok": False, **_target(chosen, address), "code": code, "problem": said, "points": []})
    else:
        sys.stderr.write(f"{said}\n")
    return 1


def _wrong_use(said: str) -> int:
    sys.stderr.write(f"{said}\n")
    return WRONG_USE


def _table(*headings: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PIPED_COLUMNS)


def _print_json(said: object) -> None:
    sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
