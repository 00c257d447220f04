"""The hand-over as one HTML page to print: it needs nothing else, runs nothing, and shows what was signed."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any, Final

from ems.commissioning.kept import Signed

STYLE_FILE: Final = Path(__file__).with_name("hand_over.css")
UNKNOWN: Final = "–"
_WORDS: Final[Mapping[str, str]] = {
    "passed": "passed",
    "failed": "failed",
    "uncertain": "not certain",
    "aborted": "aborted",
    "certain": "measured",
    "presumed": "presumed",
    "unknown": "not known",
}
_DEVICES: Final[Mapping[str, str]] = {
    "mcb_b": "breaker B",
    "mcb_c": "breaker C",
    "mcb_d": "breaker D",
    "sls": "SLS switch",
    "gg": "fuse gG",
}
_STEPS: Final[Mapping[str, str]] = {
    "connection": "connection",
    "circuits": "circuits",
    "meter": "sign of the meter",
    "stations": "all stations connected",
    "charger_proof": "charger proofs",
    "loss_proof": "loss proofs",
    "overload_proof": "overload proof",
}


def page_of(document: Signed) -> str:
    """The whole page."""
    told: dict[str, Any] = json.loads(document.text)
    parts = (
        _head(told),
        _connection(told),
        _circuits(told),
        _fuses(told),
        _stations(told),
        *_chargers(told),
        _losses(told),
        _others(told),
        _signatures(told),
        _seal(document),
    )
    style = STYLE_FILE.read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Hand-over {_text(told['site'])}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f"<main>\n{''.join(parts)}</main>\n</body>\n</html>\n"
    )


def _head(told: Mapping[str, Any]) -> str:
    still_open = [_STEPS.get(step, step) for step in told["open_steps"]]
    banner = (
        f'<p class="open">Handed over with open steps: {_text(", ".join(still_open))}.</p>'
        if still_open
        else '<p class="all">Every step is done and proven.</p>'
    )
    by = ", ".join(each for each in (told["installer"], told["company"]) if each)
    remark = f'<p class="remark">{_text(told["remark"])}</p>' if told["remark"] else ""
    when = str(told["at"]).replace("T", " ").replace("+00:00", " UTC")
    return (
        f"<header><p class=brand>Fusewise {_text(told['version'])}</p><h1>Hand-over: {_text(told['site'])}</h1>"
        f"<p>{_text(when)} · {_text(by)} · account {_text(told['account'])}</p>{banner}{remark}</header>\n"
    )


def _connection(told: Mapping[str, Any]) -> str:
    limits, operator = told["limits"]["connection"], told["limits"]["grid_operator"]
    rows = [
        ("Main fuse", f"{limits['phases']} × {_amps(limits['main_fuse_a'])}, {_device(limits['main_fuse_device'])}"),
        ("Reserve on every phase", _amps(limits["reserve_a"])),
        ("Derating", f"{limits['derating']:g}"),
        ("Largest other load per phase", _amps(limits["largest_other_load_a"])),
        ("Contract power", _unit(limits["max_import_kw"], "kW")),
        ("Most between phases", _amps(limits["max_imbalance_a"])),
        ("Grid operator", UNKNOWN if operator is None else f"§ 14a EnWG, {operator['devices']} devices"),
        ("Lease of every limit", _unit(told["limits"]["lease_s"], "s")),
    ]
    body = "".join(f"<tr><th>{_text(name)}</th><td>{_text(value)}</td></tr>" for name, value in rows)
    return f"<section><h2>House connection</h2><table class=facts>{body}</table></section>\n"


def _circuits(told: Mapping[str, Any]) -> str:
    circuits = told["limits"]["circuits"]
    if not circuits:
        return ""
    rows = [
        (
            each["id"],
            each["fed_from"],
            " ".join(each["phases"]) if each["phases"] else "as its feeder",
            _amps(each["fuse_a"]),
            _device(each["fuse_device"]),
            _amps(each["reserve_a"]),
        )
        for each in circuits
    ]
    return _section("Circuits", ("Circuit", "Fed from", "Phases", "Fuse", "Device", "Reserve"), rows)


def _fuses(told: Mapping[str, Any]) -> str:
    rows = [
        (
            each["circuit"],
            each["phase"],
            _amps(each["stations_a"]),
            _amps(each["other_load_a"]),
            _amps(each["bound_a"]),
            "holds" if each["covered"] else "NOT covered",
        )
        for each in told["fuses"]
    ]
    note = "What may flow when all control is gone: stations at their fallback currents, and the largest other load."
    names = ("Circuit", "Phase", "Stations", "Other load", "Allowed", "Without control")
    return _section("Fuses without control", names, rows, note)


def _stations(told: Mapping[str, Any]) -> str:
    rows = [
        (
            each["id"],
            each["circuit"],
            " ".join(each["wired"]),
            _amps(each["max_a"]),
            _amps(each["fallback_a"]),
            "proven" if each["lease_verified"] else "not proven",
        )
        for each in told["limits"]["stations"]
    ]
    names = ("Station", "Circuit", "House phases behind L1 L2 L3", "Maximum", "Fallback", "Fall-back")
    return _section("Charging stations", names, rows)


def _chargers(told: Mapping[str, Any]) -> Iterable[str]:
    for name, found in told["proofs"]["charger"].items():
        rows = [
            (
                _amps(row["limit_a"]) if row["limit_a"] else "pause",
                str(row["phases"]),
                _amps(row["station_a"]),
                "  ".join(f"{round(amps, 1) + 0.0:+.1f}" for amps in row["meter_a"]),
                _unit(row["reaction_s"], "s"),
                "obeyed" if row["obeyed"] else "NOT obeyed",
            )
            for row in found["plateaus"]
        ]
        phases = ", ".join(
            f"L{place + 1} is {each['house'] or 'unknown'} ({_WORDS[each['certainty']]})"
            for place, each in enumerate(found["wiring"])
        )
        step = f" Finest step seen: {found['step_a']:g} A." if found["step_a"] else ""
        slowest = f" Slowest way down: {found['reaction_s']:.1f} s." if found["reaction_s"] is not None else ""
        note = f"{_verdict(found)} {found['says']} Wiring: {phases or UNKNOWN}.{slowest}{step}"
        names = ("Limit", "Phases", "Station measured", "Meter, A over the pause", "Reaction", "Obedience")
        yield _section(f"Charger proof: {name}", names, rows, note)


def _losses(told: Mapping[str, Any]) -> str:
    rows = [
        (
            name,
            _WORDS[found["verdict"]],
            _unit(found["lease_s"], "s"),
            _amps(found["before_a"]),
            _amps(found["after_a"]),
            _amps(found["fallback_a"]),
            _amps(found["meter_fell_a"]),
            _unit(found["fell_after_s"], "s"),
        )
        for name, found in told["proofs"]["loss"].items()
    ]
    names = ("Station", "Verdict", "Lease", "Before", "After", "Fallback", "Meter fell by", "After last message")
    note = "No message was sent to the station until its lease had ended."
    return _section("Loss proofs", names, rows, note) if rows else ""


def _others(told: Mapping[str, Any]) -> str:
    overload, signs = told["proofs"]["overload"], told["proofs"]["sign"]
    parts = []
    if overload is not None:
        rows = [
            (
                each["station_id"],
                _amps(each["from_a"]),
                _amps(each["to_a"]) if each["to_a"] else "pause",
                _unit(each["decided_s"], "s"),
                _unit(each["accepted_s"], "s"),
            )
            for each in overload["lowered"]
        ]
        order = {True: "lowers went before raises", False: "raises went before lowers", None: "nothing was raised"}
        note = (
            f"{_verdict(overload)} {overload['says']} Virtual load {overload['virtual_a']:.1f} A on "
            f"{overload['circuit_id']} {overload['phase']} ({overload['fuse_a']:g} A fuse); "
            f"{overload['allowed_s']:.0f} s allowed; {order[overload['lowers_before_raises']]}."
        )
        names = ("Station", "From", "To", "Decided after", "Accepted after")
        parts.append(_section("Overload proof", names, rows, note))
    if signs:
        lines = [(name, _WORDS[found["verdict"]], found["says"]) for name, found in signs.items()]
        parts.append(_section("Sign of the meters", ("Meter at", "Verdict", "Found"), lines))
    return "".join(parts)


def _signatures(told: Mapping[str, Any]) -> str:
    return (
        "<section class=sign><h2>Signatures</h2><div><p>Installer</p><p class=line></p>"
        f"<p>{_text(told['installer'])}</p></div><div><p>Homeowner</p><p class=line></p><p>&nbsp;</p></div></section>\n"
    )


def _seal(document: Signed) -> str:
    def blocks(text: str) -> str:
        return "<br>".join(_text(" ".join(textwrap.wrap(line, 8))) for line in textwrap.wrap(text, 64))

    return (
        "<footer><h2>Seal</h2><p>The limits are locked. SHA-256 of the limits:</p>"
        f"<pre>{blocks(document.limits_hash)}</pre><p>Ed25519 signature over the document:</p>"
        f"<pre>{blocks(document.signature)}</pre><p>Public key of this house:</p><pre>{blocks(document.key)}</pre>"
        "</footer>\n"
    )


def _section(title: str, names: Iterable[str], rows: Iterable[Iterable[str]], note: str = "") -> str:
    head = "".join(f"<th>{_text(name)}</th>" for name in names)
    body = "".join(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>" for row in rows)
    said = f"<p>{_text(note)}</p>" if note else ""
    return (
        f"<section><h2>{_text(title)}</h2>{said}<div class=wide><table>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></section>\n"
    )


def _verdict(found: Mapping[str, Any]) -> str:
    return f"{_WORDS[found['verdict']].capitalize()}."


def _amps(amps: float | None) -> str:
    return _unit(amps, "A")


def _unit(value: float | None, unit: str) -> str:
    return UNKNOWN if value is None else f"{round(value, 2):g} {unit}"


def _device(name: str) -> str:
    return _DEVICES.get(name, name)


def _text(text: str) -> str:
    return escape(str(text))
