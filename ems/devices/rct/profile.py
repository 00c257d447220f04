"""Profiles of devices that speak RCT Power's language: which object is which of our numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ems.devices.profile_parts import Kind, ProfileHead, ProfilePart, Status, require_known_points, weakest
from ems.devices.sample import is_live

ObjectId = Annotated[int, Field(ge=1, le=0xFFFF_FFFF)]


class ObjectPoint(ProfilePart):
    """Where one of our numbers is found: an object that is a number, or the sum of several."""

    objects: Annotated[tuple[ObjectId, ...], Field(min_length=1, max_length=4)]
    scale: float = 1.0
    status: Status = "verified"

    @property
    def formula(self) -> str:
        """Where it comes from, for people."""
        return " + ".join(f"object 0x{each:08X}" for each in self.objects)

    def value(self, told: Mapping[int, float | None]) -> float | None:
        """The number, from those of the objects; None when one of them is unknown."""
        parts = [told.get(each) for each in self.objects]
        known = [part for part in parts if part is not None]
        return sum(known) * self.scale if len(known) == len(parts) else None


class RctUse(ProfilePart):
    """What the device tells as one kind."""

    points: Annotated[dict[str, ObjectPoint], Field(min_length=1)]


class RctLimits(ProfilePart):
    """What the device can stand."""

    clients: Annotated[int, Field(ge=1, le=32)] | None = None
    period_s: Annotated[float, Field(ge=0.2, le=60)] | None = None
    """The shortest time between two samples that does not overload it."""

    answer_within_ms: Annotated[int, Field(ge=100, le=30_000)] = 2000
    """To each question."""


class RctProfile(ProfileHead):
    """A device with numbered objects."""

    transport: Literal["rct"]
    port: Annotated[int, Field(ge=1, le=65535)]
    limits: RctLimits = RctLimits()
    uses: Annotated[dict[Kind, RctUse], Field(min_length=1)]

    @model_validator(mode="after")
    def _points_are_known(self) -> RctProfile:
        for kind, use in self.uses.items():
            require_known_points(kind, use.points)
        return self

    @property
    def kinds(self) -> tuple[Kind, ...]:
        return tuple(self.uses)

    @property
    def status(self) -> Status:
        return weakest(
            point.status for use in self.uses.values() for name, point in use.points.items() if is_live(name)
        )
