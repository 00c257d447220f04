"""How the answers of SunSpec models become numbers of ours, under the names of `ems.devices.sample`. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from ems.devices.sample import one_way
from ems.devices.sunspec.layout import Layout
from ems.devices.sunspec.models import PV_PORT, RESTING, STATES, STORAGE_PORT
from ems.devices.sunspec.modules import StorageModules
from ems.devices.sunspec.reader import ModelAnswer

Points: TypeAlias = Mapping[str, tuple[str, float]]
"""Our point's name to the model's, and the factor to our unit."""

Values: TypeAlias = dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is read of one model."""

    layout: Layout
    points: Points = field(default_factory=dict)
    """Numbers that the model tells as we want them."""

    more: tuple[str, ...] = ()
    """Points that `told` needs besides."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Everything that is read."""
        return (*(theirs for theirs, _ in self.points.values()), *self.more)


_IDLE: Final = frozenset({"off", "holding"})
"""States in which a battery that tells no power neither charges nor discharges."""


def state_of(answer: ModelAnswer, name: str, path: str = "") -> str:
    """The word for a state; empty where the device tells none that is known."""
    number = answer.numbers.get(name)
    return "" if number is None else STATES.get((answer.model_id, path or name), {}).get(int(number), "")


def told(part: Part, answer: ModelAnswer) -> Iterator[tuple[str, float]]:
    """Our numbers that an answer of this part's model tells, in our units and signs."""
    for ours, (theirs, factor) in part.points.items():
        value = answer.numbers.get(theirs)
        # A counter that stands at 0 cannot be told from one that is not there, and some fall to 0 over night.
        if value is not None and (value or not ours.startswith("energy")):
            yield ours, value * factor


def produced(part: Part, answers: Sequence[ModelAnswer]) -> Values:
    """What an inverter makes; at night that is 0 W only where its state says that it rests."""
    values = dict(told(part, answers[0]))
    if "power" not in values and _rests(part, answers[0]):
        values["power"] = 0.0
    return values


def _rests(part: Part, answer: ModelAnswer) -> bool:
    return any(state_of(answer, name) in RESTING for name in part.more)


def of_ports(part: Part, answers: Sequence[ModelAnswer]) -> Values:
    """As `produced`, but where a battery is at one of the ports, the sun is what its own ports tell."""
    inverter, ports = answers
    values = produced(part, answers)
    if not list(_ports(ports, STORAGE_PORT)):
        return values
    values = {name: value for name, value in values.items() if name == "energy"}
    if (sun_w := _sum([ports.numbers.get(f"{port}.DCW") for port in _ports(ports, PV_PORT)])) is not None:
        values["power"] = abs(sun_w)  # whichever way a maker counts, panels only give
    elif _rests(part, inverter):
        values["power"] = 0.0
    return values


def of_strings(part: Part, modules: StorageModules, answers: Sequence[ModelAnswer]) -> Values:
    """The sun of an inverter with a battery: what its strings tell, for its own power has the battery's share in it."""
    inverter, strings, _ = answers
    values = {name: value for name, value in told(part, inverter) if name == "energy"}
    watts = [_module_w(strings, number) for number in modules.strings]
    if (sun_w := _sum(watts)) is not None:
        values["power"] = sun_w
    elif _rests(part, inverter):
        values["power"] = 0.0
    return values


def _module_w(strings: ModelAnswer, number: int) -> float | None:
    watts = strings.numbers.get(f"module.{number}.DCW")
    if watts is None and state_of(strings, f"module.{number}.DCSt", "module.DCSt") in RESTING:
        return 0.0
    return watts


def _sum(parts: Sequence[float | None]) -> float | None:
    """Of all of them; None when one is unknown."""
    known = [each for each in parts if each is not None]
    return sum(known) if known and len(known) == len(parts) else None


def bank(part: Part, answers: Sequence[ModelAnswer]) -> Values:
    """What a battery bank tells; while it rests that is 0 W."""
    values = dict(told(part, answers[0]))
    if "power" not in values and state_of(answers[0], "ChaSt") in _IDLE:
        values["power"] = 0.0
    return values


def storage_ports(part: Part, answers: Sequence[ModelAnswer]) -> Values:
    """How full the battery is, and the power of all its ports."""
    fill, ports = answers
    values = dict(told(part, fill))
    watts = [ports.numbers.get(f"{port}.DCW") for port in _ports(ports, STORAGE_PORT)]
    if (power_w := _sum(watts)) is not None:
        values["power"] = power_w
    return values


def _ports(answer: ModelAnswer, kind: int) -> Iterator[str]:
    for port in answer.copies("Prt"):
        if answer.numbers.get(f"{port}.PrtTyp") == kind:
            yield port


def storage_modules(part: Part, modules: StorageModules, answers: Sequence[ModelAnswer]) -> Values:
    """How full the battery is, and its power from two modules, one for each way."""
    storage, strings = answers
    values = dict(told(part, storage))
    discharge, charge = (strings.numbers.get(f"module.{number}.DCW") for number in (modules.discharge, modules.charge))
    power_w = one_way(discharge, charge)
    if power_w is not None:
        values["power"] = power_w
    elif discharge is None and charge is None and state_of(storage, "ChaSt") in _IDLE:
        values["power"] = 0.0
    return values
