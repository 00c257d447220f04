"""The answer to "why?": the whole way to one limit, step by step."""

from __future__ import annotations

from nicegui import ui

from ems.errors import EmsError
from ems.model.explanation import Explanation, Step
from ems.model.explanation_sentences import SAME_A, stage_title, step_text
from ems.model.sentences import sentence
from ems.web.bits import box, words
from ems.web.visit import Visit
from ems.web.voice import station_name


def show_explanation(visit: Visit, station_id: str) -> None:
    """A dialog with every step of the present limit."""
    try:
        visit.premises.access.ask_why(visit.person)
        explanation = visit.house.explain(station_id)
    except EmsError as err:
        visit.tell(visit.problem(err.code, str(err)), bad=True)
        return
    voice = visit.voice
    with visit.dialog(
        voice("page.why_title", station=station_name(station_id), limit=_limit(visit, explanation))
    ) as shown:
        words(sentence(explanation.setpoint.reason, voice.language), "p", "soft capital")
        with box("ol", "chain"):
            for step in explanation.steps:
                _step(visit, step)
        _end(visit, shown)


def _end(visit: Visit, shown: ui.dialog) -> None:
    with box("div", "dialog-end"):
        visit.closing(shown)


def _step(visit: Visit, step: Step) -> None:
    language = visit.voice.language
    lowered = step.before_a is not None and step.limit_a is not None and step.before_a - step.limit_a >= SAME_A
    with box("li", "lowered" if lowered else ""):
        with box("div", "step-head"):
            words(stage_title(step.stage, language), "span", "capital")
            if step.limit_a is not None:
                words(visit.voice.amps(step.limit_a), "span", "step-limit")
        words(step_text(step, language), "div", "soft")


def _limit(visit: Visit, explanation: Explanation) -> str:
    limit_a = explanation.setpoint.limit_a
    return visit.voice.amps(limit_a) if limit_a else visit.voice("page.pause")
