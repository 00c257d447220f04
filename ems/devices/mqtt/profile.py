"""Profiles of devices that publish by themselves over MQTT: topics, and paths into their messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from ems.devices.messages import JsonPath, parse_path
from ems.devices.parameters import FilledProfile, is_whole, put_in, require_known_places
from ems.devices.profile_parts import Kind, ProfilePart, Status, require_known_points

BY_PREFIX: Final = ("prefix", "portal")
"""What `with_prefix` fills in."""


def with_prefix(topic: str, prefix: str) -> str:
    """The topic with `{prefix}` filled in, and `{portal}` with the prefix's first word."""
    return topic.replace("{prefix}", prefix).replace("{portal}", prefix.partition("/")[0])


class TopicTerm(ProfilePart):
    """One number in MQTT messages; `{prefix}` is filled in from the site file."""

    topic: Annotated[str, Field(min_length=1, max_length=200)]
    path: Annotated[str, Field(max_length=200)] = ""
    """Dotted path into a JSON message; empty when the message is a plain number."""

    scale: float = 1.0
    unit_topic: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Where the unit is told, after each number; a number counts once its unit came, in ours."""

    @model_validator(mode="after")
    def _is_readable(self) -> TopicTerm:
        if set(self.topic + (self.unit_topic or "")) & set("#+\0"):
            raise ValueError(f"topic {self.topic!r} must name one topic, without wildcards")
        parse_path(self.path)
        return self

    @property
    def steps(self) -> JsonPath:
        return parse_path(self.path)


class TopicPoint(TopicTerm):
    """Where one of our numbers is found: in one place, as two directions apart, or as the sum of several."""

    signed: bool = False
    """For a current: it carries its direction itself."""

    less: TopicTerm | None = None
    """The other direction, told apart: one of the two is 0."""

    plus: tuple[TopicTerm, ...] = ()
    """What is added. All have to be heard; one that says null is not there and counts nothing."""

    @model_validator(mode="after")
    def _is_one_form(self) -> TopicPoint:
        if self.less is not None and self.plus:
            raise ValueError("a point has either less or plus")
        return self

    @property
    def terms(self) -> tuple[TopicTerm, ...]:
        """All that it rests on."""
        return (self, *((self.less,) if self.less else ()), *self.plus)

    def filled(self, values: Mapping[str, str]) -> TopicPoint:
        """The same point with these values in its topics."""
        return self._changed(lambda term: put_in(term, values, str))

    def under(self, prefix: str) -> TopicPoint:
        """The same point with its `{prefix}` filled in."""
        return self._changed(lambda topic: with_prefix(topic, prefix))

    def _changed(self, change: Callable[[str], str]) -> TopicPoint:
        """With every topic changed so."""
        return self.model_copy(
            update={
                "topic": change(self.topic),
                "unit_topic": self.unit_topic and change(self.unit_topic),
                "less": self.less and _changed(self.less, change),
                "plus": tuple(_changed(each, change) for each in self.plus),
            }
        )


def _changed(term: TopicTerm, change: Callable[[str], str]) -> TopicTerm:
    return term.model_copy(
        update={"topic": change(term.topic), "unit_topic": term.unit_topic and change(term.unit_topic)}
    )


def _texts(point: TopicPoint) -> Iterator[str]:
    """Where places to fill in may stand."""
    for term in point.terms:
        yield term.topic
        yield term.unit_topic or ""


class MqttLimits(ProfilePart):
    """How the device publishes."""

    silent_after_s: Annotated[float, Field(ge=1, le=600)] | None = None
    """Some devices publish on change and else rarely: only silence longer than this is a fault."""


class KeepAlive(ProfilePart):
    """What a device wants to hear again and again, lest it stop publishing. It sets nothing."""

    topic: Annotated[str, Field(min_length=1, max_length=200)]
    payload: Annotated[str, Field(max_length=200)] = ""
    every_s: Annotated[float, Field(ge=5, le=600)]

    def under(self, prefix: str) -> KeepAlive:
        """The same with its `{prefix}` filled in."""
        return self.model_copy(update={"topic": with_prefix(self.topic, prefix)})


class MqttProfile(FilledProfile):
    """A device that publishes by itself."""

    transport: Literal["mqtt"]
    kind: Kind
    limits: MqttLimits = MqttLimits()
    points: Annotated[dict[str, TopicPoint], Field(min_length=1)]
    availability: TopicPoint | None = None
    keepalive: KeepAlive | None = None
    portal_topic: Annotated[str, Field(pattern=r"^[^/#+]+/\+/[^#+]+$")] | None = None
    """Where the device says its own number, in the place of `+`, unasked: the prefix may then be left out, or have `+`
    in place of the number."""

    vouched: Status = "verified"
    """Who says so, for its powers and currents."""

    experimental: Annotated[str, Field(min_length=10)] | None = None
    """Why nobody should rely on it yet."""

    @model_validator(mode="after")
    def _points_are_known(self) -> MqttProfile:
        require_known_points(self.kind, self.points)
        for point in self.points.values():
            require_known_places(_texts(point), (*self.parameters, *BY_PREFIX))
        return self

    def filled(self, owner: str, given: Mapping[str, str]) -> MqttProfile:
        """The same device as that owner has it: without the points whose parameters nobody stated.

        Raises DeviceConfigError for parameters that the profile does not have.
        """
        values = self.stated(owner, given)
        points = {
            name: point.filled(values)
            for name, point in self.points.items()
            if is_whole(_texts(point), values, self.parameters)
        }
        return self.model_copy(update={"points": points})

    @property
    def kinds(self) -> tuple[Kind, ...]:
        return (self.kind,)

    @property
    def needs_no_prefix(self) -> bool:
        """Whether the number that the device says of itself is all of its prefix."""
        return self.portal_topic is not None and "{portal}" not in (self.keepalive.topic if self.keepalive else "")

    @property
    def status(self) -> Status:
        return self.vouched

    @property
    def experimental_as(self) -> Mapping[Kind, str]:
        return {} if self.experimental is None else {self.kind: self.experimental}

    @property
    def signed(self) -> frozenset[str]:
        """Currents that carry their direction themselves."""
        return frozenset(name for name, point in self.points.items() if point.signed)
