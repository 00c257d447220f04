"""The shapes of what a station is asked on request, one of each kind."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from ems.api import wire_on_request as asked

THEN = datetime(2026, 6, 21, 8, 0, tzinfo=UTC)
VARIABLE = "Connector.Temperature#1"


def written(shape: BaseModel) -> Any:
    return shape.model_dump(mode="json")


def on_request() -> Any:
    """What a client is told."""
    came, never = asked.AskedFor(asked=THEN, complete=True), asked.AskedFor(asked=None, complete=False)
    monitor = asked.MonitorLine(number=7, variable=VARIABLE, kind="UpperThreshold", value=70.0, severity=3)
    event = asked.EventLine(
        at=THEN, variable=VARIABLE, value="81", trigger="Alerting", cleared=False, about="hot", monitor=7
    )
    curve = asked.CurveLine(kind="FreqDroop", number="c1", priority=2, is_default=True, superseded=False)
    return written(
        asked.OnRequestState(
            station="garage",
            monitors_asked=came,
            monitors=(monitor,),
            events=(event,),
            texts_asked=came,
            texts=(asked.TextLine(number=1, content="Ends at noon", priority="NormalCycle", in_session=True),),
            components_asked=came,
            components=(asked.VariableLine(variable="RCD.Problem", value="true"),),
            curves_asked=came,
            curves=(curve,),
            customer_asked=never,
            customer="",
        )
    )


def on_request_wishes() -> Any:
    """The bodies that a client sends."""
    return {
        "monitor_base": written(asked.MonitorBaseWish(base="FactoryDefault")),
        "monitor_level": written(asked.MonitorLevelWish(severity=4)),
        "monitor": written(
            asked.MonitorWish(variable="Connector.Temperature", kind="UpperThreshold", value=70.0, evse=1, severity=3)
        ),
        "components": written(asked.ComponentsWish(that="Problem")),
        "display": written(asked.DisplayWish(content="Ends at noon", in_session=True)),
        "cost": written(asked.CostWish(total=3.5)),
        "customer": written(asked.CustomerWish(tag="ANNA", clear=True)),
    }


SHAPES = (on_request, on_request_wishes)
