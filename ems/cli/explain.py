"""The chain behind one set-point, printed for people."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.text import Text

from ems.model.explanation import Explanation
from ems.model.explanation_sentences import chain

PIPED_COLUMNS: Final = 200


def print_chain(explanation: Explanation, console: Console | None = None) -> None:
    """One line per step, the set-point first; to standard output where no console is given."""
    out = console or Console(highlight=False)
    if console is None and not out.is_terminal:
        out = Console(highlight=False, width=PIPED_COLUMNS)
    out.print(Text(headline(explanation), style="bold"), soft_wrap=True)
    for number, (step, line) in enumerate(zip(explanation.steps, chain(explanation), strict=True)):
        lowered = step.before_a is not None and step.limit_a is not None and step.limit_a < step.before_a
        arrow = "  " if number == 0 else "→ "
        out.print(Text(f"  {arrow}{line}", style="yellow" if lowered else ""), soft_wrap=True)


def headline(explanation: Explanation) -> str:
    """The set-point in a few words."""
    setpoint = explanation.setpoint
    if setpoint.limit_a <= 0:
        return f"{explanation.station_id}: pause"
    phases = "1 phase" if setpoint.phases == 1 else f"{setpoint.phases} phases"
    return f"{explanation.station_id}: {setpoint.limit_a:.1f} A on {phases}"
