"""What `ems simulate` prints: the scores side by side, and the faults with their verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.table import Table

from ems.sim.lab.report.shapes import FaultVerdict
from ems.sim.lab.score import Score

UNKNOWN: Final = "–"
SIGNS: Final[Mapping[bool | None, str]] = {
    True: "[green]held[/]",
    False: "[bold red]failed[/]",
    None: "[dim]not played[/]",
}


@dataclass(frozen=True, slots=True)
class _Line:
    name: str
    cell: Callable[[Score], str]


def print_scores(console: Console, scores: Sequence[Score]) -> None:
    """One column per policy."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    for score in scores:
        table.add_column(str(score["policy"]), justify="right", no_wrap=True)
    for line in LINES:
        table.add_row(line.name, *(line.cell(score) for score in scores))
    console.print(table)


def print_faults(console: Console, verdicts: Sequence[FaultVerdict]) -> None:
    """One line per fault and policy."""
    if not verdicts:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("fault", "policy", "verdict", "what was seen"):
        table.add_column(heading, no_wrap=heading != "what was seen")
    for each in verdicts:
        table.add_row(each.fault, each.policy, SIGNS[each.passed], each.sentence)
    console.print()
    console.print(table)


def _number(key: str, decimals: int = 0) -> Callable[[Score], str]:
    return lambda score: _shown(score.get(key), decimals)


def _percent(key: str) -> Callable[[Score], str]:
    def cell(score: Score) -> str:
        value = score.get(key)
        return f"{100 * value:.1f} %" if isinstance(value, float) else UNKNOWN

    return cell


def _goals(score: Score) -> str:
    met, missed = score.get("goals_met"), score.get("goals_missed")
    if not isinstance(met, int) or not isinstance(missed, int) or met + missed == 0:
        return UNKNOWN
    return f"{met} of {met + missed}"


def _worst(key: str, decimals: int) -> Callable[[Score], str]:
    """Of all fuses the worst."""
    return lambda score: _shown(max(_figures(score, key), default=None), decimals)


def _trips(score: Score) -> str:
    figures = _figures(score, "trips")
    return _shown(sum(figures), 0) if figures else UNKNOWN


def _figures(score: Score, key: str) -> list[float]:
    breaker = score.get("breaker")
    circuits = breaker.values() if isinstance(breaker, dict) else ()
    return [float(circuit[key]) for circuit in circuits]


def _shown(value: object, decimals: int) -> str:
    return f"{value:.{decimals}f}" if isinstance(value, int | float) else UNKNOWN


LINES: Final = (
    _Line("car energy kWh", _number("ev_energy_kwh", 1)),
    _Line("of it solar kWh", _number("ev_solar_kwh", 1)),
    _Line("solar share", _percent("solar_share")),
    _Line("solar of foresight", _percent("solar_capture")),
    _Line("net of foresight", _percent("solar_net")),
    _Line("of lag-free energy", _percent("lag_free_share")),
    _Line("goals met", _goals),
    _Line("starts", _number("starts")),
    _Line("1↔3 changes", _number("phase_switches")),
    _Line("limit changes", _number("limit_changes")),
    _Line("a minute and station", _number("limit_changes_per_station_minute", 2)),
    _Line("with lease renewals", _number("messages_per_station_minute", 2)),
    _Line("trips", _trips),
    _Line("hottest, 1 trips", _worst("max_thermal", 2)),
    _Line("s above rating", _worst("seconds_over_rating", 0)),
    _Line("s above 1.13 × rating", _worst("seconds_over_1_13", 0)),
    _Line("decisions", _number("cycles")),
    _Line("took s", _number("wall_s", 1)),
)
