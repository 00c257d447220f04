"""The hand-over as one HTML page to print: it needs nothing else, runs nothing, and shows what was signed.

What was signed is the same in every language; this page says it in one.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any, Final

from ems.commissioning.hand_over_speaker import UNKNOWN, Speaker
from ems.commissioning.kept import Signed
from ems.model.words import ENGLISH, Language

STYLE_FILE: Final = Path(__file__).with_name("hand_over.css")


def page_of(document: Signed, language: Language = ENGLISH) -> str:
    """The whole page."""
    told: dict[str, Any] = json.loads(document.text)
    speak = Speaker(language)
    parts = (
        _head(told, speak),
        _connection(told, speak),
        _circuits(told, speak),
        _fuses(told, speak),
        _stations(told, speak),
        *_chargers(told, speak),
        _losses(told, speak),
        _overload(told, speak),
        _signs(told, speak),
        _signatures(told, speak),
        _seal(document, speak),
    )
    style = STYLE_FILE.read_text(encoding="utf-8")
    title = _text(speak("title", site=told["site"]))
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f"<main>\n{''.join(parts)}</main>\n</body>\n</html>\n"
    )


def _head(told: Mapping[str, Any], speak: Speaker) -> str:
    still_open = [speak.word("step", step) for step in told["open_steps"]]
    banner = (
        f'<p class="open">{_text(speak("open", steps=", ".join(still_open)))}</p>'
        if still_open
        else f'<p class="all">{_text(speak("all_done"))}</p>'
    )
    by = ", ".join(each for each in (told["installer"], told["company"]) if each)
    remark = f'<p class="remark">{_text(told["remark"])}</p>' if told["remark"] else ""
    when = str(told["at"]).replace("T", " ").replace("+00:00", " UTC")
    account = speak("account", name=told["account"])
    return (
        f"<header><p class=brand>Fusewise {_text(told['version'])}</p>"
        f"<h1>{_text(speak('heading', site=told['site']))}</h1>"
        f"<p>{_text(when)} · {_text(by)} · {_text(account)}</p>{banner}{remark}</header>\n"
    )


def _connection(told: Mapping[str, Any], speak: Speaker) -> str:
    limits, operator = told["limits"]["connection"], told["limits"]["grid_operator"]
    device = speak.word("device", limits["main_fuse_device"])
    rows = {
        "main_fuse": f"{limits['phases']} × {speak.amps(limits['main_fuse_a'])}, {device}",
        "reserve": speak.amps(limits["reserve_a"]),
        "derating": speak.number(limits["derating"]),
        "other_load": speak.amps(limits["largest_other_load_a"]),
        "contract": speak.unit(limits["max_import_kw"], "kW"),
        "imbalance": speak.amps(limits["max_imbalance_a"]),
        "grid_operator": UNKNOWN if operator is None else speak("de14a", devices=operator["devices"]),
        "lease": speak.unit(told["limits"]["lease_s"], "s"),
    }
    body = "".join(f"<tr><th>{_text(speak(name))}</th><td>{_text(value)}</td></tr>" for name, value in rows.items())
    return f"<section><h2>{_text(speak('connection'))}</h2><table class=facts>{body}</table></section>\n"


def _circuits(told: Mapping[str, Any], speak: Speaker) -> str:
    rows = [
        (
            each["id"],
            each["fed_from"],
            " ".join(each["phases"]) if each["phases"] else speak("as_feeder"),
            speak.amps(each["fuse_a"]),
            speak.word("device", each["fuse_device"]),
            speak.amps(each["reserve_a"]),
        )
        for each in told["limits"]["circuits"]
    ]
    names = speak.columns("circuit", "fed_from", "phases", "fuse", "device", "reserve")
    return _section(speak("circuits"), names, rows) if rows else ""


def _fuses(told: Mapping[str, Any], speak: Speaker) -> str:
    rows = [
        (
            each["circuit"],
            each["phase"],
            speak.amps(each["stations_a"]),
            speak.amps(each["other_load_a"]),
            speak.amps(each["bound_a"]),
            speak("holds" if each["covered"] else "not_covered"),
        )
        for each in told["fuses"]
    ]
    names = speak.columns("circuit", "phase", "stations", "other_load", "allowed", "without_control")
    return _section(speak("fuses"), names, rows, speak("fuses.note"))


def _stations(told: Mapping[str, Any], speak: Speaker) -> str:
    rows = [
        (
            each["id"],
            each["circuit"],
            " ".join(each["wired"]),
            speak.amps(each["max_a"]),
            speak.amps(each["fallback_a"]),
            speak("proven" if each["lease_verified"] else "not_proven"),
        )
        for each in told["limits"]["stations"]
    ]
    names = speak.columns("station", "circuit", "wired", "maximum", "fallback", "falls_back")
    return _section(speak("stations"), names, rows)


def _chargers(told: Mapping[str, Any], speak: Speaker) -> Iterable[str]:
    for name, found in told["proofs"]["charger"].items():
        rows = [
            (
                speak.amps(row["limit_a"]) if row["limit_a"] else speak("pause"),
                str(row["phases"]),
                speak.amps(row["station_a"]),
                "  ".join(speak.signed(amps) for amps in row["meter_a"]),
                speak.unit(row["reaction_s"], "s"),
                speak("obeyed" if row["obeyed"] else "not_obeyed"),
            )
            for row in found["plateaus"]
        ]
        names = speak.columns("limit", "phases", "station_a", "meter_a", "reaction", "obedience")
        yield _section(speak("charger_proof", station=name), names, rows, _charger_note(found, speak))


def _charger_note(found: Mapping[str, Any], speak: Speaker) -> str:
    phases = ", ".join(
        speak(
            "wiring.phase",
            own=f"L{place + 1}",
            house=each["house"] or speak("unknown"),
            certainty=speak.word("certainty", each["certainty"]),
        )
        for place, each in enumerate(found["wiring"])
    )
    notes = [speak.verdict(found), speak.says(found), speak("wiring", phases=phases or UNKNOWN)]
    if found["reaction_s"] is not None:
        notes.append(speak("slowest", seconds=found["reaction_s"]))
    if found["step_a"]:
        notes.append(speak("finest", step_a=found["step_a"]))
    return " ".join(notes)


def _losses(told: Mapping[str, Any], speak: Speaker) -> str:
    rows = [
        (
            name,
            speak.word("verdict", found["verdict"]),
            speak.unit(found["lease_s"], "s"),
            speak.amps(found["before_a"]),
            speak.amps(found["after_a"]),
            speak.amps(found["fallback_a"]),
            speak.amps(found["meter_fell_a"]),
            speak.unit(found["fell_after_s"], "s"),
        )
        for name, found in told["proofs"]["loss"].items()
    ]
    names = speak.columns("station", "verdict", "lease", "before", "after", "fallback", "meter_fell", "fell_after")
    return _section(speak("loss_proofs"), names, rows, speak("loss_proofs.note")) if rows else ""


def _overload(told: Mapping[str, Any], speak: Speaker) -> str:
    found = told["proofs"]["overload"]
    if found is None:
        return ""
    rows = [
        (
            each["station_id"],
            speak.amps(each["from_a"]),
            speak.amps(each["to_a"]) if each["to_a"] else speak("pause"),
            speak.unit(each["decided_s"], "s"),
            speak.unit(each["accepted_s"], "s"),
        )
        for each in found["lowered"]
    ]
    order = {True: "lowers_first", False: "raises_first", None: "none_raised"}[found["lowers_before_raises"]]
    facts = {name: found[name] for name in ("virtual_a", "fuse_a", "allowed_s")}
    place = f"{found['circuit_id']} {found['phase']}"
    note = f"{speak.verdict(found)} {speak.says(found)} {speak(f'overload.{order}', place=place, **facts)}"
    names = speak.columns("station", "from", "to", "decided", "accepted")
    return _section(speak("overload_proof"), names, rows, note)


def _signs(told: Mapping[str, Any], speak: Speaker) -> str:
    rows = [
        (name, speak.word("verdict", found["verdict"]), speak.says(found))
        for name, found in told["proofs"]["sign"].items()
    ]
    return _section(speak("signs"), speak.columns("meter_at", "verdict", "found"), rows) if rows else ""


def _signatures(told: Mapping[str, Any], speak: Speaker) -> str:
    return (
        f"<section class=sign><h2>{_text(speak('signatures'))}</h2><div><p>{_text(speak('installer'))}</p>"
        f"<p class=line></p><p>{_text(told['installer'])}</p></div>"
        f"<div><p>{_text(speak('homeowner'))}</p><p class=line></p><p>&nbsp;</p></div></section>\n"
    )


def _seal(document: Signed, speak: Speaker) -> str:
    def blocks(text: str) -> str:
        return "<br>".join(_text(" ".join(textwrap.wrap(line, 8))) for line in textwrap.wrap(text, 64))

    return (
        f"<footer><h2>{_text(speak('seal'))}</h2><p>{_text(speak('seal.hash'))}</p>"
        f"<pre>{blocks(document.limits_hash)}</pre><p>{_text(speak('seal.signature'))}</p>"
        f"<pre>{blocks(document.signature)}</pre><p>{_text(speak('seal.key'))}</p><pre>{blocks(document.key)}</pre>"
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


def _text(text: str) -> str:
    return escape(str(text))
