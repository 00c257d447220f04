"""What `ems commission` prints for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ems.api.wire import Sentence
from ems.api.wire_commissioning import (
    ChargerResult,
    CommissioningState,
    FuseProofRow,
    LimitsAnswer,
    LossResult,
    OverloadResult,
    ProofState,
)
from ems.model.words import say

PIPED_COLUMNS: Final = 200
_STYLES: Final = {"done": "green", "open": "yellow", "failed": "red"}
_VERDICTS: Final = {"passed": "bold green", "failed": "bold red", "uncertain": "bold yellow", "aborted": "bold yellow"}
_OUTCOMES: Final = {
    "applied": "The limits are in force.",
    "unchanged": "These limits are in force already.",
    "checked": "Only checked; nothing was changed.",
    "after_restart": "Kept; in force when the service starts again.",
    "type_again": "Not in force yet: type them again.",
}


def print_status(state: CommissioningState) -> None:
    """Steps, stations and strangers."""
    console = _console()
    steps = _table("Step", "", "")
    for step in state.steps:
        steps.add_row(step.key, Text(step.condition, style=_STYLES[step.condition]), step.says.text)
    console.print(steps)
    stations = _table("Station", "Connects to", "Now", "Wired", "Maximum", "Fallback", "Lease")
    for each in state.stations:
        now = f"{each.vendor or ''} {each.model or ''} {each.firmware or ''}".strip() if each.connected else "away"
        stations.add_row(
            each.id,
            each.url,
            now or "connected",
            " ".join(each.wired),
            f"{each.max_a:g} A",
            f"{each.fallback_a:g} A",
            "proven" if each.lease_verified else "not proven",
        )
    console.print(stations)
    for stranger in state.strangers:
        if not stranger.refused:
            what = "waits to be adopted" if stranger.waits else f"tried to connect {stranger.times} times"
            said = " ".join(word for word in (stranger.vendor, stranger.model, *stranger.serials) if word)
            named = f" ({said})" if said else ""
            console.print(Text(f"· {stranger.identity} at {stranger.address}{named} {what}"))
    if state.storage_trouble is not None:
        console.print(Text(f"· limits cannot be kept: {state.storage_trouble}", style="red"))
    _warnings(console, state.warnings)
    if state.sealed is not None:
        console.print(Text(f"Sealed by {state.sealed.installer}, {state.sealed.at:%Y-%m-%d}."))


def print_connection(state: CommissioningState) -> None:
    """The connection and the dead-man proof."""
    console = _console()
    limits = state.connection
    if limits is None:
        console.print("Nobody has stated the main fuse; no car charges above 6 A on one phase.")
    else:
        console.print(
            f"{limits.phases} x {limits.main_fuse_a:g} A {limits.main_fuse_device}, reserve {limits.reserve_a:g} A, "
            f"stated by {'the site file' if state.connection_by == 'site_file' else 'the installer'}"
        )
    console.print(_fuses(state.fuses))
    _warnings(console, state.warnings)


def print_answer(answer: LimitsAnswer) -> None:
    """What became of limits."""
    console = _console()
    console.print(_OUTCOMES[answer.outcome])
    console.print(_fuses(answer.fuses))
    _warnings(console, answer.warnings)


def print_meters(state: CommissioningState) -> None:
    """Every meter as it is now."""
    table = _table("Meter", "Circuit", "Profile", "Phases", "Total", "Sum of phases", "Age", "Sign")
    for meter in state.meters:
        phases = "  ".join(f"{each.phase} {each.current_a:+.1f} A" for each in meter.phases)
        total = "–" if meter.power_w is None else f"{meter.power_w:.0f} W"
        added = "–" if meter.phases_w is None else f"{meter.phases_w:.0f} W"
        table.add_row(
            meter.id,
            meter.circuit,
            meter.profile or "topics",
            phases or "no sample",
            total,
            Text(added, style="red" if meter.sum_agrees is False else ""),
            Text("–" if meter.age_s is None else f"{meter.age_s:.1f} s", style="" if meter.fresh else "red"),
            "not tested" if meter.sign is None else _verdict(meter.sign.verdict),
        )
    _console().print(table)


def _verdict(verdict: str) -> str:
    return say(f"page.verdict.{verdict}").lower()


def print_result(proof: ProofState) -> None:
    """What a proof found."""
    console = _console()
    result = proof.result
    if result is None:
        console.print(proof.stage.text)
        return
    console.print(Text(f"{_verdict(result.verdict)}: {result.says.text}", style=_VERDICTS[result.verdict]))
    match result:
        case ChargerResult():
            _charger(console, result)
        case LossResult():
            console.print(
                f"before {_amps(result.before_a)}, after {_amps(result.after_a)}, fallback {result.fallback_a:g} A; "
                f"the meter fell by {_amps(result.meter_fell_a)} {_seconds(result.fell_after_s)} after the last message"
            )
        case OverloadResult():
            console.print(
                f"{result.virtual_a:g} A of virtual load on {result.circuit} {result.phase}; cars down after "
                f"{_seconds(result.fell_s)}, {result.allowed_s:g} s allowed"
            )
            for each in result.lowered:
                accepted = _seconds(each.accepted_s)
                console.print(f"· {each.station} from {each.from_a:g} A to {each.to_a:g} A, accepted after {accepted}")


def _charger(console: Console, result: ChargerResult) -> None:
    table = _table("Limit", "Phases", "Station", "Meter over pause", "Reaction", "")
    for row in result.plateaus:
        table.add_row(
            f"{row.limit_a:g} A" if row.limit_a else "pause",
            str(row.phases),
            _amps(row.station_a),
            "  ".join(f"{amps + 0.0:+.1f}" for amps in row.meter_a),
            _seconds(row.reaction_s),
            "" if row.obeyed else Text("NOT obeyed", style="red"),
        )
    console.print(table)
    for each in result.wiring:
        console.print(
            f"{each.station_phase} of the station is {each.house_phase or '?'} of the house ({each.certainty})"
        )
    if result.agrees is False:
        console.print(Text(f"stated is {' '.join(result.stated)}", style="yellow"))


def _fuses(rows: Iterable[FuseProofRow]) -> Table:
    table = _table("Circuit", "Phase", "Stations", "Other load", "Allowed", "Without control")
    for row in rows:
        verdict = Text("holds", style="green") if row.covered else Text("NOT covered", style="red")
        other = _amps(row.other_load_a)
        table.add_row(row.circuit, row.phase, _amps(row.stations_a), other, _amps(row.bound_a), verdict)
    return table


def _warnings(console: Console, warnings: Iterable[Sentence]) -> None:
    for warning in warnings:
        console.print(Text(f"· {warning.text}"), soft_wrap=True)


def _table(*names: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in names:
        table.add_column(name)
    return table


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PIPED_COLUMNS)


def _amps(amps: float | None) -> str:
    return "–" if amps is None else f"{round(amps, 2):g} A"


def _seconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{round(seconds, 2):g} s"
