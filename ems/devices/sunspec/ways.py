"""What a SunSpec device is read for, and which of its models tell that. Pure.

A `Way` names the models that it needs; the first whose models a device has is taken. `told` turns their answers into
numbers of ours, under the names of `ems.devices.sample`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from ems.devices.profile_parts import Kind
from ems.devices.sunspec.layout import Layout
from ems.devices.sunspec.models import BANK, FILL, INVERTERS, METERS, NAMEPLATE, PORTS, STORAGE, STRINGS
from ems.devices.sunspec.modules import StorageModules
from ems.devices.sunspec.reader import ModelAnswer, ModelReader
from ems.devices.sunspec.told import (
    Part,
    Points,
    Values,
    bank,
    of_ports,
    of_strings,
    produced,
    storage_modules,
    storage_ports,
    told,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Models that together tell what one use needs."""

    parts: tuple[Part, ...]
    told: Callable[[Sequence[ModelAnswer]], Values]
    """Our numbers, from the answers of the parts in their order."""

    standing: Part | None = None
    """What never changes of another model, which the device may have; read once."""

    fits: Callable[[Sequence[ModelReader]], bool] = lambda _: True
    """Whether this device has as many modules as it takes."""

    names: tuple[str, ...]
    """Our numbers that it can tell."""

    formulas: Mapping[str, str] = field(default_factory=dict)
    """How numbers of ours that no model tells by itself are worked out, for people."""

    assumes: str = ""
    """What is taken for granted, and should be looked at once."""

    @property
    def wants(self) -> str:
        """Its models, for people."""
        first, *others = (part.layout.span for part in self.parts)
        return " with ".join([first, *([" and ".join(others)] if others else [])])


_SUN: Final = {
    "power": ("W", 1.0),
    "current_l1": ("AphA", 1.0),
    "current_l2": ("AphB", 1.0),
    "current_l3": ("AphC", 1.0),
    "energy": ("WH", 0.001),
}
_SUN_701: Final = {
    "power": ("W", 1.0),
    "current_l1": ("AL1", 1.0),
    "current_l2": ("AL2", 1.0),
    "current_l3": ("AL3", 1.0),
    "energy": ("TotWhInj", 0.001),
}
_GRID: Final = {
    "power": ("W", 1.0),
    "power_l1": ("WphA", 1.0),
    "power_l2": ("WphB", 1.0),
    "power_l3": ("WphC", 1.0),
    "current": ("A", 1.0),
    "current_l1": ("AphA", 1.0),
    "current_l2": ("AphB", 1.0),
    "current_l3": ("AphC", 1.0),
    "voltage": ("PhV", 1.0),
    "voltage_l1": ("PhVphA", 1.0),
    "voltage_l2": ("PhVphB", 1.0),
    "voltage_l3": ("PhVphC", 1.0),
    "frequency": ("Hz", 1.0),
    "energy_import": ("TotWhImp", 0.001),
    "energy_export": ("TotWhExp", 0.001),
}


def _plain(part: Part) -> Way:
    """A model that tells everything itself."""

    return Way(parts=(part,), told=lambda answers: dict(told(part, answers[0])), names=tuple(part.points))


def _inverter(layout: Layout, points: Points, state: str) -> Part:
    return Part(layout=layout, points=points, more=(state,))


def _has_modules(modules: StorageModules, readers: Sequence[ModelReader]) -> bool:
    return any(reader.copies("module.DCW") == modules.count for reader in readers)


INVERTER_PARTS: Final = (
    _inverter(INVERTERS[0], _SUN, "St"),
    _inverter(INVERTERS[1], _SUN, "St"),
    _inverter(INVERTERS[2], _SUN_701, "InvSt"),
)
METER_PARTS: Final = tuple(Part(layout=layout, points=_GRID) for layout in METERS)
_PORTS: Final = Part(layout=PORTS, more=("Prt.PrtTyp", "Prt.DCW"))
_STRINGS: Final = Part(layout=STRINGS, more=("module.DCW", "module.DCSt"))
_BANK: Final = Part(
    layout=BANK, points={"power": ("W", 1.0), "soc": ("SoC", 0.01), "capacity": ("WHRtg", 0.001)}, more=("ChaSt",)
)
_FILL: Final = Part(layout=FILL, points={"soc": ("SoC", 0.01), "capacity": ("WHRtg", 0.001)})
_RATED: Final = Part(layout=NAMEPLATE, points={"capacity": ("WHRtg", 0.001)})
_STORAGE: Final = Part(layout=STORAGE, points={"soc": ("ChaState", 0.01)}, more=("ChaSt",))
_BATTERY_NAMES: Final = ("power", "soc", "capacity")

DISCHARGE_ASSUMED: Final = "a positive power is taken for discharge, which SunSpec does not say"
FLOWS_OF_MODULES: Final = "the modules of model 160 are taken for the strings, charge and discharge of its maker"


def _module(number: int) -> str:
    return f"160 module.{number}.DCW"


def ways_of(kind: Kind, modules: StorageModules | None = None) -> tuple[Way, ...]:
    """The ways to read a device of that kind, the best first.

    `modules` says which modules of model 160 are a battery's, for makers of which that is known.
    """
    if kind == "meter":
        return tuple(_plain(part) for part in METER_PARTS)
    if kind == "inverter":
        return (*(_hybrid_ways(modules) if modules else ()), *_inverter_ways())
    return (*_battery_ways(), *(_module_ways(modules) if modules else ()))


def _inverter_ways() -> Iterator[Way]:
    last = INVERTER_PARTS[-1]
    for part in INVERTER_PARTS[:-1]:
        yield Way(parts=(part,), told=partial(produced, part), names=tuple(part.points))
    yield Way(
        parts=(last, _PORTS),
        told=partial(of_ports, last),
        names=tuple(last.points),
        formulas={"power": "701 + 10, W; with a storage port in 714 the power of its PV ports, 714 + 32, Prt.DCW"},
    )
    yield Way(parts=(last,), told=partial(produced, last), names=tuple(last.points))


def _hybrid_ways(modules: StorageModules) -> Iterator[Way]:
    for part in INVERTER_PARTS:
        yield Way(
            parts=(part, _STRINGS, Part(layout=STORAGE, more=("ChaSt",))),
            told=partial(of_strings, part, modules),
            fits=partial(_has_modules, modules),
            names=("power", "energy"),
            formulas={"power": " + ".join(_module(number) for number in modules.strings)},
            assumes=FLOWS_OF_MODULES,
        )


def _battery_ways() -> Iterator[Way]:
    yield Way(parts=(_BANK,), told=partial(bank, _BANK), names=_BATTERY_NAMES, assumes=DISCHARGE_ASSUMED)
    yield Way(
        parts=(_FILL, _PORTS),
        told=partial(storage_ports, _FILL),
        names=_BATTERY_NAMES,
        formulas={"power": "the storage ports of 714, 714 + 32, Prt.DCW"},
        assumes=DISCHARGE_ASSUMED,
    )


def _module_ways(modules: StorageModules) -> Iterator[Way]:
    yield Way(
        parts=(_STORAGE, _STRINGS),
        standing=_RATED,
        told=partial(storage_modules, _STORAGE, modules),
        fits=partial(_has_modules, modules),
        names=_BATTERY_NAMES,
        formulas={"power": f"{_module(modules.discharge)} − {_module(modules.charge)}"},
        assumes=FLOWS_OF_MODULES,
    )
