"""An inverter or meter that describes itself by SunSpec models."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from ems.config.schema import ModbusAddress
from ems.devices.modbus.link import Answer, ModbusLink, NoSuchRegisters, ReadRequest
from ems.devices.modbus.register_point import MAX_READ
from ems.devices.newest_reading import in_its_name
from ems.devices.sample import Sample
from ems.devices.sunspec.chain import BASES, Chain, discover
from ems.devices.sunspec.choice import Choice, choose
from ems.devices.sunspec.models import COMMON
from ems.devices.sunspec.reader import ModelReader
from ems.devices.sunspec.ways import Way
from ems.errors import DeviceError, LinkDown, NoAnswer, Nonsense, Refused
from ems.model.readings import Reading

LOGGER = logging.getLogger(__name__)
R = TypeVar("R", bound=Reading)


_WHO: Final = ("Mn", "Md", "SN")

CAREFUL_REGISTERS: Final = 50
"""The longest read after the device refused a longer one; no point is longer."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What the last walk through the chain brought."""

    choice: Choice
    connection: int


class SunSpecDevice(Generic[R]):
    """Reads the models of the first of its `ways` that it has; walks the chain again after every reconnect."""

    pushes = False

    def __init__(
        self,
        *,
        name: str,
        period_s: float,
        link: ModbusLink,
        address: ModbusAddress,
        ways: Sequence[Way],
        view: Callable[[Sample], R],
    ) -> None:
        self.name: Final = name
        self.period_s: Final = period_s
        self._link = link
        self._address = address
        self._ways = tuple(ways)
        self._view = in_its_name(name, view)
        self._bases: tuple[int, ...] = BASES
        self._found: _Found | None = None
        self._most = MAX_READ
        self._said = ""
        self._assumed = ""

    @property
    def connections(self) -> int:
        """How often the line was opened, which other devices may share."""
        return self._link.connections

    async def read(self) -> R:
        """The next sample. Raises LinkDown, NoAnswer, Refused or Nonsense."""
        try:
            # The second time, the connection or the chain changed under the first.
            sample = await self._sample() or await self._sample()
        except DeviceError:
            self._found = None
            raise
        if sample is None:
            raise LinkDown(f"{self.name} changes faster than it can be read")
        return self._view(sample)

    async def close(self) -> None:
        """Close the connection, which other devices at the same address may share; the next `read` opens it again."""
        await self._link.close()

    async def _sample(self) -> Sample | None:
        known = self._found
        self._found = found = known or await self._find()
        try:
            answers = await found.choice.answers(self._ask)
        except NoSuchRegisters:
            if known is None and self._most <= CAREFUL_REGISTERS:
                raise
            # Either the chain is another one now, or the device does not give that many at once.
            self._most = self._most if known else CAREFUL_REGISTERS
            answers = ()
        if not answers or {answer.connection for answer in answers} != {found.connection}:
            self._found = None
            return None
        return Sample(
            taken_at_s=min(answer.taken_at_s for answer in answers),
            values=found.choice.values(answers),
            same_instant=len(answers) == 1 and answers[0].same_instant,
        )

    async def _find(self) -> _Found:
        chain = await self._walk()
        await self._introduce(chain)
        choice = await choose(self._ask, chain, self._ways, max_registers=self._most)
        if choice is None:
            has = ", ".join(str(model.id) for model in chain.models) or "none"
            wants = " or ".join(dict.fromkeys(way.wants for way in self._ways))
            raise Nonsense(f"{self.name} has none of the SunSpec models {wants}; it has {has}")
        if choice.assumes and choice.assumes != self._assumed:
            LOGGER.info("%s is read by the SunSpec models %s: %s", self.name, choice.way.wants, choice.assumes)
            self._assumed = choice.assumes
        return _Found(choice, chain.connection)

    async def _walk(self) -> Chain:
        try:
            chain = await discover(self._ask, self._bases)
        except NoAnswer:
            # Some devices do not even refuse a wrong address: begin with another one the next time.
            self._bases = self._bases[1:] + self._bases[:1]
            raise
        except Nonsense as err:
            raise Nonsense(f"{self.name}: {err}") from err
        self._bases = (chain.base, *(base for base in BASES if base != chain.base))
        return chain

    async def _introduce(self, chain: Chain) -> None:
        """Say once who this is."""
        common = chain.first_of(COMMON.ids)
        if common is None:
            return
        try:
            answer = await ModelReader(common, COMMON, _WHO, max_registers=self._most).read(self._ask)
        except Refused:
            return
        who = " ".join(answer.texts[name] for name in _WHO if name in answer.texts) if answer else ""
        if who != self._said:
            LOGGER.info("%s is %s", self.name, who)
            self._said = who

    async def _ask(self, address: int, count: int) -> Answer:
        return await self._link.read(
            ReadRequest(
                unit=self._address.unit,
                function="holding",
                address=address,
                count=count,
                timeout_s=self._address.timeout_s,
            )
        )
