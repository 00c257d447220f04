"""What broke and who held: faults down, policies across."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ems.sim.lab.report.markup import Markup, element
from ems.sim.lab.report.shapes import FaultVerdict
from ems.sim.lab.report.words import fault_name, ours_first, policy_name

SIGNS: Final[Mapping[bool | None, tuple[str, str, str]]] = {
    True: ("✓", "held", "pass"),
    False: ("✗", "failed", "fail"),
    None: ("–", "not played", "unplayed"),
}
"""Verdict: sign, word, class of the style sheet."""

LEGEND: Final = (
    "Fallback after: until every car was at its fallback current. Room after: until no fuse was above its rating, "
    "counted from the load that came meanwhile. Raise after: until the first limit rose, back after: until the cars "
    "had nine tenths of their power, both counted from the end of the fault."
)


def fault_section(verdicts: Sequence[FaultVerdict]) -> Markup | None:
    """The fault matrix; None without verdicts."""
    if not verdicts:
        return None
    policies = ours_first(verdict.policy for verdict in verdicts)
    by_place = {(verdict.fault, verdict.policy): verdict for verdict in verdicts}
    faults = list(dict.fromkeys(verdict.fault for verdict in verdicts))
    lines = [
        element("tr", _name(fault), *(_cell(by_place.get((fault, policy))) for policy in policies)) for fault in faults
    ]
    names = [element("th", _heading(policy, verdicts), scope="col") for policy in policies]
    table = element(
        "table",
        element("caption", "Faults and policies", class_="ears"),
        element("thead", element("tr", element("td"), *names)),
        element("tbody", *lines),
        class_="faults",
    )
    return element(
        "section",
        element("h2", "When something breaks"),
        element("p", "Each fault is played to every policy in the same house; a figure is what the fault led to."),
        element("p", LEGEND, class_="note"),
        element("div", table, class_="scroll", tabindex="0", role="region", aria_label="Faults and policies"),
    )


def _name(label: str) -> Markup:
    """The fault in words, and below it where and when a script had it."""
    where = label.partition(" ")[2]
    known = fault_name(label) != label
    return element("th", fault_name(label), *([element("small", where)] if known and where else []), scope="row")


def _heading(policy: str, verdicts: Sequence[FaultVerdict]) -> Markup:
    played = [verdict.passed for verdict in verdicts if verdict.policy == policy and verdict.passed is not None]
    tally = f"held {sum(played)} of {len(played)}" if played else "not played"
    return element("span", policy_name(policy), element("small", tally))


def _cell(verdict: FaultVerdict | None) -> Markup:
    if verdict is None:
        return element("td", SIGNS[None][0], class_="unplayed")
    sign, word, look = SIGNS[verdict.passed]
    mark = element("b", element("span", f"{sign} ", aria_hidden="true"), word)
    figure = [element("span", verdict.figure, class_="measured")] if verdict.figure else []
    return element("td", mark, *figure, _told(verdict), class_=look)


def _told(verdict: FaultVerdict) -> Markup:
    """What was seen: at once where something went wrong, on demand where all is well."""
    parts = verdict.sentence.removesuffix(".").split("; ")
    if not verdict.passed or len(parts) == 1:
        return element("small", verdict.sentence)
    items = [element("li", part) for part in parts]
    return element("details", element("summary", "what was measured"), element("ul", *items))
