"""Profiles of devices that tell their numbers as JSON over HTTP: requests, and paths into their answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ems.devices.messages import parse_path
from ems.devices.profile_parts import Kind, ProfileHead, ProfilePart, Status, require_known_points, weakest

Request = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^/[^\s#]*$")]
"""Path and query of a GET."""

LoginWay = Literal["none", "basic", "digest", "bearer"]
"""How the device lets its owner in: not at all, name and password in either way, or a token."""


class HttpTerm(ProfilePart):
    """One number in an answer, times `scale`."""

    path: Annotated[str, Field(min_length=1, max_length=200)]
    """Dotted path, such as `em:0.total_act_power`; `production[type=eim].wNow` chooses from a list."""

    scale: float = 1.0

    @model_validator(mode="after")
    def _is_readable(self) -> HttpTerm:
        parse_path(self.path)
        return self


class HttpPoint(ProfilePart):
    """Where one of our numbers is found: at one path, or as the sum of several."""

    path: Annotated[str, Field(max_length=200)] = ""
    scale: float = 1.0
    sum_of: tuple[HttpTerm, ...] = ()
    """In place of `path`. Terms that the device does not have count nothing, but one of them must be there."""

    request: Request | None = None
    """Its own request, where it is not the profile's."""

    signed: bool = False
    """For a current: it carries its direction itself."""

    null_is_zero: bool = False
    """The device says null where it means 0, such as for the sun at night."""

    @model_validator(mode="after")
    def _has_one_place(self) -> HttpPoint:
        if bool(self.path) == bool(self.sum_of):
            raise ValueError("a point has either a path or sum_of")
        parse_path(self.path)
        return self

    @property
    def terms(self) -> tuple[HttpTerm, ...]:
        """What is added up."""
        return self.sum_of or (HttpTerm(path=self.path, scale=self.scale),)


class HttpUse(ProfilePart):
    """What the device tells as one kind."""

    points: Annotated[dict[str, HttpPoint], Field(min_length=1)]
    vouched: Status = "verified"
    """Who says so, for its powers and currents."""

    experimental: str | None = None
    """Why nobody should rely on it yet."""


class HttpLimits(ProfilePart):
    """What the device can stand."""

    period_s: Annotated[float, Field(ge=0.02, le=60)] | None = None
    """The shortest time between two samples that does not overload it."""

    answer_within_ms: Annotated[int, Field(ge=100, le=30_000)] = 2000


class HttpIdentity(ProfilePart):
    """A request by which the device says what it is, without a login."""

    request: Request
    says: Annotated[dict[str, tuple[str, ...]], Field(min_length=1, max_length=5)]
    """Paths in its answer, and what may stand there; `*` stands for anything."""


class HttpProfile(ProfileHead):
    """A device with a web interface."""

    transport: Literal["http"]
    port: Annotated[int, Field(ge=1, le=65535)] = 80
    tls: bool = False
    request: Request
    login: LoginWay = "none"
    token_header: Annotated[str, Field(pattern=r"^[A-Za-z-]+$")] | None = None
    """The header that carries the token, where it is not `Authorization: Bearer …`."""

    limits: HttpLimits = HttpLimits()
    identity: HttpIdentity | None = None
    uses: Annotated[dict[Kind, HttpUse], Field(min_length=1)]

    @model_validator(mode="after")
    def _points_are_known(self) -> HttpProfile:
        for kind, use in self.uses.items():
            require_known_points(kind, use.points)
        return self

    @property
    def kinds(self) -> tuple[Kind, ...]:
        return tuple(self.uses)

    @property
    def status(self) -> Status:
        return weakest(each.vouched for each in self.uses.values())

    @property
    def experimental_as(self) -> Mapping[Kind, str]:
        return {kind: use.experimental for kind, use in self.uses.items() if use.experimental is not None}

    def signed(self, kind: Kind) -> frozenset[str]:
        """Currents that carry their direction themselves."""
        return frozenset(name for name, point in self.uses[kind].points.items() if point.signed)
