"""An explanation in plain words, one sentence for each step; the words are in `words.json`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ems.model.decision import LimitReason, Reason
from ems.model.electrical import NOMINAL_V
from ems.model.explanation import Explanation, Stage, Step
from ems.model.sentences import local_time, sentence
from ems.model.words import ENGLISH, Language, Number, has_words, say

SAME_A: Final = 0.05
"""Limits nearer than this look the same with one digit."""

SAME_W: Final = 50.0
"""Mains are not always at 230 V, so powers nearer than this may be the same."""

WORTH_A_WORD_WH: Final = 0.1

PEAK_A: Final = 0.5
"""A held peak this far above the house is worth a word."""


def chain(explanation: Explanation, language: Language = ENGLISH) -> list[str]:
    """What the pages, the API and `ems replay --explain` print, in the order of the cycle."""
    return [step_sentence(step, language) for step in explanation.steps]


def step_sentence(step: Step, language: Language = ENGLISH) -> str:
    """One step in words."""
    return f"{stage_title(step.stage, language)}: {step_text(step, language)}"


def stage_title(stage: Stage, language: Language = ENGLISH) -> str:
    """The name of a step."""
    return say(f"step.{stage}.title", language)


def step_text(step: Step, language: Language = ENGLISH) -> str:
    """One step in words, without its name."""
    return _SENTENCES[step.stage](step, _Speaker(language))


class _Speaker:
    """Says the parts of a step's sentence in one language."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def __call__(self, key: str, **numbers: Number) -> str:
        return say(f"step.{key}", self._language, **numbers)

    def because(self, reason: Reason) -> str:
        return sentence(reason, self._language)

    def word(self, word: str) -> str:
        return self(f"word.{word}") if has_words(f"step.word.{word}") else word

    def mode(self, word: str) -> str:
        """A charge mode by the name that it has on its button."""
        return say(f"mode.{word}", self._language) if has_words(f"mode.{word}") else self.word(word)

    def order(self, word: str) -> str:
        """Why the home battery is bounded, as everywhere."""
        return say(f"battery.{word}", self._language) if has_words(f"battery.{word}") else word

    def phases(self, phases: int | None) -> str:
        if not phases:
            return self("phases.off")
        return self("phases.one") if phases == 1 else self("phases.several", phases=phases)


def _meter(step: Step, say: _Speaker) -> str:
    if step.circuit_id is None:
        return say("meter.none")
    age_s, to_go = step.facts.get("age_s"), step.facts.get("samples_to_go")
    if age_s is None:
        return say("meter.never", circuit=step.circuit_id)
    health = say.word(step.word)
    if to_go:
        return say("meter.returns", circuit=step.circuit_id, age_s=age_s, health=health, samples_to_go=to_go)
    return say("meter.age", circuit=step.circuit_id, age_s=age_s, health=health)


def _surplus(step: Step, say: _Speaker) -> str:
    facts = step.facts
    if "surplus_w" not in facts:
        return say("surplus.unknown")
    parts = []
    if "house_w" in facts:
        parts.append(say("surplus.house", house_w=facts["house_w"]))
    if facts.get("export_bias_w"):
        parts.append(say("surplus.bias", export_bias_w=facts["export_bias_w"]))
    battery_w = facts.get("battery_w", 0.0)
    if battery_w > 0:
        parts.append(say("surplus.battery.gives", battery_w=battery_w))
    elif battery_w < 0:
        parts.append(say("surplus.battery.takes", battery_w=-battery_w, battery_share=facts["battery_share"]))
    return say("surplus.known", surplus_w=facts["surplus_w"], parts="; ".join(parts))


def _battery(step: Step, say: _Speaker) -> str:
    because, for_s = say.order(step.word), step.facts.get("for_s")
    if step.facts.get("refused"):
        return say("battery.refuses", because=because)
    waits = say("battery.waits") if _is_bounded(step) and not step.facts.get("in_force") else ""
    told = because if for_s is None else say("battery.for", because=because, for_s=for_s)
    return told + waits


def _is_bounded(step: Step) -> bool:
    return not {"charge_at_most_w", "discharge_at_most_w"}.isdisjoint(step.facts)


def _demand(step: Step, say: _Speaker) -> str:
    mode, why, facts = say.mode(step.word), say.because(step.reason), step.facts
    if "most_a" not in facts:
        if step.limit_a:
            return say("demand.rests", mode=mode, limit_a=step.limit_a, reason=why)
        return say("demand.pauses", mode=mode, reason=why)
    phases = say.phases(step.phases)
    parts = [say("demand.range", mode=mode, least_a=facts["least_a"], most_a=facts["most_a"], phases=phases), why]
    if "takes_a" in facts:
        parts.append(say("demand.takes", takes_a=facts["takes_a"]))
    if "offset_a" in facts:
        parts.append(say("demand.offset", offset_a=facts["offset_a"]))
    if facts["priority"]:
        parts.append(say("demand.priority", priority=facts["priority"]))
    if "start_utc_s" in facts:
        parts.append(_goal(facts, say))
    if "counts_as_a" in facts:
        parts.append(say("demand.ignores", counts_as_a=facts["counts_as_a"]))
    return "; ".join(parts)


def _goal(facts: Mapping[str, float], say: _Speaker) -> str:
    start_utc_s, by_utc_s, offset_s = facts["start_utc_s"], facts["by_utc_s"], facts["utc_offset_s"]
    start = local_time(start_utc_s, offset_s, beside_utc_s=by_utc_s)
    by = local_time(by_utc_s, offset_s, beside_utc_s=start_utc_s)
    return say("demand.goal", start=start, by=by, energy_kwh=facts["goal_kwh"])


