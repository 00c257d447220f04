"""A meter, inverter or battery with a fixed register map, read block by block."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

from ems.config.schema import ModbusAddress
from ems.devices.modbus.link import Answer, ModbusLink, NoSuchRegisters, ReadRequest
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.modbus.register_map import Block, decode_block, plan
from ems.devices.modbus.register_point import RegisterKind
from ems.devices.newest_reading import in_its_name
from ems.devices.profile_parts import Kind
from ems.devices.sample import Sample, is_live
from ems.errors import LinkDown, Nonsense
from ems.model.readings import Reading

LOGGER = logging.getLogger(__name__)
R = TypeVar("R", bound=Reading)
COUNTERS: Final = frozenset({"energy"})
"""Of an inverter that rests: they stand still."""

CAREFUL_SAMPLES: Final = 600
"""So many are read in short reads after a refusal; then the long ones are tried again, since a device that was starting
may have refused them."""


class RegisterReader:
    """Asks for all blocks of one use of a device at each `sample`.

    A device that refuses the wide reads is read carefully for a while: short reads, nothing bridged, and a block that
    holds neither current nor power may be missing. Where the device tells its word order, it is asked for it after
    every connection.
    """

    def __init__(
        self, *, name: str, link: ModbusLink, address: ModbusAddress, profile: ModbusProfile | HybridProfile, kind: Kind
    ) -> None:
        self.name: Final = name
        self._link = link
        self._address = address
        self._map = profile.maps[kind]
        self._points = self._map.numbers
        self._setting = profile.word_order_setting
        self._word_order = self._usual_order = profile.word_order
        limits = profile.limits
        self._wide = plan(self._points, max_registers=limits.max_registers_per_read, max_gap=limits.max_gap_registers)
        self._careful = plan(self._points, max_registers=profile.careful_registers)
        self._careful_left = 0
        self._tells_order = False
        self._guessed_left = 0
        """After so many samples in the usual order it is asked again for its own."""

        self._connection: int | None = None
        self._said: set[str] = set()
        self._counted: dict[str, float] = {}

    @property
    def connections(self) -> int:
        """Of the line, which other devices may share."""
        return self._link.connections

    async def sample(self) -> Sample:
        """The next sample. Raises LinkDown, NoAnswer, Refused or Nonsense."""
        # The second time, the connection changed under the first, and with it perhaps the word order.
        for _ in range(2):
            await self._ask_word_order()
            sample = await (self._sample_carefully() if self._careful_left else self._sample_widely())
            if sample is not None:
                return sample
        raise LinkDown(f"{self.name} changes faster than it can be read")

    async def close(self) -> None:
        """Close the connection, which other devices at the same address may share; the next `sample` opens it again."""
        await self._link.close()

    async def _ask_word_order(self) -> None:
        setting = self._setting
        if setting is None:
            return
        self._guessed_left -= 1
        if self._connection is not None and self._guessed_left != 0:
            return
        try:
            answer = await self._ask(setting.function, setting.address, 1)
        except NoSuchRegisters:
            if self._tells_order:
                raise  # it did before, and may have been told another one since
            self._guessed_left = CAREFUL_SAMPLES
            self._say_once(f"does not tell its word order; taking {self._usual_order}")
            self._word_order = self._usual_order
            self._connection = self._link.connections
            return
        told = answer.registers[0]
        if told not in setting.values:
            raise Nonsense(f"{self.name} tells {told} as its order of words, so nobody knows what its numbers are")
        self._word_order, self._tells_order = setting.values[told], True
        self._connection = answer.connection

    async def _sample_widely(self) -> Sample | None:
        try:
            return await self._sample(self._wide)
        except NoSuchRegisters as err:
            if self._wide == self._careful:
                raise
            self._say_once(f"refuses long reads ({err}); reading it in short ones")
            self._careful_left = CAREFUL_SAMPLES
            return await self._sample_carefully()

    async def _sample_carefully(self) -> Sample | None:
        self._careful_left -= 1
        try:
            return await self._sample(self._careful, spare=True)
        except NoSuchRegisters:
            self._careful_left = 0
            raise

    async def _sample(self, blocks: Sequence[Block], *, spare: bool = False) -> Sample | None:
        numbers: dict[str, float] = {}
        taken_at_s: list[float] = []
        for block in blocks:
            live = any(is_live(name) for name in block.names)
            try:
                answer = await self._ask(block.function, block.address, block.count)
            except NoSuchRegisters:
                if live or not spare:
                    raise
                continue
            if self._setting is not None and answer.connection != self._connection:
                self._connection = None
                return None
            numbers |= decode_block(block, answer.registers, self._points, self._word_order)
            if live:
                taken_at_s.append(answer.taken_at_s)
        values = self._with_counters(self._map.sample(numbers))
        return Sample(taken_at_s=min(taken_at_s), values=values, same_instant=len(taken_at_s) == 1)

    def _with_counters(self, values: dict[str, float]) -> dict[str, float]:
        """The values, with the last counters where the device rests and tells none."""
        if not self._map.rests_at_night:
            return values
        self._counted |= {name: value for name, value in values.items() if name in COUNTERS}
        return {**self._counted, **values}

    def _say_once(self, what: str) -> None:
        if what not in self._said:
            LOGGER.info("%s %s", self.name, what)
        self._said.add(what)

    async def _ask(self, function: RegisterKind, address: int, count: int) -> Answer:
        return await self._link.read(
            ReadRequest(
                unit=self._address.unit,
                function=function,
                address=address,
                count=count,
                timeout_s=self._address.timeout_s,
            )
        )


class ModbusDevice(Generic[R]):
    """A register map whose samples become readings."""

    pushes = False

    def __init__(self, *, period_s: float, reader: RegisterReader, view: Callable[[Sample], R]) -> None:
        self.name: Final = reader.name
        self.period_s: Final = period_s
        self._reader = reader
        self._view = in_its_name(reader.name, view)

    @property
    def connections(self) -> int:
        """How often the line was opened, which other devices may share."""
        return self._reader.connections

    async def read(self) -> R:
        """The next sample. Raises LinkDown, NoAnswer, Refused or Nonsense."""
        return self._view(await self._reader.sample())

    async def close(self) -> None:
        """Close the connection, which other devices at the same address may share; the next `read` opens it again."""
        await self._reader.close()
