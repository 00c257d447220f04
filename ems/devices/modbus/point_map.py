"""What one use of a Modbus device (as meter, inverter or battery) reads, and what is worked out from it.

Some devices do not tell a number of ours, but parts of it: import and export apart, one power per string, a magnitude
beside a direction. `parts` are read with the points, and `derived` makes our numbers of both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated

from pydantic import Field, model_validator

from ems.devices.modbus.register_point import RegisterPoint
from ems.devices.modbus.register_types import RegisterType
from ems.devices.profile_parts import ProfilePart, Status, weakest
from ems.devices.sample import TEXT_POINTS, is_live

PointName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Direction(ProfilePart):
    """A number that tells the way of another one."""

    of: PointName
    equals: int | None = None
    """Positive while it is exactly this."""

    bit: Annotated[int, Field(ge=0, le=31)] | None = None
    """Positive while this bit, counted from 0, is set."""

    @model_validator(mode="after")
    def _is_one_rule(self) -> Direction:
        if (self.equals is None) == (self.bit is None):
            raise ValueError("a direction needs either equals or bit")
        return self

    def is_positive(self, value: float) -> bool:
        """Whether a device that tells `value` means a positive number."""
        return value == self.equals if self.bit is None else bool(int(value) >> self.bit & 1)


class Derived(ProfilePart):
    """One number of ours from several of the device's: a signed sum, a product, or a magnitude with a direction."""

    plus: tuple[PointName, ...] = ()
    minus: tuple[PointName, ...] = ()
    partly: bool = False
    """The sum counts what is there, such as one string of four; without it one unknown part makes the sum unknown."""

    times: tuple[PointName, ...] = ()
    """The product of these, such as voltage and current."""

    magnitude: PointName | None = None
    positive_when: Direction | None = None
    """For a magnitude: when it is positive. It is negative otherwise."""

    @model_validator(mode="after")
    def _is_one_form(self) -> Derived:
        forms = [bool(self.plus or self.minus), bool(self.times), self.magnitude is not None]
        if forms.count(True) != 1 or len(self.times) == 1:
            raise ValueError("give plus and minus, or times with two points at least, or magnitude")
        if (self.magnitude is None) != (self.positive_when is None):
            raise ValueError("a magnitude needs positive_when, and nothing else does")
        return self

    @property
    def terms(self) -> tuple[str, ...]:
        """The names it rests on."""
        way = (self.positive_when.of,) if self.positive_when else ()
        size = (self.magnitude,) if self.magnitude else ()
        return (*self.plus, *self.minus, *self.times, *size, *way)

    @property
    def formula(self) -> str:
        """How it is worked out, for people."""
        if self.times:
            return " × ".join(self.times)
        if self.magnitude is not None and self.positive_when is not None:
            way = self.positive_when
            rule = f"is {way.equals}" if way.bit is None else f"has bit {way.bit}"
            return f"± {self.magnitude}, + while {way.of} {rule}"
        return " + ".join(self.plus) + "".join(f" − {name}" for name in self.minus)

    def value(self, numbers: Mapping[str, float]) -> float | None:
        """The number, from the device's own; None when it cannot be told."""
        known = [name for name in self.terms if name in numbers]
        if not known or (len(known) < len(self.terms) and not self.partly):
            return None
        if self.magnitude is not None and self.positive_when is not None:
            size = abs(numbers[self.magnitude])
            return size if self.positive_when.is_positive(numbers[self.positive_when.of]) else -size
        if self.times:
            product = 1.0
            for name in self.times:
                product *= numbers[name]
            return product
        return sum(numbers.get(name, 0.0) for name in self.plus) - sum(numbers.get(name, 0.0) for name in self.minus)


class PointMap(ProfilePart):
    """Everything that one use of a device reads."""

    points: dict[PointName, RegisterPoint] = Field(default_factory=dict)
    """Numbers that the device tells as we want them."""

    parts: dict[PointName, RegisterPoint] = Field(default_factory=dict)
    """Numbers of the device's own, of which we make ours."""

    derived: dict[PointName, Derived] = Field(default_factory=dict)
    """Numbers of ours made of points, parts, and what was derived before."""

    experimental: Annotated[str, Field(min_length=10)] | None = None
    """Why nobody should rely on it yet; said to whoever uses it."""

    rests_at_night: bool = False
    """An inverter that answers without any value while there is no sun: that is 0 W, and the counter stands still."""

    @model_validator(mode="after")
    def _hangs_together(self) -> PointMap:
        twice = (self.points.keys() & self.parts.keys()) | (self.derived.keys() & {*self.points, *self.parts})
        if twice:
            raise ValueError(f"{', '.join(sorted(twice))}: a name stands once among points, parts and derived")
        known = {*self.numbers}
        for name, rule in self.derived.items():
            if lacking := set(rule.terms) - known:
                raise ValueError(f"{name} is derived from {', '.join(sorted(lacking))}, which is not read before it")
            if is_live(name) and not any(is_live(term) for term in rule.terms):
                raise ValueError(f"{name} is derived from no power or current: name its parts so")
            known.add(name)
        if unused := self.parts.keys() - {term for rule in self.derived.values() for term in rule.terms}:
            raise ValueError(f"parts {', '.join(sorted(unused))} are in nothing that is derived")
        if self.vouched == "single" and self.experimental is None:
            raise ValueError("a power or current comes from a single source: say so under experimental")
        return self

    @cached_property
    def rows(self) -> dict[str, RegisterPoint]:
        """Points and parts, texts too."""
        return {**self.points, **self.parts}

    @cached_property
    def numbers(self) -> dict[str, RegisterPoint]:
        """The points and parts that every sample needs."""
        return {name: point for name, point in self.rows.items() if point.type is not RegisterType.STRING}

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The points that are texts."""
        return tuple(name for name, point in self.rows.items() if point.type is RegisterType.STRING)

    @cached_property
    def told(self) -> tuple[str, ...]:
        """The names of ours that a sample can have."""
        return (*(name for name in self.points if name not in self.texts), *self.derived)

    @property
    def states(self) -> frozenset[str]:
        """The parts that tell a direction, and have no unit."""
        return frozenset(rule.positive_when.of for rule in self.derived.values() if rule.positive_when)

    @property
    def signed(self) -> frozenset[str]:
        """Currents that carry their direction themselves."""
        return frozenset(name for name, point in self.points.items() if point.signed)

    @property
    def vouched(self) -> Status:
        """Who vouches for its powers and currents: the weakest of them."""
        return weakest(point.status for name, point in self.numbers.items() if is_live(name))

    def sample(self, numbers: Mapping[str, float]) -> dict[str, float]:
        """What the device told, as numbers of ours; what is unknown is absent."""
        return dict(self._told(numbers))

    def _told(self, numbers: Mapping[str, float]) -> Iterator[tuple[str, float]]:
        known = dict(numbers)
        for name, rule in self.derived.items():
            value = rule.value(known)
            if value is not None:
                known[name] = value
        yield from ((name, known[name]) for name in self.told if name in known)
        if self.rests_at_night and "power" not in known and not any(known[name] for name in known if is_live(name)):
            yield "power", 0.0


def check_texts(each: PointMap) -> None:
    """Raise ValueError for texts that we do not know."""
    if strange := sorted(set(each.texts) - set(TEXT_POINTS)):
        raise ValueError(f"unknown points {', '.join(strange)}; known are {', '.join(TEXT_POINTS)}")
