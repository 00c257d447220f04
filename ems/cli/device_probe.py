"""`ems devices probe` and `ems devices show HOST`: what a real device says, and whether it fits together."""

from __future__ import annotations

import asyncio
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError
from rich.table import Table
from rich.text import Text

from ems.cli.device_tables import console, print_json, table, unit_of, wrong_use
from ems.clock import WallClock
from ems.config.cure_words import FORMS
from ems.config.schema import ModbusAddress, P1Address
from ems.devices.config_error import DeviceConfigError
from ems.devices.entry_lines import p1_line
from ems.devices.http.profile import HttpProfile
from ems.devices.inspection.finding import Finding
from ems.devices.inspection.hearing import heard_at_port, heard_on_network
from ems.devices.inspection.probe import probe
from ems.devices.inspection.soundness import doubts
from ems.devices.library import profile
from ems.devices.modbus.address import address_of
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.mqtt.profile import MqttProfile
from ems.devices.obis_profile import ObisProfile, P1Profile, SpeedwireProfile
from ems.devices.profile import Profile, SunSpecProfile
from ems.errors import DeviceError, LinkDown, NoAnswer

ANSWER_WITHIN_S: Final = 3.0
"""More patience than the service has: an installer probes gateways that wake up slowly."""


_CURES: Final[Mapping[type[DeviceError], str]] = {
    LinkDown: "check host and port, and that Modbus TCP is switched on in the device",
    NoAnswer: "try another --unit; some devices serve one connection only, so end other programs that read it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """A device that answered."""

    chosen: Profile
    address: ModbusAddress
    findings: tuple[Finding, ...]


Asked = Mapping[str, str | int]
"""What was stated of a Modbus address."""


def asked_at(host: str, **stated: str | int | None) -> Asked:
    """Where to ask: a host, or a serial line where `host` is the path of a device file."""
    place = "serial" if host.startswith("/") else "host"
    return {place: host, **{key: value for key, value in stated.items() if value is not None}}


def probe_device(profile_id: str, asked: Asked, *, as_json: bool) -> int:
    """Read a real device once and print what it says. The exit code: 1 when it says nothing of use, 2 for wrong use."""
    looked = _look(profile_id, asked, as_json=as_json)
    if isinstance(looked, int):
        return looked
    if as_json:
        points = [_found_json(each) for each in looked.findings]
        print_json({"ok": True, **_target(looked.chosen, looked.address), "points": points})
    else:
        # Models have many points that a device does not have; `show` tells those too.
        told = [each for each in looked.findings if each.value is not None or each.unit is None]
        console().print(_findings_table(told))
    return 0


def show_device(profile_id: str, asked: Asked, *, as_json: bool) -> int:
    """As `probe_device`, with the raw registers and with doubts. The exit code: 1 also when there are doubts."""
    looked = _look(profile_id, asked, as_json=as_json)
    if isinstance(looked, int):
        return looked
    said = _doubts(looked.findings)
    if as_json:
        points = [{**_found_json(each), "kind": each.kind, "registers": _words(each)} for each in looked.findings]
        target = _target(looked.chosen, looked.address)
        print_json({"ok": not said, **target, "points": points, "doubts": said, "unsure": _unsure(looked)})
    else:
        out = console()
        out.print(_raw_table(looked.findings))
        for line in said:
            out.print(Text(f"! {line}", "yellow"), soft_wrap=True)
        for line in _unsure(looked):
            out.print(Text(f"? {line}", "yellow"), soft_wrap=True)
        for line in looked.chosen.notes:
            out.print(Text(f"· {line}"), soft_wrap=True)
    return 1 if said else 0


def _look(profile_id: str, asked: Asked, *, as_json: bool) -> _Looked | int:
    """What the device says; or the exit code, once the reason was printed."""
    try:
        chosen = profile(profile_id)
        address = _address(chosen, asked)
    except DeviceConfigError as error:
        return wrong_use(str(error))
    except ValidationError:
        return wrong_use(f"host is {asked.get('host')!r}: {FORMS['host']}")
    if isinstance(chosen, HttpProfile):
        return wrong_use(f"{chosen.id} answers HTTP: open http://{asked.get('host')}{chosen.request} in a browser")
    if isinstance(chosen, MqttProfile):
        return wrong_use(f"{chosen.id} publishes by itself, so watch its topics: `ems devices show {chosen.id}`")
    if isinstance(chosen, P1Profile | SpeedwireProfile):
        address = address.model_copy(update={"port": asked.get("port", chosen.defaults.port)})
    try:
        findings = asyncio.run(_read(chosen, address, asked))
    except DeviceError as error:
        cure = None if isinstance(chosen, ObisProfile) else _CURES.get(type(error))
        return _no_use(chosen, address, error.code, f"{error}: {cure}" if cure else str(error), as_json=as_json)
    if all(finding.value is None for finding in findings):
        said = f"{_whose(chosen, address)} answers, but has none of these points: is it another model?"
        return _no_use(chosen, address, DeviceError.code, said, as_json=as_json)
    return _Looked(chosen=chosen, address=address, findings=findings)


_Readable = ModbusProfile | HybridProfile | SunSpecProfile | P1Profile | SpeedwireProfile


async def _read(chosen: _Readable, address: ModbusAddress, asked: Asked) -> tuple[Finding, ...]:
    """Everything the device says, asked for it or by itself."""
    if isinstance(chosen, P1Profile):
        baud = asked.get("baud", chosen.defaults.baud)
        where = P1Address.model_validate({"host": address.host, "port": address.port, "serial": address.serial})
        line = p1_line(where.model_copy(update={"baud": baud}), chosen)
        return await heard_at_port(chosen, line, WallClock())
    if isinstance(chosen, SpeedwireProfile):
        return await heard_on_network(chosen, address.host, address.port, WallClock())
    return await probe(chosen, address, WallClock())


def _address(chosen: Profile, asked: Asked) -> ModbusAddress:
    """Where to ask; raises ValidationError for what is no host."""
    usual = address_of(ModbusAddress.model_validate(asked), chosen)
    return usual.model_copy(update={"timeout_s": max(usual.timeout_s, ANSWER_WITHIN_S)})


def _doubts(findings: Sequence[Finding]) -> list[str]:
    """What does not fit together, use by use."""
    said: list[str] = []
    for kind in dict.fromkeys(each.kind for each in findings):
        if kind is not None:
            own = [each for each in findings if each.kind == kind]
            values = {each.name: each.value for each in own if isinstance(each.value, int | float)}
            said += [f"As {kind}: {doubt}." for doubt in doubts(kind, values)]
    return said


def _unsure(looked: _Looked) -> list[str]:
    """What nobody can tell of its directions, and how to find out."""
    seen = {each.kind for each in looked.findings}
    return [f"As {kind}: {reason}." for kind, reason in looked.chosen.direction_unsure.items() if kind in seen]


def _words(finding: Finding) -> list[str]:
    return [f"0x{word:04X}" for word in finding.registers]


def _raw_table(findings: Sequence[Finding]) -> Table:
    shown = table("used as", "where", "registers", "point", "value", "unit")
    shown.columns[4].justify = "right"
    for each in findings:
        value, unit = _value_cells(each)
        raw = " ".join(_words(each))
        shown.add_row(Text(each.kind or ""), Text(each.where), Text(raw), Text(each.name), value, unit)
    return shown


def _value_cells(finding: Finding) -> tuple[Text, Text]:
    """The value and its unit, as they are printed."""
    value = finding.value
    if value is None:
        return Text("not available", "yellow"), Text("")
    return Text(f"{round(value, 3):.10g}" if isinstance(value, int | float) else value), Text(_unit(finding))


def _unit(finding: Finding) -> str:
    return unit_of(finding.name) if finding.unit is None else finding.unit


def _findings_table(findings: Sequence[Finding]) -> Table:
    shown = table("where", "point", "value", "unit")
    shown.columns[2].justify = "right"
    for each in findings:
        shown.add_row(Text(each.where), Text(each.name), *_value_cells(each))
    return shown


def _target(chosen: Profile, address: ModbusAddress) -> dict[str, object]:
    where = {"host": address.host, "port": address.port} if address.serial is None else {"serial": address.serial}
    unit = {} if isinstance(chosen, ObisProfile) else {"unit": address.unit}
    return {"profile": chosen.id, **where, **unit}


def _where(address: ModbusAddress) -> str:
    return address.serial or f"{address.host}:{address.port}"


def _whose(chosen: Profile, address: ModbusAddress) -> str:
    return _where(address) if isinstance(chosen, ObisProfile) else f"unit {address.unit} at {_where(address)}"


def _found_json(finding: Finding) -> dict[str, object]:
    value = finding.value
    # JSON has no infinity, and a broken device may say it.
    shown = str(value) if isinstance(value, float) and not math.isfinite(value) else value
    return {"where": finding.where, "name": finding.name, "value": shown, "unit": _unit(finding)}


def _no_use(chosen: Profile, address: ModbusAddress, code: str, said: str, *, as_json: bool) -> int:
    if as_json:
        print_json({"ok": False, **_target(chosen, address), "code": code, "problem": said, "points": []})
    else:
        sys.stderr.write(f"{said}\n")
    return 1
