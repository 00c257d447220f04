"""A simulated device of any Modbus profile, behind a `ModbusPort`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pymodbus.constants import ExcCodes
from pymodbus.simulator import DataType, SimData, SimDevice

from ems.devices.modbus_profile import HybridProfile, ModbusProfile
from ems.devices.profile_parts import Kind
from ems.devices.register_point import RegisterKind, RegisterPoint
from ems.devices.register_types import WordOrder
from ems.sim.wire.register_image import Image, Values, image

KIND_OF: Final[Mapping[int, RegisterKind]] = {3: "holding", 4: "input"}
"""By Modbus function code."""

WRITES: Final = 16


class ProfileUnit:
    """Serves the registers of one profile, and refuses what a device of that kind does not have or allow."""

    def __init__(self, unit: int, profile: ModbusProfile | HybridProfile) -> None:
        self.unit: Final = unit
        self._profile = profile
        self._registers: Image = image(profile, {})
        self.taken: dict[str, tuple[int, ...]] = {}
        """Bounds of the battery that were written, by their names in `control`: the registers as they came."""

    def show(self, values: Mapping[Kind, Values], order: WordOrder | None = None) -> None:
        """Measure `values` from now on. Raises CannotShow."""
        self._registers = image(self._profile, values, order)

    def device(self) -> SimDevice:
        """As pymodbus wants it."""
        blocks = [SimData(at, values=[0] * count, datatype=DataType.REGISTERS) for at, count in self._runs()]
        return SimDevice(id=self.unit, simdata=blocks, action=self._asked)

    async def _asked(
        self,
        function: int,
        start: int,
        address: int,
        count: int,
        registers: list[int],
        written: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        if function == WRITES and written is not None:
            return self._take(address, [int(each) for each in written])
        kind = KIND_OF.get(function)
        if kind is None or written is not None:
            return ExcCodes.ILLEGAL_FUNCTION
        if count > self._profile.limits.max_registers_per_read:
            return ExcCodes.ILLEGAL_VALUE
        wanted = [(kind, address + offset) for offset in range(count)]
        if not all(each in self._registers for each in wanted):
            return ExcCodes.ILLEGAL_ADDRESS
        registers[address - start : address - start + count] = [self._registers[each] for each in wanted]
        return None

    def _take(self, address: int, written: list[int]) -> ExcCodes | None:
        """A bound of the battery, and nothing else."""
        for name, point in self._bounds():
            if (address, len(written)) == (point.address, point.count):
                self.taken[name] = tuple(written)
                return None
        return ExcCodes.ILLEGAL_ADDRESS

    def _bounds(self) -> Iterator[tuple[str, RegisterPoint]]:
        control = self._profile.control
        if control is not None:
            for name, point in (("charge", control.charge_limit), ("discharge", control.discharge_limit)):
                if point is not None:
                    yield name, point

    def _runs(self) -> Iterator[tuple[int, int]]:
        """First address and length of each stretch of registers, of either kind."""
        start: int | None = None
        last = -1
        written = {cell for _, point in self._bounds() for cell in point.cells}
        for address in sorted({address for _, address in self._registers} | written):
            if start is not None and address != last + 1:
                yield start, last + 1 - start
                start = address
            start, last = address if start is None else start, address
        if start is not None:
            yield start, last + 1 - start
