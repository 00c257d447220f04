"""Device profiles: one YAML file per device family under `profiles/`, checked against these models.

A profile says where a device's numbers are and how they become ours. Three transports: `modbus` (a register map),
`sunspec` (the device describes itself), `mqtt` (topics and paths). Names of points: `ems.devices.sample`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from io import StringIO
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator
from ruamel.yaml import YAML

from ems.devices.mqtt_messages import JsonPath, parse_path
from ems.devices.register_map import MAX_READ, RegisterPoint
from ems.devices.register_types import RegisterType, WordOrder
from ems.devices.sample import BATTERY_POINTS, INVERTER_POINTS, METER_POINTS, TEXT_POINTS, is_live

Kind = Literal["meter", "inverter", "battery"]
NUMBERS_OF: Final[Mapping[Kind, tuple[str, ...]]] = {
    "meter": METER_POINTS,
    "inverter": INVERTER_POINTS,
    "battery": BATTERY_POINTS,
}


class ProfilePart(BaseModel):
    """Base of everything in a profile."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class ProfileHead(ProfilePart):
    """What every profile has."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    """Equals the file name."""

    vendor: str
    model: str
    invert_swaps_counters: bool = True
    """Whether `invert` in the site file also swaps the import and export counters: true for a meter that was wired the
    other way round, false where it is only the maker's sign of power."""

    notes: tuple[str, ...] = ()
    """What an installer should know."""


class ModbusLimits(ProfilePart):
    """What the device, or the gateway in front of it, can stand."""

    request_gap_ms: Annotated[int, Field(ge=0, le=5000)] = 0
    """Silence between an answer and the next request on the same connection."""

    max_registers_per_read: Annotated[int, Field(ge=2, le=MAX_READ)] = MAX_READ
    max_gap_registers: Annotated[int, Field(ge=0, le=MAX_READ)] = 0
    """Unused registers a read may bridge to save a request."""

    careful_registers_per_read: Annotated[int, Field(ge=2, le=MAX_READ)] = 10
    """Read no more at once, and bridge nothing, after the device refused a longer read."""


class ModbusProfile(ProfileHead):
    """A device with a fixed register map."""

    transport: Literal["modbus"]
    kind: Kind
    word_order: WordOrder = WordOrder.BIG
    limits: ModbusLimits = ModbusLimits()
    points: Annotated[dict[str, RegisterPoint], Field(min_length=1)]

    @model_validator(mode="after")
    def _points_are_known(self) -> ModbusProfile:
        _known_points(self.kind, self.numbers)
        _known_names(TEXT_POINTS, set(self.points) - set(self.numbers))
        for name, point in self.points.items():
            if point.count > self.limits.max_registers_per_read:
                raise ValueError(f"{name} is longer than one read of this device")
        return self

    @property
    def kinds(self) -> tuple[Kind, ...]:
        return (self.kind,)

    @property
    def numbers(self) -> dict[str, RegisterPoint]:
        """The points of every sample."""
        return {name: point for name, point in self.points.items() if point.type is not RegisterType.STRING}

    @property
    def signed(self) -> frozenset[str]:
        """Currents that carry their direction themselves."""
        return frozenset(name for name, point in self.points.items() if point.signed)


class SunSpecProfile(ProfileHead):
    """A device that describes itself by SunSpec models."""

    transport: Literal["sunspec"]
    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)]
    limits: ModbusLimits = ModbusLimits()


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
        _known_points(self.kind, self.points)
        return self

    @property
    def kinds(self) -> tuple[Kind, ...]:
        return (self.kind,)

    @property
    def signed(self) -> frozenset[str]:
        """Currents that carry their direction themselves."""
        return frozenset(name for name, point in self.points.items() if point.signed)


Profile = ModbusProfile | SunSpecProfile | MqttProfile
_PROFILE: Final[TypeAdapter[Profile]] = TypeAdapter(Annotated[Profile, Field(discriminator="transport")])


def parse_profile(text: str) -> Profile:
    """A profile from YAML. Raises ValueError (pydantic's) when it is not one."""
    content: Any = YAML(typ="safe", pure=True).load(StringIO(text))
    return _PROFILE.validate_python(content)


def _known_points(kind: Kind, names: Iterable[str]) -> None:
    _known_names(NUMBERS_OF[kind], names)
    if not any(is_live(name) for name in names):
        raise ValueError(f"a {kind} needs at least one point with power or current")


def _known_names(known: Iterable[str], names: Iterable[str]) -> None:
    strange = sorted(set(names) - set(known))
    if strange:
        raise ValueError(f"unknown points {', '.join(strange)}; known are {', '.join(known)}")
