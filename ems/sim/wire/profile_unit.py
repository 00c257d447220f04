"""A simulated device of any profile with registers, behind a `ModbusPort`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pymodbus.constants import ExcCodes
from pymodbus.simulator import DataType, SimData, SimDevice

from ems.devices.modbus_profile import HybridProfile, ModbusProfile
from ems.devices.profile import SunSpecProfile
from ems.devices.profile_parts import Kind
from ems.devices.register_point import RegisterKind
from ems.devices.register_types import WordOrder
from ems.sim.wire.register_image import Image, Values, image
from ems.sim.wire.sunspec_image import sunspec_image

RegisterProfile = ModbusProfile | HybridProfile | SunSpecProfile

KIND_OF: Final[Mapping[int, RegisterKind]] = {3: "holding", 4: "input"}
"""By Modbus function code."""


class ProfileUnit:
    """Serves the registers of one profile, and refuses what a device of that kind does not have or allow."""

    def __init__(self, unit: int, profile: RegisterProfile) -> None:
        self.unit: Final = unit
        self._profile = profile
        self._registers: Image = _image(profile, {}, None)

    def show(self, values: Mapping[Kind, Values], order: WordOrder | None = None) -> None:
        """Measure `values` from now on. Raises CannotShow."""
        self._registers = _image(self._profile, values, order)

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

    def _runs(self) -> Iterator[tuple[int, int]]:
        """First address and length of each stretch of registers, of either kind."""
        start: int | None = None
        last = -1
        for address in sorted({address for _, address in self._registers}):
            if start is not None and address != last + 1:
                yield start, last + 1 - start
                start = address
            start, last = address if start is None else start, address
        if start is not None:
            yield start, last + 1 - start


def _image(profile: RegisterProfile, values: Mapping[Kind, Values], order: WordOrder | None) -> Image:
    if isinstance(profile, SunSpecProfile):
        return sunspec_image(profile.kinds, values)
    return image(profile, values, order)
