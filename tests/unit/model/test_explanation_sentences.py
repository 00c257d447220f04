"""What a step of an explanation says where its numbers alone would mislead."""

from __future__ import annotations

from ems.model.decision import LimitReason, Reason
from ems.model.explanation import Stage, Step
from ems.model.explanation_sentences import step_text


def shared(surplus_w: float) -> str:
    reason = Reason(code=LimitReason.SOLAR_SURPLUS, surplus_w=surplus_w)
    return step_text(Step(stage=Stage.SHARING, reason=reason, limit_a=6.0, phases=1))


def test_car_at_its_minimum_above_the_surplus_is_not_bound_by_it() -> None:
    assert shared(-324.0) == "6.0 A, no more than its minimum: the surplus is below it"
    assert shared(1200.0) == "6.0 A, no more than its minimum: the surplus is below it"


def test_car_that_the_surplus_bears_is_bound_by_it() -> None:
    assert shared(1400.0) == "6.0 A, bound by the surplus"
