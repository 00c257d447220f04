"""The result in one sentence, and the scene it was played on."""

from __future__ import annotations

from ems.sim.lab.report.markup import Markup, element
from ems.sim.lab.report.metrics import FORESIGHT, breaker_figure, figure
from ems.sim.lab.report.score_table import house_only, in_order
from ems.sim.lab.report.shapes import Report, Row
from ems.sim.lab.report.words import count, kwh, length, number, policy_name


def headline(report: Report) -> str | None:
    """What the first policy reached, for people; None without a score."""
    rows = [row for row in in_order(report.rows) if row.get("policy") != FORESIGHT]
    said = in_short(rows[0], report) if rows else None
    if said is None:
        return None
    return f"{policy_name(str(rows[0].get('policy', '')))} {said} in {length(report.days)}."


def in_short(row: Row, report: Report) -> str | None:
    """The same without name and days; None when the score knows no solar energy."""
    solar = _solar(row)
    if solar is None:
        return None
    others = [part for part in (_grid(row), _trips(row, report)) if part]
    if len(others) == 2:
        return f"{solar}, {others[0]}, and {others[1]}"
    return " and ".join([solar, *others])


def scene(report: Report) -> Markup:
    """House, trace, cars, fuse, software, and how to get the same figures again."""
    facts = [
        ("House", report.site),
        ("Main fuse", report.fuse),
        ("Cars", report.cars),
        ("Trace", report.trace),
        ("Played", length(report.days)),
        ("Seed", "" if report.seed is None else str(report.seed)),
        ("Software", report.version),
    ]
    entries = [element("div", element("dt", name), element("dd", said)) for name, said in facts if said]
    again = [element("p", "The same figures again: ", _command(report.command))] if report.command else []
    return element("section", element("dl", *entries, class_="scene"), *again)


def _command(line: str) -> Markup:
    """The command line, broken at blanks only."""
    words = [element("span", word) for word in line.split(" ")]
    return element("code", words[0], *(part for word in words[1:] for part in (" ", word)))


def _solar(row: Row) -> str | None:
    solar, possible = figure(row, "ev_solar_kwh"), figure(row, "foresight_solar_kwh")
    if solar is None:
        return None
    if not possible:
        return f"put {kwh(solar)} kWh of sun into the cars"
    put, of = kwh(solar), kwh(possible)
    if put == of and solar != possible:
        put, of = number(solar, 1), number(possible, 1)
    return f"put {put} of {of} possible solar kWh into the cars"


def _grid(row: Row) -> str | None:
    grid = figure(row, "ev_grid_kwh")
    if grid is None:
        return None
    return "took nothing from the grid" if grid == 0 else f"took {kwh(grid)} kWh from the grid"


def _trips(row: Row, report: Report) -> str | None:
    trips = breaker_figure(row.get("breaker"), "trips")
    if trips is None:
        return None
    if trips == 0:
        return "no fuse tripped"
    alone = breaker_figure(house_only(report), "trips") or 0.0
    said = f"fuses tripped {count(trips, 'time', 'times')}"
    return said + (f" ({count(alone, 'time', 'times')} without any car)" if alone else "")
