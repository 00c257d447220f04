"""How the figures came about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ems.sim.lab.report.markup import Markup, element
from ems.sim.lab.report.metrics import FORESIGHT, GROUPS, figure
from ems.sim.lab.report.shapes import Report, Row
from ems.sim.lab.report.words import number

HOW: Final = {
    "Replay": (
        "A recorded trace of house and sun is played second by second; simulated chargers and cars answer with their "
        "own delays. Fusewise runs the control code that runs in a house. The other policies follow the published "
        "rules of other systems and see the same meter."
    ),
    "Solar energy in a car": (
        "In every second the smaller of the car's power and the surplus before cars, which is production less house, "
        "never below zero. Several cars share the surplus in proportion to their power."
    ),
    "Perfect foresight": (
        "The schedule that puts most sun into the same cars when the whole trace is known beforehand, from the surplus "
        "averaged over each minute, by linear optimisation. It is a bound for every policy, and it lets cars charge at "
        "any power, which real cars do not below 6 A."
    ),
    "Thermal image": (
        "A model of the heat in the fuse, one per phase: 0 is cold, 1 is where it trips. A short peak above the rating "
        "warms it a little; only a long one opens it."
    ),
    "House alone": "The same fuses with no car at all. What shows up there, no way of charging can prevent.",
    "Plots": (
        "Strong colours show the mean of two minutes, pale ones reach from the smallest to the largest second in them, "
        "so that no peak is lost."
    ),
}

WHOLE_STEPS: Final = (
    "One schedule of nothing or at least 6 A puts {solar_kwh} kWh of sun into the cars; a better one may exist, "
    "up to the bound."
)


def notes_section(report: Report) -> Markup:
    """Where the figures come from, and what each line of the table means."""
    meanings = [(metric.name, metric.means) for _, metrics in GROUPS for metric in metrics] if report.rows else []
    return element(
        "section",
        element("h2", "How it was computed"),
        _list([*HOW.items(), *_whole_steps(report.rows)]),
        *([element("h3", "Lines of the table"), _list(meanings)] if meanings else []),
        element("p", "A mark stands for one line alone: a policy that hardly charges takes little from the grid."),
        class_="notes",
    )


def _whole_steps(rows: Sequence[Row]) -> list[tuple[str, str]]:
    found = [
        value for row in rows if row.get("policy") == FORESIGHT and (value := figure(row, "whole_steps_solar_kwh"))
    ]
    return [("In whole steps", WHOLE_STEPS.format(solar_kwh=number(value, 1))) for value in found[:1]]


def _list(entries: Sequence[tuple[str, str]]) -> Markup:
    return element("dl", *(each for name, text in entries for each in (element("dt", name), element("dd", text))))
