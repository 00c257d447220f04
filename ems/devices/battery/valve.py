"""Where a home battery takes its bounds: registers that its profile's `control` names are written, and no others."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from ems.config.schema import ModbusAddress
from ems.devices.battery.profile import BatteryControl, BoundsThatEnd, SetpointControl
from ems.devices.modbus.link import Answer, ReadRequest, WriteRequest
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.modbus.register_point import RegisterPoint
from ems.devices.modbus.register_types import WordOrder, encode
from ems.errors import Nonsense, Refused
from ems.model.battery import BatteryTakes


class BatteryLine(Protocol):
    """The connection that the battery's readings come over."""

    async def read(self, request: ReadRequest) -> Answer:
        """Raises LinkDown, NoAnswer, Refused or Nonsense."""
        ...

    async def write(self, request: WriteRequest) -> None:
        """Once. Raises as `read` does; after NoAnswer nobody knows whether it was written."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryDoor:
    """Whose registers, and where."""

    name: str
    line: BatteryLine
    address: ModbusAddress

    async def read(self, address: int, count: int) -> Answer:
        """So many holding registers from an address on. Raises LinkDown, NoAnswer, Refused or Nonsense."""
        return await self.line.read(
            ReadRequest(
                unit=self.address.unit,
                function="holding",
                address=address,
                count=count,
                timeout_s=self.address.timeout_s,
            )
        )

    async def write(
        self, address: int, registers: tuple[int, ...], *, alone: bool = False, connection: int | None = None
    ) -> None:
        """Once. Raises as `read` does. `alone` and `connection` as in a `WriteRequest`."""
        await self.line.write(
            WriteRequest(
                unit=self.address.unit,
                address=address,
                registers=registers,
                alone=alone,
                connection=connection,
                timeout_s=self.address.timeout_s,
            )
        )


class Valve:
    """What all ways of bounding a battery have in common."""

    takes: BatteryTakes
    """What this battery can be ordered."""

    def __init__(self, times: BoundsThatEnd) -> None:
        self.refresh_s: Final = times.refresh_s
        """How often a bound must be said again."""

        self.lasts_s: Final = times.lasts_s
        """How long the battery keeps one that nobody says again."""

    async def clear(self) -> None:
        """Take back what an earlier run may have left; most batteries forget that by themselves.

        Raises LinkDown, NoAnswer, Refused or Nonsense.
        """

    @abstractmethod
    async def bound(self, *, charge_at_most_w: float | None, discharge_at_most_w: float | None) -> None:
        """Say both; None bounds nothing. Raises LinkDown, NoAnswer, Refused or Nonsense."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a device has its numbers written."""

    order: WordOrder
    connection: int | None = None
    """On which one it said so: after another its owner may have changed it."""


class RegisterValve(Valve):
    """Registers of a map, whose words stand as its owner chose."""

    def __init__(self, door: BatteryDoor, profile: ModbusProfile | HybridProfile, times: BoundsThatEnd) -> None:
        super().__init__(times)
        self._door = door
        self._profile = profile

    async def _put(self, point: RegisterPoint, raw: float, spelling: Spelling) -> None:
        try:
            registers = encode(raw, point.type, point.word_order or spelling.order)
        except ValueError as err:
            raise Nonsense(f"{self._door.name} has no room for {raw:g} in register {point.address}") from err
        await self._door.write(point.address, registers, connection=spelling.connection)

    async def _spelling(self) -> Spelling:
        """A number in the other order would be another bound. Raises Nonsense."""
        setting = self._profile.word_order_setting
        if setting is None:
            return Spelling(self._profile.word_order)
        answer = await self._door.read(setting.address, 1)
        told = answer.registers[0]
        if told not in setting.values:
            raise Nonsense(f"{self._door.name} does not tell its order of words, so nothing is written to it")
        return Spelling(setting.values[told], answer.connection)


class BoundsValve(RegisterValve):
    """Upper bounds of its power, in watts."""

    def __init__(self, door: BatteryDoor, profile: ModbusProfile | HybridProfile, control: BatteryControl) -> None:
        super().__init__(door, profile, control)
        self._control = control
        self.takes = control.takes

    async def bound(self, *, charge_at_most_w: float | None, discharge_at_most_w: float | None) -> None:
        """Write both; None bounds nothing. Raises LinkDown, NoAnswer, Refused or Nonsense."""
        writes = list(self._writes(charge_at_most_w, discharge_at_most_w))
        if not writes:
            return
        spelling = await self._spelling()
        for point, watts in writes:
            await self._put(point, _raw(point, watts), spelling)

    def _writes(self, charge_w: float | None, discharge_w: float | None) -> Iterator[tuple[RegisterPoint, float]]:
        control = self._control
        for point, bound_w in ((control.charge_limit, charge_w), (control.discharge_limit, discharge_w)):
            watts = control.free_w if bound_w is None else bound_w
            if point is not None and watts is not None:
                yield point, watts


class SetpointValve(RegisterValve):
    """A set-point of 0 W that holds it; no other is ever written."""

    def __init__(self, door: BatteryDoor, profile: ModbusProfile | HybridProfile, control: SetpointControl) -> None:
        super().__init__(door, profile, control)
        self._control = control
        self.takes = control.takes

    async def clear(self) -> None:
        """An earlier run's hold may go on longer than its end: some of these batteries forget it after minutes only."""
        await self.bound(charge_at_most_w=None, discharge_at_most_w=None)

    async def bound(self, *, charge_at_most_w: float | None, discharge_at_most_w: float | None) -> None:
        """Hold it at a discharge of 0, else let it go. Raises LinkDown, NoAnswer, Refused or Nonsense."""
        holds = discharge_at_most_w == 0.0
        spelling = await self._spelling()
        if holds:
            # Before it counts: what some other program left there might make the battery charge or discharge.
            await self._put(self._control.setpoint, 0.0, spelling)
        await self._put(self._control.enable, float(self._control.on if holds else self._control.off), spelling)
        if not holds and (charge_at_most_w is not None or discharge_at_most_w is not None):
            raise Refused(f"{self._door.name} can be held or left alone, and not be bounded in watts; it is free now")


def _raw(point: RegisterPoint, watts: float) -> float:
    """The device's own number: never below 0, and never above what is asked for."""
    raw = max(0.0, watts) / point.scale
    return raw if "float" in point.type else float(int(raw))
