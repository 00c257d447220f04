"""Profiles of electricity meters that speak by themselves and name their numbers by OBIS codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ems.devices.profile_parts import Kind, ProfileHead, ProfilePart, Status, require_known_points, weakest
from ems.devices.sample import is_live, one_way

Obis = Annotated[str, Field(pattern=r"^(\d{1,3}-\d{1,3}:)?\d{1,3}\.\d{1,3}\.\d{1,3}$")]


class ObisPoint(ProfilePart):
    """Where one of our numbers is found."""

    code: Obis
    less: Obis | None = None
    """The other direction, told apart: one of the two is 0."""

    or_sum: tuple[Obis, ...] = ()
    """Where `code` is not told: the sum of these."""

    scale: float = 1.0
    status: Status = "verified"

    @property
    def codes(self) -> tuple[str, ...]:
        """All that it may rest on."""
        return (self.code, *((self.less,) if self.less else ()), *self.or_sum)

    @property
    def formula(self) -> str:
        """Where it comes from, for people."""
        told = f"{self.code} − {self.less}" if self.less else self.code
        return f"{told}, or {' + '.join(self.or_sum)}" if self.or_sum else told

    def value(self, told: Mapping[str, float]) -> float | None:
        """The number, from the meter's own by code; None when it cannot be told."""
        here = told.get(self.code)
        if self.less is None:
            if here is None and self.or_sum:
                parts = [told[code] for code in self.or_sum if code in told]
                here = sum(parts) if parts else None
            return None if here is None else here * self.scale
        flow = one_way(here, told.get(self.less))
        return None if flow is None else flow * self.scale


class ObisProfile(ProfileHead):
    """A meter with OBIS codes."""

    transport: Literal["p1", "speedwire", "sml", "sml_page"]
    points: Annotated[dict[str, ObisPoint], Field(min_length=1)]

    @model_validator(mode="after")
    def _points_are_known(self) -> ObisProfile:
        require_known_points("meter", self.points)
        return self

    @property
    def kinds(self) -> tuple[Kind, ...]:
        return ("meter",)

    @property
    def status(self) -> Status:
        return weakest(point.status for name, point in self.points.items() if is_live(name))

    @property
    def codes(self) -> frozenset[str]:
        """All that it reads."""
        return frozenset(code for point in self.points.values() for code in point.codes)

    def numbers(self, told: Mapping[str, float]) -> dict[str, float]:
        """What the meter told by code, as numbers of ours; what is unknown is absent."""
        values = {name: point.value(told) for name, point in self.points.items()}
        return {name: value for name, value in values.items() if value is not None}


class P1Defaults(ProfilePart):
    """How such a port is usually reached."""

    port: Annotated[int, Field(ge=1, le=65535)]
    """Of a bridge that passes the line through."""

    baud: Annotated[int, Field(ge=300, le=1_000_000)]


class ListenLimits(ProfilePart):
    """How the meter speaks."""

    silent_after_s: Annotated[float, Field(ge=1, le=600)] | None = None
    """Only silence longer than this is a fault."""


class P1Profile(ObisProfile):
    """The customer's port of a smart meter."""

    transport: Literal["p1"]
    defaults: P1Defaults
    limits: ListenLimits = ListenLimits()


class SmlDefaults(ProfilePart):
    """How a reading head is usually set."""

    baud: Annotated[int, Field(ge=300, le=1_000_000)]


class SmlProfile(ObisProfile):
    """A meter that speaks SML by itself."""

    transport: Literal["sml"]
    defaults: SmlDefaults
    limits: ListenLimits = ListenLimits()


class PageLimits(ListenLimits):
    """How the page may be asked for."""

    period_s: Annotated[float, Field(ge=0.2, le=60)]
    """The shortest time between two questions."""

    answer_within_ms: Annotated[int, Field(ge=100, le=30_000)] = 2000


class SmlPageProfile(ObisProfile):
    """A bridge with a page that holds the newest SML telegram of its meter."""

    transport: Literal["sml_page"]
    port: Annotated[int, Field(ge=1, le=65535)]
    request: Annotated[str, Field(min_length=1, max_length=300, pattern=r"^/[^\s#]*$")]
    user: str
    """Whom it lets in, where the site file states none."""

    limits: PageLimits
    experimental: str
    """Why nobody should rely on it yet."""

    @property
    def experimental_as(self) -> Mapping[Kind, str]:
        return {"meter": self.experimental}


class SpeedwireDefaults(ProfilePart):
    """Where such meters speak."""

    group: Annotated[str, Field(pattern=r"^2[23]\d(\.\d{1,3}){3}$")]
    port: Annotated[int, Field(ge=1, le=65535)]


class SpeedwireProfile(ObisProfile):
    """An energy meter that speaks to everybody; a code is its channel, type and tariff."""

    transport: Literal["speedwire"]
    defaults: SpeedwireDefaults
    limits: ListenLimits = ListenLimits()
