"""A battery behind SunSpec's model 124: bounded for as long as its own revert timer runs, and not at all without one.

Written are the revert timer, the two rates and the bits that let them count, each alone, and nothing else of the model:
never a rate below 0, which would make the battery charge or discharge, and never whether it may charge from the grid.
The bits go in last and out first. Everything is read back; what does not read as written is let go at once.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from ems.devices.battery.profile import StorageControl
from ems.devices.battery.valve import BatteryDoor, Valve
from ems.devices.modbus.link import NoSuchRegisters, UnknownFunction
from ems.devices.modbus.register_types import SCALE_RANGE
from ems.devices.sunspec.chain import BASES, discover
from ems.errors import DeviceError, LinkDown, NoAnswer, Nonsense, Refused

STORAGE: Final = 124
REGISTERS: Final = 26
"""The model with its header, up to the scale factor of the rates."""

WCHAMAX: Final = 2
MODE: Final = 5
OUT_RATE: Final = 12
IN_RATE: Final = 13
REVERT_S: Final = 15
WCHAMAX_SF: Final = 18
RATE_SF: Final = 25
"""Offsets from the model's header, `sunspec.md`."""

CHARGE_BIT: Final = 1
DISCHARGE_BIT: Final = 2
BOTH: Final = CHARGE_BIT | DISCHARGE_BIT
UNKNOWN_U16: Final = 0xFFFF
FULL_PERCENT: Final = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Storage:
    """The model as it stood in one answer."""

    header: int
    connection: int
    registers: tuple[int, ...]

    @property
    def bits(self) -> int:
        return self.registers[MODE] & BOTH

    @property
    def other_bits(self) -> int:
        return self.registers[MODE] & ~BOTH

    @property
    def revert_s(self) -> int:
        return self.registers[REVERT_S]

    @property
    def scales(self) -> tuple[int, ...]:
        """What the rates rest on."""
        return tuple(self.registers[each] for each in (WCHAMAX, WCHAMAX_SF, RATE_SF))


