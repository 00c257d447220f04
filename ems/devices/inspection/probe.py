"""Look at one device the way an installer does: who it is, and everything it measures, decoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ems.clock import Clock
from ems.config.schema import ModbusAddress
from ems.devices.inspection.described import look
from ems.devices.inspection.finding import Finding
from ems.devices.modbus.address import line_of
from ems.devices.modbus.link import Answer, ModbusLink, ReadRequest
from ems.devices.modbus.point_map import PointMap
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.modbus.register_map import Block, decode_point, plan
from ems.devices.modbus.register_point import RegisterKind
from ems.devices.modbus.register_types import WordOrder
from ems.devices.profile import SunSpecProfile
from ems.errors import Refused


async def probe(
    profile: ModbusProfile | HybridProfile | SunSpecProfile, address: ModbusAddress, clock: Clock
) -> tuple[Finding, ...]:
    """Everything the profile knows how to read at that address.

    Raises LinkDown, NoAnswer or Nonsense. A refusal ends nothing: what was refused is None, or absent.
    """
    limits = profile.limits
    gap_s, connect_delay_s = limits.request_gap_ms / 1000, limits.connect_delay_ms / 1000
    line = line_of(address, profile)
    link = ModbusLink(line, clock, gap_s=gap_s, connect_delay_s=connect_delay_s)
    reader = _Reader(link, address)
    try:
        return await (
            look(reader.holding, profile) if isinstance(profile, SunSpecProfile) else _registers(reader, profile)
        )
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


async def _registers(reader: _Reader, profile: ModbusProfile | HybridProfile) -> tuple[Finding, ...]:
    order = await _word_order(reader, profile)
    found: list[Finding] = []
    for kind, each in profile.maps.items():
        own: list[Finding] = []
        for block in plan(each.rows, max_registers=profile.careful_registers):
            try:
                registers = (await reader.read(block.function, block.address, block.count)).registers
            except Refused:
                registers = ()
            own.extend(_decoded(block, registers, each, order))
        numbers = {one.name: one.value for one in own if isinstance(one.value, int | float)}
        told = each.sample(numbers)
        own.extend(Finding(where="derived", name=name, value=told.get(name)) for name in each.derived)
        found.extend(replace(one, kind=kind) for one in own)
    return tuple(found)


async def _word_order(reader: _Reader, profile: ModbusProfile | HybridProfile) -> WordOrder:
    setting = profile.word_order_setting
    if setting is None:
        return profile.word_order
    try:
        answer = await reader.read(setting.function, setting.address, 1)
    except Refused:
        return profile.word_order
    return setting.values.get(answer.registers[0], profile.word_order)


def _decoded(block: Block, registers: Sequence[int], each: PointMap, order: WordOrder) -> Iterator[Finding]:
    for name in block.names:
        point = each.rows[name]
        value = decode_point(point, registers, block.address, order) if registers else None
        raw = tuple(registers[cell - block.address] for cell in point.cells) if registers else ()
        yield Finding(where=f"{point.function} {point.address}", name=name, value=value, registers=raw)
