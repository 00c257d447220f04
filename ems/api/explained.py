"""An explanation of control for the wire."""

from __future__ import annotations

from ems.api.says import reason_says
from ems.api.wire import ExplanationRecord, ExplanationStep
from ems.model.decision import NO_REASON
from ems.model.explanation import Explanation, Step
from ems.model.explanation_sentences import step_sentence


def explained(explanation: Explanation) -> ExplanationRecord:
    """Every step with its numbers and its sentence."""
    setpoint = explanation.setpoint
    return ExplanationRecord(
        station=explanation.station_id,
        limit_a=setpoint.limit_a,
        phases=setpoint.phases,
        because=reason_says(setpoint.reason),
        steps=tuple(_step(step) for step in explanation.steps),
    )


def _step(step: Step) -> ExplanationStep:
    return ExplanationStep(
        stage=step.stage,
        text=step_sentence(step),
        limit_a=step.limit_a,
        phases=step.phases,
        because=None if step.reason == NO_REASON else reason_says(step.reason),
        facts={name: round(value, 3) for name, value in step.facts.items()},
    )
