"""Policies side by side: a table with the best value of every line marked, and bars of solar net."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ems.sim.lab.report.markup import Markup, element, only_for_ears
from ems.sim.lab.report.metrics import FORESIGHT, GOALS, GROUPS, Best, Metric, figure
from ems.sim.lab.report.shapes import Report, Row
from ems.sim.lab.report.words import number, ours_first, policy_name

UNKNOWN: Final = "–"
HOUSE: Final = "house alone"


def score_section(report: Report) -> Markup | None:
    """The table and the bars; None without scores."""
    rows = in_order(report.rows)
    if not rows:
        return None
    return element(
        "section",
        *_title(rows),
        _table(rows, house_only(report)),
        *_policy_notes(rows, report.policy_notes),
        *_bars(rows),
    )


def _title(rows: Sequence[Row]) -> list[Markup]:
    if sum(row.get("policy") != FORESIGHT for row in rows) < 2:
        return [element("h2", "Score")]
    said = "Same house, same sun, same cars. ★ marks the best value of a line where the policies differ."
    return [element("h2", "Policies side by side"), element("p", said)]


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Fusewise first, the optimum last, the others as they come."""
    by_policy = {str(row.get("policy", "")): row for row in rows}
    ours = ours_first(by_policy)
    return [by_policy[policy] for policy in sorted(ours, key=lambda policy: policy == FORESIGHT)]


def house_only(report: Report) -> Mapping[str, object]:
    """The fuses without cars: of the report, else of the first score that has them."""
    if report.house_only:
        return report.house_only
    found = (row.get("house_only") for row in report.rows)
    return next((each for each in found if isinstance(each, Mapping) and each), {})


def best_of(metric: Metric, rows: Sequence[Row]) -> str | None:
    """The best value as it is shown; None when all are the same or the line has no best."""
    values = [value for row in rows if row.get("policy") != FORESIGHT and (value := metric.value(row)) is not None]
    if metric.best is Best.NEITHER or len({metric.show(value) for value in values}) < 2:
        return None
    return metric.show(max(values, key=lambda value: metric.best.value * value))


def _table(rows: Sequence[Row], house: Mapping[str, object]) -> Markup:
    names = [_heading(str(row.get("policy", ""))) for row in rows]
    if house:
        names.append(element("th", HOUSE, scope="col", class_="aside"))
    bodies = [_group(title, metrics, rows, house) for title, metrics in GROUPS]
    table = element(
        "table",
        element("caption", "Score of every policy", class_="ears"),
        element("thead", element("tr", element("td"), *names)),
        *(body for body in bodies if body),
        class_="score",
    )
    return element("div", table, class_="scroll", tabindex="0", role="region", aria_label="Score of every policy")


def _heading(policy: str) -> Markup:
    if policy == FORESIGHT:
        return element("th", "perfect foresight", scope="col", class_="aside")
    return element("th", policy_name(policy), scope="col")


def _group(title: str, metrics: Sequence[Metric], rows: Sequence[Row], house: Mapping[str, object]) -> Markup | None:
    known = [metric for metric in metrics if any(metric.value(row) is not None for row in rows)]
    if metrics is GOALS and not any(metric.value(row) for metric in known for row in rows):
        return None
    if not known:
        return None
    columns = len(rows) + bool(house)
    head = element("tr", element("th", title, scope="rowgroup"), *[element("td")] * columns, class_="group")
    return element("tbody", head, *(_line(metric, rows, house) for metric in known))


def _line(metric: Metric, rows: Sequence[Row], house: Mapping[str, object]) -> Markup:
    best = best_of(metric, rows)
    name = element("th", metric.name, element("small", metric.means), scope="row")
    cells = [_cell(metric, row, best) for row in rows]
    if house:
        value = metric.value({"breaker": house}) if metric.of_fuses else None
        cells.append(element("td", "" if value is None else metric.show(value), class_="aside"))
    return element("tr", name, *cells)


def _cell(metric: Metric, row: Row, best: str | None) -> Markup:
    value = metric.value(row)
    aside = row.get("policy") == FORESIGHT
    if value is None:
        return element("td", UNKNOWN, class_="aside" if aside else None)
    shown = metric.show(value)
    if aside or shown != best:
        return element("td", shown, class_="aside" if aside else None)
    return element("td", element("span", "★ ", aria_hidden="true"), shown, only_for_ears(" (best)"), class_="best")


def _policy_notes(rows: Sequence[Row], notes: Mapping[str, str]) -> list[Markup]:
    said = [(policy, notes[policy]) for row in rows if (policy := str(row.get("policy", ""))) in notes]
    if not said:
        return []
    entries = [each for policy, note in said for each in (element("dt", policy_name(policy)), element("dd", note))]
    return [element("dl", *entries)]


def _bars(rows: Sequence[Row]) -> list[Markup]:
    values = [(str(row.get("policy", "")), net) for row in rows if (net := figure(row, "solar_net")) is not None]
    if not values:
        return []
    low = min(0.0, *(net for _, net in values))
    wide = max(1.0, *(net for _, net in values)) - low
    bars = [_bar(policy, net, low, wide) for policy, net in values]
    return [element("h3", "Solar net"), element("div", *bars, class_="bars")]


def _bar(policy: str, net: float, low: float, wide: float) -> Markup:
    zero, end = (100 * (value - low) / wide for value in (0.0, net))
    left, right = min(zero, end), max(zero, end)
    look = "ours" if policy == "fusewise" else "bound" if policy == FORESIGHT else "others"
    name = "perfect foresight" if policy == FORESIGHT else policy_name(policy)
    shown = f"{number(100 * net)} %"
    drawing = element(
        "svg",
        element("path", d=f"M{left:.2f} 0H{right:.2f}V10H{left:.2f}Z", class_=f"area {look}"),
        element("path", d=f"M{zero:.2f} 0V10", class_="zero"),
        role="img", aria_label=f"{name}: {shown}", viewBox="0 0 100 10", preserveAspectRatio="none",
    )  # fmt: skip
    return element("div", element("span", name), drawing, element("b", shown, aria_hidden="true"))
