"""What is written into a simulated battery, by the registers of its profile's `control`, as bounds of its power."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ems.devices.battery.profile import BatteryControl, SetpointControl
from ems.devices.modbus.register_map import decode_point
from ems.devices.modbus.register_point import RegisterPoint
from ems.devices.modbus.register_types import WordOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How far a battery is bounded; None bounds nothing."""

    charge_at_most_w: float | None = None
    discharge_at_most_w: float | None = None
    lasts_s: float
    """It forgets them after so long in which nobody says them again."""


Ordered = Callable[[Bounds], None]
"""Hears of every write."""


class OrderedBattery:
    """Takes what its profile allows to be written, and nothing else."""

    def __init__(self, control: BatteryControl | SetpointControl, ordered: Ordered | None = None) -> None:
        self._control: Final = control
        self._ordered: Final = ordered
        self.taken: dict[str, tuple[int, ...]] = {}
        """What was written, by the names in `control`: the registers as they came."""

        self._numbers: dict[str, float] = {}

    @property
    def points(self) -> Iterator[tuple[str, RegisterPoint]]:
        """What may be written, by name."""
        control = self._control
        named = (
            (("charge", control.charge_limit), ("discharge", control.discharge_limit))
            if isinstance(control, BatteryControl)
            else (("setpoint", control.setpoint), ("enable", control.enable))
        )
        return ((name, point) for name, point in named if point is not None)

    def take(self, address: int, registers: Sequence[int], order: WordOrder) -> bool:
        """Whether that is a register and a value that such a battery takes."""
        for name, point in self.points:
            if (address, len(registers)) != (point.address, point.count):
                continue
            number = decode_point(point, registers, address, order)
            if not isinstance(number, int | float) or not self._allows(name, number):
                return False
            self.taken[name] = tuple(registers)
            self._numbers[name] = float(number)
            if self._ordered is not None:
                self._ordered(self._bounds())
            return True
        return False

    def _allows(self, name: str, number: float) -> bool:
        """A set-point that would make it charge or discharge is nothing that anybody of ours writes."""
        control = self._control
        if isinstance(control, BatteryControl):
            return number >= 0
        return number == 0 if name == "setpoint" else number in {control.on, control.off}

    def _bounds(self) -> Bounds:
        control, numbers = self._control, self._numbers
        if isinstance(control, BatteryControl):
            return Bounds(
                charge_at_most_w=numbers.get("charge"),
                discharge_at_most_w=numbers.get("discharge"),
                lasts_s=control.lasts_s,
            )
        held = 0.0 if numbers.get("enable") == control.on and "setpoint" in numbers else None
        return Bounds(charge_at_most_w=held, discharge_at_most_w=held, lasts_s=control.lasts_s)
