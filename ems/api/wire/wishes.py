"""The bodies of what people set."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AwareDatetime, Field

from ems.api.wire.words import Amps, Shape, VehicleName
from ems.model.goals import ChargeMode
from ems.model.site import Keenness


class ModeWish(Shape):
    """Body of `PUT /stations/{id}/mode`."""

    mode: ChargeMode


class SettingsWish(Shape):
    """Body of `PUT /stations/{id}/settings`: what a person may set, inside the installer's limits."""

    max_a: Annotated[float, Field(ge=6, le=80)] | None = None
    """Null takes the person's bound away."""

    priority: Annotated[int, Field(ge=0, le=9)] | None = None
    vehicle: VehicleName | None = None


class PhasesWish(Shape):
    """Body of `PUT /stations/{id}/phases`: of a station that can change them."""

    phases: Literal[1, 3] | None
    """Null leaves it to the surplus and the fuses."""


class MinimumWish(Shape):
    """Body of `PUT /stations/{id}/minimum`: below it the car pauses."""

    min_a: Annotated[float, Field(ge=6, le=80)] | None
    """Null goes back to the station's own."""


class GoalWish(Shape):
    """Body of `PUT /stations/{id}/goal`. With both, charging begins in time; a time alone is only shown."""

    energy_kwh: Annotated[float, Field(gt=0, le=500)] | None = None
    ready_by: AwareDatetime | None = None
    """With its zone: a time without one would be another one on every machine."""


class LimitWish(Shape):
    """Body of `PUT /stations/{id}/limit`: lower only, and it ends by itself."""

    limit_a: Amps
    duration_s: Annotated[float, Field(gt=0, le=86_400)]


class BoostWish(Shape):
    """Body of `PUT /stations/{id}/boost`: as fast as the fuses allow, for a while."""

    duration_s: Annotated[float, Field(gt=0, le=86_400)]


class RestartWish(Shape):
    """Body of `POST /stations/{id}/restart`."""

    hard: bool = False
    """At once; otherwise the station ends a session first."""


StationCommand: TypeAlias = Literal[
    "restart",
    "unlock",
    "start",
    "stop",
    "availability",
    "reservation",
    "reservation_end",
    "clear_cache",
    "report",
    "setting",
    "firmware",
    "log",
    "tag_list",
    "monitor",
    "display",
    "cost",
    "customer",
    "customer_clear",
]
"""What a station may be told by hand."""


class CommandAnswer(Shape):
    """What a station answered to a command."""

    station: str
    command: StationCommand
    done: bool
    """Whether it does it."""

    answer: str
    """In the station's own word, such as `Accepted`, `Rejected`, `Unlocked`, `UnlockFailed` or `NotSupported`."""


class ImportCapWish(Shape):
    """Body of `PUT /import_cap`: lower than the house's own only, and it ends by itself."""

    limit_kw: Annotated[float, Field(ge=0, le=200)]
    until: AwareDatetime
    """Within the next 31 days."""


class StrategyWish(Shape):
    """Body of `PUT /strategy`: how much grid a solar car may take along for the sake of more sun."""

    strategy: Keenness | None
    """Null goes back to the site file's."""


class OptimisingWish(Shape):
    """Body of `PUT /optimising`."""

    optimising: bool
