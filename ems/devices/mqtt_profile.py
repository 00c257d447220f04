"""Profiles of devices that publish by themselves over MQTT: topics, and paths into their messages."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ems.devices.messages import JsonPath, parse_path
from ems.devices.profile_parts import Kind, ProfileHead, ProfilePart, require_known_points


class TopicPoint(ProfilePart):
    """Where one number is found in MQTT messages; `{prefix}` is filled in from the site file."""

    topic: Annotated[str, Field(min_length=1, max_length=200)]
    path: Annotated[str, Field(max_length=200)] = ""
    """Dotted path into a JSON message; empty when the message is a plain number."""

    scale: float = 1.0
    signed: bool = False
    """For a current: it carries its direction itself."""

    @model_validator(mode="after")
    def _is_readable(self) -> TopicPoint:
        if set(self.topic) & set("#+\0"):
            raise ValueError(f"topic {self.topic!r} must name one topic, without wildcards")
        parse_path(self.path)
        return self

    @property
    def steps(self) -> JsonPath:
        return parse_path(self.path)

    def under(self, prefix: str) -> TopicPoint:
        """The same point with its `{prefix}` filled in."""
        return self.model_copy(update={"topic": self.topic.replace("{prefix}", prefix)})


class MqttLimits(ProfilePart):
    """How the device publishes."""

    silent_after_s: Annotated[float, Field(ge=1, le=600)] | None = None
    """Some devices publish on change and else rarely: only silence longer than this is a fault."""


class MqttProfile(ProfileHead):
    """A device that publishes by itself."""

    transport: Literal["mqtt"]
    kind: Kind
    limits: MqttLimits = MqttLimits()
    points: Annotated[dict[str, TopicPoint], Field(min_length=1)]
    availability: TopicPoint | None = None

    @model_validator(mode="after")
    def _points_are_known(self) -> MqttProfile:
        require_known_points(self.kind, self.points)
        return self

    @property
    def kinds(self) -> tuple[Kind, ...]:
        return (self.kind,)

    @property
    def signed(self) -> frozenset[str]:
        """Currents that carry their direction themselves."""
        return frozenset(name for name, point in self.points.items() if point.signed)
