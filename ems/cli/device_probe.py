"""`ems devices probe ID` and `ems devices show HOST`: what a real device says, and whether it fits together."""

from __future__ import annotations

import asyncio
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rich.table import Table
from rich.text import Text

from ems.cli.device_options import Stated
from ems.cli.device_tables import console, print_json, table, unit_of, wrong_use
from ems.clock import WallClock
from ems.config.problems import SecretError
from ems.devices.config_error import DeviceConfigError
from ems.devices.inspection.finding import Finding
from ems.devices.inspection.hearing import own_address
from ems.devices.inspection.looking import look_at
from ems.devices.inspection.soundness import doubts
from ems.devices.inspection.subject import Subject, subject_at
from ems.devices.library import profile, profile_ids
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.obis_profile import SpeedwireProfile
from ems.devices.profile import Profile, SunSpecProfile
from ems.errors import DeviceError, LinkDown, NoAnswer

_CURES: Final[Mapping[type[DeviceError], str]] = {
    LinkDown: "check host and port, and that Modbus TCP is switched on in the device",
    NoAnswer: "try another --unit; some devices serve one connection only, so end other programs that read it",
}
ENDED: Final = 130
"""Somebody pressed Ctrl-C."""

_BY_MODBUS: Final = ModbusProfile | HybridProfile | SunSpecProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """A device that answered."""

    subject: Subject
    findings: tuple[Finding, ...]


def asked_at(host: str, stated: Stated) -> Stated:
    """Where to ask: a host, or a serial line where `host` is the path of a device file."""
    return {"serial" if host.startswith("/") else "host": host, **stated}


def speaks_to_everybody(what: str | None) -> bool:
    """Whether that is a profile whose device needs no host to be heard."""
    return what in profile_ids() and isinstance(profile(str(what)), SpeedwireProfile)


def subject_of(chosen: Profile, asked: Stated) -> Subject:
    """The device that is meant. Raises DeviceConfigError, and LinkDown where no network leads to its host."""
    if isinstance(chosen, SpeedwireProfile) and "host" in asked and "interface" not in asked:
        asked = {**asked, "interface": own_address(str(asked["host"]))}
    return subject_at(chosen, asked)


def probe_device(profile_id: str, asked: Stated, *, as_json: bool) -> int:
    """Read a real device once and print what it says. The exit code: 1 when it says nothing of use, 2 for wrong use."""
    looked = _look(profile_id, asked, as_json=as_json)
    if isinstance(looked, int):
        return looked
    if as_json:
        points = [_found_json(each) for each in looked.findings]
        print_json({"ok": True, **_target(looked.subject), "points": points})
    else:
        # Models have many points that a device does not have; `show` tells those too.
        told = [each for each in looked.findings if each.value is not None or each.unit is None]
        several = len({each.kind for each in told if each.kind is not None}) > 1
        console().print(_findings_table(told, with_uses=several))
    return 0


def show_device(profile_id: str, asked: Stated, *, as_json: bool) -> int:
    """As `probe_device`, with the raw registers and with doubts. The exit code: 1 also when there are doubts."""
    looked = _look(profile_id, asked, as_json=as_json)
    if isinstance(looked, int):
        return looked
    said = _doubts(looked.findings)
    if as_json:
        points = [{**_found_json(each), "kind": each.kind, "registers": _words(each)} for each in looked.findings]
        target = _target(looked.subject)
        print_json({"ok": not said, **target, "points": points, "doubts": said, "unsure": _unsure(looked)})
    else:
        out = console()
        out.print(_raw_table(looked.findings))
        for line in said:
            out.print(Text(f"! {line}", "yellow"), soft_wrap=True)
        for line in _unsure(looked):
            out.print(Text(f"? {line}", "yellow"), soft_wrap=True)
        for line in looked.subject.profile.notes:
            out.print(Text(f"· {line}"), soft_wrap=True)
    return 1 if said else 0


def _look(profile_id: str, asked: Stated, *, as_json: bool) -> _Looked | int:
    """What the device says; or the exit code, once the reason was printed."""
    subject = None
    try:
        subject = subject_of(profile(profile_id), asked)
        findings = asyncio.run(look_at(subject, WallClock()))
    except (DeviceConfigError, SecretError) as error:
        return wrong_use(str(error))
    except DeviceError as error:
        cure = _CURES.get(type(error)) if subject is None or isinstance(subject.profile, _BY_MODBUS) else None
        target = {} if subject is None else _target(subject)
        return _no_use(target, error.code, f"{error}: {cure}" if cure else str(error), as_json=as_json)
    except KeyboardInterrupt:
        return ENDED
    if all(finding.value is None for finding in findings):
        said = f"{subject.whose} answers, but has none of these points: is it another model?"
        return _no_use(_target(subject), DeviceError.code, said, as_json=as_json)
    return _Looked(subject=subject, findings=findings)


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
    unsure = looked.subject.profile.direction_unsure
    return [f"As {kind}: {each.why}." for kind, each in unsure.items() if kind in seen]


def _words(finding: Finding) -> list[str]:
    return [f"0x{word:04X}" for word in finding.registers]


def _raw_table(findings: Sequence[Finding]) -> Table:
    if not any(each.registers for each in findings):
        return _findings_table(findings, with_uses=True)
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


def _findings_table(findings: Sequence[Finding], *, with_uses: bool) -> Table:
    """A device that is several things at once tells a `power` for each of them."""
    shown = table(*(["used as"] if with_uses else []), "where", "point", "value", "unit")
    shown.columns[-2].justify = "right"
    for each in findings:
        use = [Text(each.kind or "")] if with_uses else []
        shown.add_row(*use, Text(each.where), Text(each.name), *_value_cells(each))
    return shown


def _target(subject: Subject) -> dict[str, object]:
    return {"profile": subject.profile.id, **subject.where}


def _found_json(finding: Finding) -> dict[str, object]:
    value = finding.value
    # JSON has no infinity, and a broken device may say it.
    shown = str(value) if isinstance(value, float) and not math.isfinite(value) else value
    return {"where": finding.where, "name": finding.name, "value": shown, "unit": _unit(finding)}


def _no_use(target: Mapping[str, object], code: str, said: str, *, as_json: bool) -> int:
    if as_json:
        print_json({"ok": False, **target, "code": code, "problem": said, "points": []})
    else:
        sys.stderr.write(f"{said}\n")
    return 1
