"""An inverter or meter that describes itself by SunSpec models."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from ems.config.schema import ModbusAddress
from ems.devices.modbus.link import Answer, ModbusLink, NoSuchRegisters, ReadRequest
from ems.devices.newest_reading import in_its_name
from ems.devices.sample import Sample
from ems.devices.sunspec.chain import BASES, Chain, ModelAnswer, ModelReader, discover
from ems.devices.sunspec.models import COMMON, RESTING, Layout
from ems.errors import DeviceError, LinkDown, NoAnswer, Nonsense, Refused
from ems.model.readings import Reading

LOGGER = logging.getLogger(__name__)
R = TypeVar("R", bound=Reading)


@dataclass(frozen=True, slots=True)
class _Found:
    """What the last walk through the chain brought."""

    layout: Layout
    reader: ModelReader
    connection: int


class SunSpecDevice(Generic[R]):
    """Reads the first model of its `layouts`; walks the chain again after every reconnect."""

    pushes = False

    def __init__(
        self,
        *,
        name: str,
        period_s: float,
        link: ModbusLink,
        address: ModbusAddress,
        layouts: Sequence[Layout],
        view: Callable[[Sample], R],
    ) -> None:
        self._name = name
        self._period_s = period_s
        self._link = link
        self._address = address
        self._layouts = tuple(layouts)
        self._view = in_its_name(name, view)
        self._bases: tuple[int, ...] = BASES
        self._found: _Found | None = None
        self._said = ""

    @property
    def name(self) -> str:
        return self._name

    @property
    def period_s(self) -> float:
        return self._period_s

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
            raise LinkDown(f"{self._name} changes faster than it can be read")
        return self._view(sample)

    async def close(self) -> None:
        """Close the connection, which other devices at the same address may share; the next `read` opens it again."""
        await self._link.close()

    async def _sample(self) -> Sample | None:
        known = self._found
        self._found = found = known or await self._find()
        try:
            answer = await found.reader.read(self._ask)
        except NoSuchRegisters:
            if known is None:
                raise
            answer = None
        if answer is None or answer.connection != found.connection:
            self._found = None
            return None
        return Sample(taken_at_s=answer.taken_at_s, values=_our_points(answer, found.layout))

    async def _find(self) -> _Found:
        chain = await self._walk()
        await self._introduce(chain)
        for layout in self._layouts:
            model = chain.first_of(layout.ids)
            if model is not None:
                names = [theirs for theirs, _ in layout.points.values()]
                state = [name for name in ("St",) if name in layout.fields]
                return _Found(layout, ModelReader(model, layout, names + state), chain.connection)
        has = ", ".join(str(model.id) for model in chain.models) or "none"
        wants = ", ".join(str(each) for layout in self._layouts for each in layout.ids)
        raise Nonsense(f"{self._name} has none of the SunSpec models {wants}; it has {has}")

    async def _walk(self) -> Chain:
        try:
            chain = await discover(self._ask, self._bases)
        except NoAnswer:
            # Some devices do not even refuse a wrong address: begin with another one the next time.
            self._bases = self._bases[1:] + self._bases[:1]
            raise
        except Nonsense as err:
            raise Nonsense(f"{self._name}: {err}") from err
        self._bases = (chain.base, *(base for base in BASES if base != chain.base))
        return chain

    async def _introduce(self, chain: Chain) -> None:
        """Say once who this is."""
        common = chain.first_of(COMMON.ids)
        if common is None:
            return
        try:
            answer = await ModelReader(common, COMMON).read(self._ask)
        except Refused:
            return
        who = " ".join(answer.texts[name] for name in ("Mn", "Md", "SN") if name in answer.texts) if answer else ""
        if who != self._said:
            LOGGER.info("%s is %s", self._name, who)
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


def _our_points(answer: ModelAnswer, layout: Layout) -> Mapping[str, float]:
    numbers = answer.numbers
    values = {ours: numbers[theirs] * factor for ours, (theirs, factor) in layout.points.items() if theirs in numbers}
    # At night inverters report no power; that is 0 W only where the state says that it rests.
    if "power" not in values and numbers.get("St") in RESTING:
        values["power"] = 0.0
    return values