def _pattern(step: Step, say: _Speaker) -> str:
    facts = step.facts
    parts = [", ".join(f"{name} {say.phases(phases)}" for name, phases in step.pattern.items())]
    if step.phases and "needs_w" in facts:
        parts.append(say("pattern.takes", needs_w=facts["needs_w"], uses_at_most_w=facts["uses_at_most_w"]))
    elif not step.phases:
        parts.append(say.because(step.reason))
    said_already = not step.phases and step.reason.gained_wh is not None
    if facts.get("gained_wh", 0.0) >= WORTH_A_WORD_WH and not said_already:
        parts.append(say("pattern.gained", gained_wh=facts["gained_wh"], change_wh=facts["change_wh"]))
    return "; ".join(parts)


def _sharing(step: Step, say: _Speaker) -> str:
    if not step.limit_a:
        return say("sharing.nothing", reason=say.because(step.reason))
    if step.reason.code is LimitReason.SETTLING:
        return say("sharing.starts", limit_a=step.limit_a)
    by_sun = step.reason.code is LimitReason.SOLAR_SURPLUS
    surplus_w = step.reason.surplus_w
    if by_sun and surplus_w is not None and surplus_w + SAME_W < step.limit_a * (step.phases or 1) * NOMINAL_V:
        return say("sharing.minimum", limit_a=step.limit_a)
    bound = say("sharing.the_surplus") if by_sun else say.because(step.reason)
    facts = step.facts
    if "row_a" in facts:
        used_a, cap_a = facts["given_a"], max(facts["row_a"], 0.0)
        return say("sharing.bound_a", limit_a=step.limit_a, bound=bound, given_a=used_a, row_a=cap_a)
    if "row_w" in facts:
        used_w, cap_w = facts["given_w"], max(facts["row_w"], 0.0)
        return say("sharing.bound_w", limit_a=step.limit_a, bound=bound, given_w=used_w, row_w=cap_w)
    return say("sharing.bound", limit_a=step.limit_a, bound=bound)


def _calm(step: Step, say: _Speaker) -> str:
    limit_a, before_a = step.limit_a or 0.0, step.before_a or 0.0
    said = say("calm.amps", limit_a=limit_a) if limit_a else say("calm.pause")
    commanded_a = step.facts.get("commanded_a")
    if abs(limit_a - before_a) < step.facts["step_a"] and limit_a <= before_a:
        return say("calm.same", limit_a=limit_a, phases=say.phases(step.phases)) if limit_a else said
    if commanded_a is not None and limit_a == commanded_a:
        change_a, least_a = abs(before_a - limit_a), step.facts["dead_band_a"]
        if change_a < least_a:
            return say("calm.dead_band", kept=said, change_a=change_a, dead_band_a=least_a)
        return say("calm.too_soon", kept=said)
    return said if limit_a else say("calm.too_little", before_a=before_a)


def _guard(step: Step, say: _Speaker) -> str:
    limit_a, before_a = step.limit_a or 0.0, step.before_a or 0.0
    said = say("guard.same")
    if before_a - limit_a >= SAME_A:
        why = say.because(step.reason)
        said = say("guard.lowers", limit_a=limit_a, reason=why) if limit_a else say("guard.pauses", reason=why)
    return "; ".join([said, ", ".join(_fuse(step, say))]) if step.circuit_id else said


def _fuse(step: Step, say: _Speaker) -> list[str]:
    """The tightest fuse on the way, in numbers."""
    facts = step.facts
    if step.circuit_id is None or step.phase is None or "house_a" not in facts:
        return []
    parts = [
        say("guard.house", circuit=step.circuit_id, phase=step.phase.name, house_a=facts["house_a"]),
        say("guard.room", room_a=max(facts["room_a"], 0.0), given_a=facts["given_a"]),
    ]
    if facts.get("at_risk_a", 0.0) > 0:
        parts.append(say("guard.at_risk", at_risk_a=facts["at_risk_a"]))
    if facts["held_a"] > facts["house_a"] + PEAK_A:
        parts.append(say("guard.held", held_a=facts["held_a"]))
    if "thermal" in facts:
        parts.append(say("guard.thermal", thermal=facts["thermal"]))
    if "time_to_trip_s" in facts:
        parts.append(say("guard.trip", time_to_trip_s=facts["time_to_trip_s"], measured_a=facts["measured_a"]))
    return parts


def _raise(step: Step, say: _Speaker) -> str:
    limit_a, wanted_a = step.limit_a or 0.0, step.before_a or 0.0
    from_a, why = step.facts["commanded_a"], say.because(step.reason)
    if limit_a > from_a:
        if wanted_a - limit_a < SAME_A:
            return say("raise.all", from_a=from_a, limit_a=limit_a)
        in_steps = step.reason.code is LimitReason.SETTLING and step.reason.remaining_s is None
        why = say("raise.in_steps") if in_steps else why
        return say("raise.part", from_a=from_a, limit_a=limit_a, wanted_a=wanted_a, why=why)
    phases, lasted_s = say.phases(step.phases), step.facts.get("room_for_s")
    if lasted_s is None:
        return say("raise.not_yet", wanted_a=wanted_a, phases=phases, why=why)
    return say("raise.room_for", wanted_a=wanted_a, phases=phases, why=why, room_for_s=lasted_s)


_SENTENCES: Final[Mapping[Stage, Callable[[Step, _Speaker], str]]] = {
    Stage.METER: _meter,
    Stage.SURPLUS: _surplus,
    Stage.BATTERY: _battery,
    Stage.DEMAND: _demand,
    Stage.PATTERN: _pattern,
    Stage.SHARING: _sharing,
    Stage.CALM: _calm,
    Stage.GUARD: _guard,
    Stage.RAISE: _raise,
}
