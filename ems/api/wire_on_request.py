"""What a station of OCPP 2 is asked only when somebody wants it, on the wire: monitors, display, costs, customers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from ems.api.wire import Shape
from ems.api.wire_servicing import Plain, SettingKey, TagText
from ems.csms.on_request_words import LEAST_SEVERE, LONGEST_SHOWN

MOST_NUMBER: Final = 2**31 - 1
Severity = Annotated[int, Field(ge=0, le=LEAST_SEVERE, strict=True)]


class MonitorBaseWish(Shape):
    """Body of `PUT /stations/{id}/monitor_base`."""

    base: Literal["All", "FactoryDefault", "HardWiredOnly"]
    """Preset monitors that are in force; every other one is dropped."""


class MonitorLevelWish(Shape):
    """Body of `PUT /stations/{id}/monitor_level`."""

    severity: Severity
    """Report what is as severe as that or more; 0 is the most severe."""


class MonitorWish(Shape):
    """Body of `POST /stations/{id}/monitors`."""

    variable: SettingKey
    """`Component.Variable`, or a key of OCPP 1.6 that stands for one."""

    kind: Literal["UpperThreshold", "LowerThreshold", "Delta", "Periodic", "PeriodicClockAligned"]
    value: Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]
    """Threshold or change in the variable's unit; seconds for periodic ones."""

    evse: Annotated[int, Field(ge=0, le=8, strict=True)] = 0
    """0 is the station itself."""

    severity: Severity = LEAST_SEVERE


class ComponentsWish(Shape):
    """Body of `POST /stations/{id}/components_report`."""

    that: Literal["Active", "Available", "Enabled", "Problem"]


class DisplayWish(Shape):
    """Body of `PUT /stations/{id}/display/{number}`."""

    content: Annotated[str, Field(min_length=1, max_length=LONGEST_SHOWN, pattern=Plain)]
    in_session: bool = False
    """Until the running session ends; else for good."""


class CostWish(Shape):
    """Body of `PUT /stations/{id}/cost`."""

    total: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]
    """What the running session has cost so far, in the currency that the station shows."""


class CustomerWish(Shape):
    """Body of `POST /stations/{id}/customer`."""

    tag: TagText
    report: bool = True
    """Tell what it keeps of the owner of that tag."""

    clear: bool = False
    """Forget it."""


class MonitorLine(Shape):
    """A monitor of a station."""

    number: int
    variable: str
    kind: str
    value: float | None
    severity: int | None


class EventLine(Shape):
    """Something that a station told of one of its variables."""

    at: datetime | None
    variable: str
    value: str
    trigger: str
    cleared: bool
    """Whether what it once told of is over."""

    about: str
    monitor: int | None


class TextLine(Shape):
    """A text that a station shows, or will."""

    number: int
    content: str
    priority: str
    in_session: bool


class VariableLine(Shape):
    """A variable of a component that a station was asked about."""

    variable: str
    value: str


class CurveLine(Shape):
    """A grid curve that a station follows."""

    kind: str
    number: str
    priority: int | None
    is_default: bool
    superseded: bool


class AskedFor(Shape):
    """How far a report is that came in parts."""

    asked: datetime | None
    """Null while nobody asked since the service started."""

    complete: bool


class OnRequestState(Shape):
    """`GET /stations/{id}/on_request`: what a station told because somebody asked. Kept in memory alone."""

    station: str
    monitors_asked: AskedFor
    monitors: tuple[MonitorLine, ...]
    events: tuple[EventLine, ...]
    """Newest first; these come by themselves."""

    texts_asked: AskedFor
    texts: tuple[TextLine, ...]
    components_asked: AskedFor
    components: tuple[VariableLine, ...]
    curves_asked: AskedFor
    curves: tuple[CurveLine, ...]
    customer_asked: AskedFor
    customer: str
    """What it keeps of a customer, in its own words; forgotten after an hour."""
