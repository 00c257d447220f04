"""Profiles of devices that tell their numbers as JSON over HTTP: requests, and paths into their answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import Field, model_validator

from ems.devices.messages import parse_path
from ems.devices.parameters import FilledProfile, is_whole, put_in, require_known_places
from ems.devices.profile_parts import Kind, ProfilePart, Status, require_known_points, weakest

Request = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^/[^\s#]*$")]
"""Path and query of a GET."""

LoginWay = Literal["none", "basic", "digest", "bearer", "session"]
"""How the device lets its owner in: not at all, name and password in either way, a token, or a cookie that a login
gives."""


class HttpTerm(ProfilePart):
    """One number in an answer, times `scale`."""

    path: Annotated[str, Field(min_length=1, max_length=200)]
    """Dotted path, such as `em:0.total_act_power`; `production[type=eim].wNow` chooses from a list."""

    scale: float = 1.0
    request: Request | None = None
    """Its own request, where it is not the point's."""

    @model_validator(mode="after")
    def _is_readable(self) -> HttpTerm:
        parse_path(self.path)
        return self


class HttpPoint(ProfilePart):
    """Where one of our numbers is found: at one path, as two directions apart, or as the sum of several."""

    path: Annotated[str, Field(max_length=200)] = ""
    scale: float = 1.0
    sum_of: tuple[HttpTerm, ...] = ()
    """In place of `path`. Terms that the device does not have count nothing, but one of them must be there."""

    less: HttpTerm | None = None
    """The other direction, told apart: one of the two is 0."""

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
        if self.less is not None and self.sum_of:
            raise ValueError("a point has either less or sum_of")
        parse_path(self.path)
        return self

    @property
    def terms(self) -> tuple[HttpTerm, ...]:
        """What is added up."""
        return self.sum_of or (HttpTerm(path=self.path, scale=self.scale, request=self.request),)

    @property
    def all_terms(self) -> tuple[HttpTerm, ...]:
        """All that it rests on."""
        return (*self.terms, *((self.less,) if self.less else ()))

    @property
    def formula(self) -> str:
        """What is worked out, in one line."""
        asked = [term.request or self.request for term in self.all_terms]
        together = len(set(asked)) == 1
        told = [
            f"{term.path} of {request}" if request and not together else term.path
            for term, request in zip(self.all_terms, asked, strict=True)
        ]
        joined = (" − " if self.less else " + ").join(told)
        return f"{joined} of {asked[0]}" if together and asked[0] else joined

    def requests(self, usual: str) -> frozenset[str]:
        """What has to be asked for it; `usual` where nothing of its own is stated."""
        return frozenset(term.request or self.request or usual for term in self.all_terms)

    def filled(self, values: Mapping[str, str]) -> HttpPoint:
        """The same point with these values in its requests, safely spelled."""
        return self.model_copy(
            update={
                "request": _filled(self.request, values),
                "sum_of": tuple(_filled_term(each, values) for each in self.sum_of),
                "less": self.less and _filled_term(self.less, values),
            }
        )


def _filled(request: str | None, values: Mapping[str, str]) -> str | None:
    return None if request is None else put_in(request, values, lambda value: quote(value, safe=""))


def _filled_term(term: HttpTerm, values: Mapping[str, str]) -> HttpTerm:
    return term.model_copy(update={"request": _filled(term.request, values)})


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

    behind_s: Annotated[float, Field(ge=0, le=60)] = 0.0
    """Its numbers are means over that long, or that late: a sample counts as so much older."""

    answer_within_ms: Annotated[int, Field(ge=100, le=30_000)] = 2000


class HttpIdentity(ProfilePart):
    """A request by which the device says what it is, without a login."""

    request: Request
    says: Annotated[dict[str, tuple[str, ...]], Field(min_length=1, max_length=5)]
    """Paths in its answer, and what may stand there; `*` stands for anything."""


class SessionLogin(ProfilePart):
    """How a device gives a cookie to whoever knows its password, for the requests that follow."""

    request: Request
    """Asked first, which gives a cookie; then the form is posted there."""

    form: Annotated[dict[str, str], Field(min_length=1, max_length=10)]
    """Fields of the form; `{user}` and `{password}` stand for the owner's."""

    user_at: Annotated[str, Field(max_length=200)] | None = None
    """Where the first answer tells the user's name, for owners who state none."""

    inside: Annotated[str, Field(min_length=1, max_length=200)]
    """A path that only the answers to somebody who is logged in have."""

    @model_validator(mode="after")
    def _is_readable(self) -> SessionLogin:
        require_known_places(self.form.values(), ("user", "password"))
        parse_path(self.inside)
        parse_path(self.user_at or "")
        return self


class HttpProfile(FilledProfile):
    """A device with a web interface."""

    transport: Literal["http"]
    port: Annotated[int, Field(ge=1, le=65535)] = 80
    tls: bool = False
    request: Request
    login: LoginWay = "none"
    token_header: Annotated[str, Field(pattern=r"^[A-Za-z-]+$")] | None = None
    """The header that carries the token, where it is not `Authorization: Bearer …`."""

    session: SessionLogin | None = None
    """With `login: session`."""

    stamp: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Where the answer to `request` tells when it was measured, in seconds: a device that has not measured since tells
    nothing new, however often it is asked."""

    limits: HttpLimits = HttpLimits()
    identity: HttpIdentity | None = None
    uses: Annotated[dict[Kind, HttpUse], Field(min_length=1)]

    @model_validator(mode="after")
    def _points_are_known(self) -> HttpProfile:
        for kind, use in self.uses.items():
            require_known_points(kind, use.points)
            for point in use.points.values():
                require_known_places(_texts(point), self.parameters)
        require_known_places((self.request,), self.usual_parameters)
        parse_path(self.stamp or "")
        if (self.login == "session") != (self.session is not None):
            raise ValueError("login: session needs the section session, and nothing else does")
        return self

    def filled(self, owner: str, given: Mapping[str, str]) -> HttpProfile:
        """The same device as that owner has it: without the points whose parameters nobody stated.

        Raises DeviceConfigError for parameters that the profile does not have.
        """
        values = self.stated(owner, given)
        uses = {
            kind: use.model_copy(
                update={
                    "points": {
                        name: point.filled(values)
                        for name, point in use.points.items()
                        if is_whole(_texts(point), values, self.parameters)
                    }
                }
            )
            for kind, use in self.uses.items()
        }
        return self.model_copy(update={"request": _filled(self.request, values), "uses": uses})

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


def _texts(point: HttpPoint) -> Iterator[str]:
    """Where places to fill in may stand."""
    yield point.request or ""
    yield from (term.request or "" for term in point.all_terms)
