"""Look at one device the way an installer does: who it is, and everything it measures, decoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ems.clock import Clock
from ems.config.schema import ModbusAddress
from ems.devices.modbus_link import Answer, ModbusLink, ReadRequest
from ems.devices.profile import ModbusProfile, SunSpecProfile
from ems.devices.register_map import Block, RegisterKind, decode_point, plan
from ems.devices.sunspec import ModelReader, discover
from ems.devices.sunspec_models import COMMON, INVERTERS, METERS, STATE, STRINGS
from ems.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One value of a device."""

    where: str
    """Such as `input 52` or `model 103`."""

    name: str
    value: float | str | None
    """Scaled and signed as in the profile; None when the device has no value, or refuses to tell it."""


async def probe(profile: ModbusProfile | SunSpecProfile, address: ModbusAddress, clock: Clock) -> tuple[Finding, ...]:
    """Everything the profile knows how to read at that address.

    Raises LinkDown, NoAnswer or Nonsense. A refusal ends nothing: what was refused is None, or absent.
    """
    gap_s = profile.limits.request_gap_ms / 1000
    reader = _Reader(ModbusLink(address.host, address.port, clock, gap_s=gap_s), address)
    try:
        return await (_registers(reader, profile) if isinstance(profile, ModbusProfile) else _models(reader))
    finally:
        await reader.link.close()


@dataclass(frozen=True, slots=True)
class _Reader:
    link: ModbusLink
    address: ModbusAddress

    async def read(self, function: RegisterKind, address: int, count: int) -> Answer:
        return await self.link.read(
            ReadRequest(
                unit=self.address.unit,
                function=function,
                address=address,
                count=count,
                timeout_s=self.address.timeout_s,
            )
        )

    async def holding(self, address: int, count: int) -> Answer:
        return await self.read("holding", address, count)


async def _registers(reader: _Reader, profile: ModbusProfile) -> tuple[Finding, ...]:
    found: list[Finding] = []
    for block in plan(profile.points, max_registers=_longest(profile)):
        try:
            registers = (await reader.read(block.function, block.address, block.count)).registers
        except Refused:
            registers = ()
        found.extend(_decoded(block, registers, profile))
    return tuple(found)


def _longest(profile: ModbusProfile) -> int:
    texts = [point.count for point in profile.points.values()]
    return max(profile.limits.careful_registers_per_read, *texts)


def _decoded(block: Block, registers: Sequence[int], profile: ModbusProfile) -> Iterator[Finding]:
    for name in block.names:
        point = profile.points[name]
        value = decode_point(point, registers, block.address, profile.word_order) if registers else None
        yield Finding(where=f"{point.function} {point.address}", name=name, value=value)


async def _models(reader: _Reader) -> tuple[Finding, ...]:
    chain = await discover(reader.holding)
    layouts = {model_id: layout for layout in (COMMON, *INVERTERS, *METERS, STRINGS) for model_id in layout.ids}
    found: list[Finding] = []
    for model in chain.models:
        where = f"model {model.id}"
        if model.id not in layouts:
            found.append(Finding(where=where, name="length", value=model.length))
            continue
        try:
            answer = await ModelReader(model, layouts[model.id]).read(reader.holding)
        except Refused:
            answer = None
        if answer is None:
            found.append(Finding(where=where, name="length", value=None))
            continue
        values: dict[str, float | str] = {**answer.texts, **answer.numbers}
        found.extend(Finding(where=where, name=name, value=_worded(name, value)) for name, value in values.items())
    return tuple(found)


def _worded(name: str, value: float | str) -> float | str:
    return STATE.get(int(value), value) if name == "St" and not isinstance(value, str) else value
