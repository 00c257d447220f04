"""An explanation in plain English, one sentence for each step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ems.model.decision import LimitReason
from ems.model.explanation import Explanation, Stage, Step
from ems.model.sentences import sentence

SAME_A: Final = 0.05
"""Limits nearer than this look the same with one digit."""

WORTH_A_WORD_WH: Final = 0.1

PEAK_A: Final = 0.5
"""A held peak this far above the house is worth a word."""


def chain(explanation: Explanation) -> list[str]:
    """What the pages, the API and `ems replay --explain` print, in the order of the cycle."""
    return [step_sentence(step) for step in explanation.steps]


def step_sentence(step: Step) -> str:
    """One step in words."""
    return f"{_TITLES[step.stage]}: {_SENTENCES[step.stage](step)}"


def _meter(step: Step) -> str:
    if step.circuit_id is None:
        return "no meter above this station, so the largest loads stated in the site file count"
    age_s, to_go = step.facts.get("age_s"), step.facts.get("samples_to_go")
    if age_s is None:
        return f"{step.circuit_id} gave no good sample yet"
    counted = f", {to_go:.0f} good samples to go" if to_go else ""
    return f"{step.circuit_id} {age_s:.1f} s old, {step.word}{counted}"


def _surplus(step: Step) -> str:
    facts = step.facts
    if "surplus_w" not in facts:
        return "unknown without the grid meter"
    parts = []
    if "house_w" in facts:
        parts.append(f"everything but the sun's cars {facts['house_w']:.0f} W")
    if facts.get("export_bias_w"):
        parts.append(f"{facts['export_bias_w']:.0f} W left for the grid")
    if facts.get("battery_w"):
        doing = "gives" if facts["battery_w"] > 0 else "takes"
        share = f", the cars may have {facts['battery_share']:.0%} of it" if facts["battery_w"] < 0 else ""
        parts.append(f"battery {doing} {abs(facts['battery_w']):.0f} W{share}")
    return f"{facts['surplus_w']:.0f} W before the cars, filtered ({'; '.join(parts)})"


def _demand(step: Step) -> str:
    if "most_a" not in step.facts:
        rests = f"rests at {step.limit_a:.1f} A" if step.limit_a else "pauses"
        return f"{step.word}, {rests}: {sentence(step.reason)}"
    parts = [
        f"{step.word}, {step.facts['least_a']:.0f} to {step.facts['most_a']:.1f} A on {_phases(step.phases)}",
        sentence(step.reason),
    ]
    if "takes_a" in step.facts:
        parts.append(f"its current stopped rising at {step.facts['takes_a']:.1f} A")
    if "offset_a" in step.facts:
        parts.append(f"it stays {step.facts['offset_a']:.1f} A below its limit")
    if step.facts["priority"]:
        parts.append(f"priority {step.facts['priority']:.0f}")
    if "counts_as_a" in step.facts:
        parts.append(f"ignores its limit, so it counts with {step.facts['counts_as_a']:.1f} A")
    return "; ".join(parts)


def _pattern(step: Step) -> str:
    facts = step.facts
    parts = [", ".join(f"{name} {_phases(phases)}" for name, phases in step.pattern.items())]
    if step.phases and "needs_w" in facts:
        parts.append(f"this car can take {facts['needs_w']:.0f} to {facts['uses_at_most_w']:.0f} W so")
    elif not step.phases:
        parts.append(sentence(step.reason))
    said_already = not step.phases and step.reason.gained_wh is not None
    if facts.get("gained_wh", 0.0) >= WORTH_A_WORD_WH and not said_already:
        parts.append(f"the nearest change has gained {facts['gained_wh']:.1f} of {facts['change_wh']:.0f} Wh")
    return "; ".join(parts)


def _sharing(step: Step) -> str:
    bound = _bound_by(step)
    if not step.limit_a:
        return f"nothing: {sentence(step.reason)}"
    given = f"{step.limit_a:.1f} A"
    for unit, sign in (("a", "A"), ("w", "W")):
        if f"row_{unit}" in step.facts:
            used, cap = step.facts[f"given_{unit}"], step.facts[f"row_{unit}"]
            digits = 1 if unit == "a" else 0
            return f"{given}, bound by {bound} (cars {used:.{digits}f} of {max(cap, 0.0):.{digits}f} {sign})"
    return f"{given}, bound by {bound}"


def _bound_by(step: Step) -> str:
    if step.reason.code is LimitReason.SOLAR_SURPLUS:
        return "the surplus"
    return sentence(step.reason)


def _calm(step: Step) -> str:
    limit_a, before_a = step.limit_a or 0.0, step.before_a or 0.0
    said = f"{limit_a:.1f} A" if limit_a else "pause"
    commanded_a = step.facts.get("commanded_a")
    if abs(limit_a - before_a) < step.facts["step_a"] and limit_a <= before_a:
        return f"{said} on {_phases(step.phases)}" if limit_a else said
    if commanded_a is not None and limit_a == commanded_a:
        change_a, least_a = abs(before_a - limit_a), step.facts["dead_band_a"]
        if change_a < least_a:
            return f"keeps {said}: a change of {change_a:.2f} A is below the dead band of {least_a:.1f} A"
        return f"keeps {said}: too soon after the last change"
    return f"{said}: {before_a:.1f} A is below what the station can charge with" if not limit_a else said


def _guard(step: Step) -> str:
    limit_a, before_a = step.limit_a or 0.0, step.before_a or 0.0
    cut = before_a - limit_a >= SAME_A
    lowered = f"lowers to {limit_a:.1f} A" if limit_a else "pauses it"
    said = f"{lowered} ({sentence(step.reason)})" if cut else "no change"
    return "; ".join([said, ", ".join(_fuse(step))]) if step.circuit_id else said


def _fuse(step: Step) -> list[str]:
    """The tightest fuse on the way, in numbers."""
    facts = step.facts
    if step.circuit_id is None or step.phase is None or "house_a" not in facts:
        return []
    parts = [
        f"{step.circuit_id} {step.phase.name}: house {facts['house_a']:.1f} A",
        f"room for cars {max(facts['room_a'], 0.0):.1f} A, given {facts['given_a']:.1f} A",
    ]
    if facts.get("at_risk_a", 0.0) > 0:
        parts.append(f"{facts['at_risk_a']:.1f} A of sun not counted on, it may fail")
    if facts["held_a"] > facts["house_a"] + PEAK_A:
        parts.append(f"recent peak {facts['held_a']:.1f} A held against raises")
    if "thermal" in facts:
        parts.append(f"thermal image {facts['thermal']:.2f}")
    if "time_to_trip_s" in facts:
        parts.append(f"would trip in {facts['time_to_trip_s']:.0f} s at {facts['measured_a']:.1f} A")
    return parts


def _raise(step: Step) -> str:
    limit_a, wanted_a = step.limit_a or 0.0, step.before_a or 0.0
    from_a = step.facts["commanded_a"]
    if limit_a > from_a:
        in_steps = step.reason.code is LimitReason.SETTLING and step.reason.remaining_s is None
        why = "the rest follows in steps" if in_steps else sentence(step.reason)
        rest = f" of {wanted_a:.1f} A wanted: {why}" if wanted_a - limit_a >= SAME_A else ""
        return f"from {from_a:.1f} to {limit_a:.1f} A{rest}"
    lasted_s = step.facts.get("room_for_s")
    lasted = "" if lasted_s is None else f"; room has lasted {lasted_s:.0f} s"
    return f"not yet to {wanted_a:.1f} A on {_phases(step.phases)}: {sentence(step.reason)}{lasted}"


def _phases(phases: int | None) -> str:
    if not phases:
        return "off"
    return "1 phase" if phases == 1 else f"{phases} phases"


_TITLES: Final[Mapping[Stage, str]] = {
    Stage.METER: "meter",
    Stage.SURPLUS: "surplus",
    Stage.DEMAND: "wish",
    Stage.PATTERN: "pattern",
    Stage.SHARING: "sharing",
    Stage.CALM: "calm",
    Stage.GUARD: "guard",
    Stage.RAISE: "raise",
}

_SENTENCES: Final[Mapping[Stage, Callable[[Step], str]]] = {
    Stage.METER: _meter,
    Stage.SURPLUS: _surplus,
    Stage.DEMAND: _demand,
    Stage.PATTERN: _pattern,
    Stage.SHARING: _sharing,
    Stage.CALM: _calm,
    Stage.GUARD: _guard,
    Stage.RAISE: _raise,
}
