"""Simulated Modbus TCP devices: several units behind one real socket, each fed from the world when it is asked.

`ModbusPort` is the socket, `SimulatedUnit` one device behind it; `sdm630` and `sunspec_inverter` build the two kinds.
Their faults are switched on by name.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar, cast

from pymodbus.constants import ExcCodes
from pymodbus.exceptions import NoSuchIdException
from pymodbus.server import ModbusTcpServer, ModbusUdpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from ems.clock import Clock
from ems.devices.profile_parts import Carrier
from ems.sim.wire.listening import cannot_listen
from ems.sim.wire.points import (
    SDM630_POINTS,
    SUNSPEC_BASE,
    SUNSPEC_POWER,
    grid_points,
    impossible,
    sdm630_registers,
    sunspec_registers,
)
from ems.sim.world import CircuitSample, SunSample

HOLDING: Final = 3
INPUT: Final = 4
SDM630_LONGEST_READ: Final = 80
"""Registers per request, `devices/eastron_sdm630.yaml`."""

LONGEST_READ: Final = 125
MOST_ANSWERS: Final = 100_000
MOST_REGISTERS: Final = 0xFFFF
ELSEWHERE: Final = 0
"""pymodbus gives requests for unknown units to the device with this number."""


@dataclass(slots=True, kw_only=True)
class UnitFaults:
    """What a test may break in one unit. Each holds until it is set back."""

    silent: bool = False
    """Takes requests and never answers."""

    frozen: bool = False
    """Answers with the values of the moment it froze."""

    impossible: bool = False
    """Answers with values that no house has; only a meter can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusAnswer:
    """One read that was answered."""

    at_s: float
    """Monotonic."""

    address: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterBlock:
    """Where a device keeps its registers, and how it lets them be read."""

    function: int
    """Modbus function code: 3 holding, 4 input."""

    start: int
    longest_read: int
    """Registers per request."""

    key_address: int
    """Of the number that makes a read count as a sample: a meter's current, an inverter's power."""


class SimulatedUnit:
    """A device on a Modbus port. `registers` gives its whole block, with impossible values when told so."""

    def __init__(self, unit: int, block: RegisterBlock, registers: Callable[[bool], list[int]], clock: Clock) -> None:
        self.unit: Final = unit
        self.faults = UnitFaults()
        self.answers: deque[ModbusAnswer] = deque(maxlen=MOST_ANSWERS)
        self.samples = 0
        """Answered reads that held the device's key number."""

        self._block = block
        self._make = registers
        self._clock = clock
        self._last = registers(False)

    def device(self) -> SimDevice:
        """As pymodbus wants it."""
        block = SimData(address=self._block.start, values=self._last, datatype=DataType.REGISTERS)
        return SimDevice(id=self.unit, simdata=[block], action=self._asked)

    async def _asked(
        self,
        function: int,
        _start: int,
        address: int,
        count: int,
        registers: list[int],
        written: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        if self.faults.silent:
            # With ignore_missing_devices pymodbus then sends nothing at all.
            raise NoSuchIdException
        if function != self._block.function or written is not None:
            return ExcCodes.ILLEGAL_FUNCTION
        if count > self._block.longest_read:
            return ExcCodes.ILLEGAL_VALUE
        if not self.faults.frozen:
            self._last = self._make(self.faults.impossible)
        registers[: len(self._last)] = self._last
        self.answers.append(ModbusAnswer(at_s=self._clock.monotonic_s(), address=address, count=count))
        self.samples += address <= self._block.key_address < address + count
        return None


SDM630_BLOCK: Final = RegisterBlock(
    function=INPUT, start=0, longest_read=SDM630_LONGEST_READ, key_address=SDM630_POINTS["current_l1"]
)
SUNSPEC_BLOCK: Final = RegisterBlock(
    function=HOLDING, start=SUNSPEC_BASE, longest_read=LONGEST_READ, key_address=SUNSPEC_POWER
)


def sdm630(unit: int, sample: Callable[[], CircuitSample], clock: Clock) -> SimulatedUnit:
    """An Eastron SDM630 that shows what `sample` gives."""

    def registers(broken: bool) -> list[int]:
        points = grid_points(sample())
        return sdm630_registers(impossible(points) if broken else points)

    return SimulatedUnit(unit, SDM630_BLOCK, registers, clock)


def sunspec_inverter(
    unit: int, sample: Callable[[], SunSample], clock: Clock, *, phases: int, peak_w: float
) -> SimulatedUnit:
    """A SunSpec inverter with its model chain at 40000."""

    def registers(_: bool) -> list[int]:
        return sunspec_registers(sample(), phases=phases, peak_w=peak_w, serial=f"INV-{unit}")

    return SimulatedUnit(unit, SUNSPEC_BLOCK, registers, clock)


class ModbusUnit(Protocol):
    """A device that can sit behind a port."""

    @property
    def unit(self) -> int:
        """Its number."""
        ...

    def device(self) -> SimDevice:
        """As pymodbus wants it."""
        ...


U = TypeVar("U", bound=ModbusUnit)


class ModbusPort(Generic[U]):
    """A Modbus socket, TCP or UDP, with units behind it. It can be closed and opened again at the same number."""

    def __init__(self, units: Iterable[U], host: str = "127.0.0.1", port: int = 0, *, over: Carrier = "tcp") -> None:
        self._over: Final = over
        self.host: Final = host
        self.port = port
        """0 until it was opened for the first time, if no number was wished."""

        self.units: Final = {unit.unit: unit for unit in units}
        self._server: ModbusTcpServer | ModbusUdpServer | None = None

    async def open(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        nobody = SimData(address=0, count=MOST_REGISTERS, values=0, datatype=DataType.REGISTERS)
        devices = [unit.device() for unit in self.units.values()]
        if ELSEWHERE not in self.units:
            devices.append(SimDevice(id=ELSEWHERE, simdata=[nobody], action=_nobody_there))
        kind = ModbusTcpServer if self._over == "tcp" else ModbusUdpServer
        server = kind(devices, address=(self.host, self.port), ignore_missing_devices=True)
        if not await server.listen():
            raise cannot_listen(self.host, self.port)
        self._server = server
        if isinstance(server, ModbusUdpServer):
            self.port = cast("asyncio.DatagramTransport", server.transport).get_extra_info("sockname")[1]
        else:
            self.port = cast("asyncio.Server", server.transport).sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and end every connection."""
        server, self._server = self._server, None
        if server is None:
            return
        listening = server.transport
        server.close()
        if isinstance(server, ModbusTcpServer):
            await cast("asyncio.Server", listening).wait_closed()

    def cut_connections(self) -> None:
        """End every connection, and go on listening."""
        if self._server is not None:
            for each in list(self._server.active_connections.values()):
                each.close()


async def _nobody_there(*_: object) -> ExcCodes:
    return ExcCodes.GATEWAY_NO_RESPONSE
