"""A meter, inverter or battery with a fixed register map, read block by block."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from ems.config.schema import ModbusAddress
from ems.devices.modbus_link import ModbusLink, NoSuchRegisters, ReadRequest
from ems.devices.profile import ModbusProfile
from ems.devices.register_map import Block, decode_block, plan
from ems.devices.sample import Sample, is_live
from ems.errors import Nonsense
from ems.model.readings import Reading

LOGGER = logging.getLogger(__name__)
R = TypeVar("R", bound=Reading)


class ModbusDevice(Generic[R]):
    """Asks for all its blocks at each `read`.

    A device that refuses the wide reads is read carefully from then on: short reads, nothing bridged, and a block that
    holds neither current nor power may be missing.
    """

    pushes = False

    def __init__(
        self,
        *,
        name: str,
        period_s: float,
        link: ModbusLink,
        address: ModbusAddress,
        profile: ModbusProfile,
        view: Callable[[Sample], R],
    ) -> None:
        self._name = name
        self._period_s = period_s
        self._link = link
        self._address = address
        self._points = profile.numbers
        self._word_order = profile.word_order
        self._view = view
        limits = profile.limits
        self._wide = plan(self._points, max_registers=limits.max_registers_per_read, max_gap=limits.max_gap_registers)
        self._careful = plan(self._points, max_registers=limits.careful_registers_per_read)
        self._carefully = False

    @property
    def name(self) -> str:
        return self._name

    @property
    def period_s(self) -> float:
        return self._period_s

    async def read(self) -> R:
        """The next sample. Raises LinkDown, NoAnswer, Refused or Nonsense."""
        sample = await (self._sample_carefully() if self._carefully else self._sample_widely())
        try:
            return self._view(sample)
        except Nonsense as err:
            raise Nonsense(f"{self._name}: {err}") from err

    async def close(self) -> None:
        """Close the connection, which other devices at the same address may share; the next `read` opens it again."""
        await self._link.close()

    async def _sample_widely(self) -> Sample:
        try:
            return await self._sample(self._wide)
        except NoSuchRegisters as err:
            if self._wide == self._careful:
                raise
            LOGGER.info("%s refuses long reads (%s); reading it in short ones", self._name, err)
            self._carefully = True
            return await self._sample_carefully()

    async def _sample_carefully(self) -> Sample:
        try:
            return await self._sample(self._careful, spare=True)
        except NoSuchRegisters:
            self._carefully = False
            raise

    async def _sample(self, blocks: Sequence[Block], *, spare: bool = False) -> Sample:
        values: dict[str, float] = {}
        taken_at_s: list[float] = []
        for block in blocks:
            live = any(is_live(name) for name in block.names)
            try:
                answer = await self._link.read(self._request(block))
            except NoSuchRegisters:
                if live or not spare:
                    raise
                continue
            values |= decode_block(block, answer.registers, self._points, self._word_order)
            if live:
                taken_at_s.append(answer.taken_at_s)
        return Sample(taken_at_s=min(taken_at_s), values=values, same_instant=len(taken_at_s) == 1)

    def _request(self, block: Block) -> ReadRequest:
        return ReadRequest(
            unit=self._address.unit,
            function=block.function,
            address=block.address,
            count=block.count,
            timeout_s=self._address.timeout_s,
        )