class StorageValve(Valve):
    """Finds the model, and bounds by it."""

    def __init__(self, door: BatteryDoor, control: StorageControl) -> None:
        super().__init__(control)
        self.takes = control.takes
        self._door = door
        self._timer_s = int(control.lasts_s)
        self._header: tuple[int, int] | None = None
        """Where the model is, and on which connection it was found there."""

        self._bases = BASES

        self._one_alone = False
        self._may_be_ours = False
        """Whether bits that stand in the model may be ours."""

    async def clear(self) -> None:
        """Take back what an earlier run left. Raises Refused for a device that has no such model, too."""
        there = await self._look()
        self._check_alone(there)
        await self._release()

    async def bound(self, *, charge_at_most_w: float | None, discharge_at_most_w: float | None) -> None:
        """Say both; None bounds nothing. Raises LinkDown, NoAnswer, Refused or Nonsense."""
        there = await self._look()
        self._check_alone(there)
        try:
            rates = self._rates(there, charge_at_most_w, discharge_at_most_w)
            if rates:
                await self._enable(there, rates)
        except DeviceError:
            if self._may_be_ours:
                with suppress(DeviceError):
                    await self._release()
            raise
        if not rates:
            await self._release()

    async def _enable(self, there: _Storage, rates: dict[int, int]) -> None:
        """The timer before the rates, the rates before the bits."""
        self._may_be_ours = self._may_be_ours or there.bits != 0
        wanted = sum(CHARGE_BIT if offset == IN_RATE else DISCHARGE_BIT for offset in rates)
        if there.bits & ~wanted:
            await self._write(there, MODE, there.other_bits | (there.bits & wanted))
        await self._write(there, REVERT_S, self._timer_s)
        await self._check_timer(there)
        for offset, raw in rates.items():
            await self._write(there, offset, raw)
        self._may_be_ours = True
        await self._write(there, MODE, there.other_bits | wanted)
        after = await self._look()
        expected = {**rates, REVERT_S: self._timer_s, MODE: there.other_bits | wanted}
        same = after.header == there.header and after.scales == there.scales
        if not same or any(after.registers[offset] != raw for offset, raw in expected.items()):
            raise Nonsense(f"{self._door.name} does not hold the bound that was written to it; it was let go")

    async def _check_timer(self, there: _Storage) -> None:
        """Raise Refused where the device would keep a bound for ever."""
        after = await self._look()
        if after.revert_s != self._timer_s or after.header != there.header:
            raise Refused(
                f"{self._door.name} is not bounded: register {there.header + REVERT_S} (InOutWRte_RvrtTms of model "
                f"{STORAGE}) reads {after.revert_s} s after {self._timer_s} s were written, so that a bound would not "
                "end by itself; update the device's firmware, or take `control` out of its entry"
            )

    async def _release(self) -> None:
        """Raises as `bound` does, also where the device holds on to its bits."""
        there = await self._look()
        if there.bits:
            await self._write(there, MODE, there.other_bits)
        if there.bits and (await self._look()).bits:
            raise Nonsense(f"{self._door.name} was let go and is still bounded; it is free within {self.lasts_s:g} s")
        self._may_be_ours = False

    def _check_alone(self, there: _Storage) -> None:
        """Raise Refused where another program bounds it, whose bound is not ours to end."""
        if there.bits and not self._may_be_ours and there.revert_s != self._timer_s:
            raise Refused(
                f"{self._door.name} is bounded by another program (register {there.header + MODE}, StorCtl_Mod of "
                f"model {STORAGE}, is {there.registers[MODE]}); end that bound, or take `control` out of its entry"
            )

    def _rates(self, there: _Storage, charge_w: float | None, discharge_w: float | None) -> dict[int, int]:
        """The rates to write, by their offsets; never below 0, never above what is asked for. Raises Refused."""
        rates: dict[int, int] = {}
        if discharge_w is not None:
            if discharge_w > 0.0:
                raise Refused(f"{self._door.name} does not tell what 100 % of its discharge are; it can only be held")
            rates[OUT_RATE] = 0
        if charge_w is not None:
            most_w = self._most_charge_w(there)
            if charge_w < most_w:
                percent = FULL_PERCENT * max(0.0, charge_w) / most_w
                rates[IN_RATE] = math.floor(percent * 10.0 ** -_signed(there.registers[RATE_SF]))
        return rates

    def _most_charge_w(self, there: _Storage) -> float:
        raw, power, rate = there.scales
        told = raw not in {0, UNKNOWN_U16} and _signed(power) in SCALE_RANGE and -2 <= _signed(rate) <= 2
        if not told:
            raise Refused(f"{self._door.name} does not tell what 100 % of its charging are; take charge_at_most_w out")
        return raw * 10.0 ** _signed(power)

    async def _look(self) -> _Storage:
        """The model now, wherever it is. Raises Refused where there is none."""
        for _ in range(2):
            header, connection = self._header or await self._find()
            self._header = None
            try:
                answer = await self._door.read(header, REGISTERS)
            except NoSuchRegisters:
                continue
            length = REGISTERS - 2
            if answer.connection == connection and answer.registers[0] == STORAGE and answer.registers[1] >= length:
                self._header = header, connection
                return _Storage(header=header, connection=connection, registers=answer.registers)
        raise LinkDown(f"{self._door.name} changes faster than its model {STORAGE} can be read")

    async def _find(self) -> tuple[int, int]:
        try:
            chain = await discover(self._door.read, self._bases)
        except NoAnswer:
            # As for its readings: some devices do not even refuse a wrong address.
            self._bases = self._bases[1:] + self._bases[:1]
            raise
        model = chain.first_of((STORAGE,))
        if model is None or model.length < REGISTERS - 2:
            raise Refused(
                f"{self._door.name} has no SunSpec model {STORAGE} (storage) of full length, by which it could be "
                "bounded; take `control` out of its entry"
            )
        return model.header, chain.connection

    async def _write(self, there: _Storage, offset: int, raw: int) -> None:
        """One register, by function 16, or by function 6 where the device knows that alone."""
        address = there.header + offset
        try:
            await self._door.write(address, (raw,), alone=self._one_alone, connection=there.connection)
        except UnknownFunction:
            if self._one_alone:
                raise
            self._one_alone = True
            await self._door.write(address, (raw,), alone=True, connection=there.connection)


def _signed(raw: int) -> int:
    return raw - 0x10000 if raw >= 0x8000 else raw
