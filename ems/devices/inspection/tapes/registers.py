"""What a device with registers says where its profile reads. Blocks without gaps: nothing else is even read."""

from __future__ import annotations

from typing import Final

from ems.clock import Clock
from ems.config.schema import ModbusAddress
from ems.devices.inspection.recording import NEWEST, Recording
from ems.devices.modbus.address import line_of
from ems.devices.modbus.link import Answer, ModbusLink, ReadRequest
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.modbus.register_map import plan
from ems.devices.modbus.register_point import RegisterKind
from ems.devices.profile import SunSpecProfile
from ems.devices.sunspec.chain import discover
from ems.devices.sunspec.models import COMMON, MODELS
from ems.devices.sunspec.reader import ModelReader, reader_of
from ems.errors import Refused

MAKER_AND_MODEL: Final = ("Mn", "Md")
"""What is kept of model 1; its serial number is not even read."""


async def record_registers(
    profile: ModbusProfile | HybridProfile | SunSpecProfile, address: ModbusAddress, clock: Clock
) -> Recording:
    """The words of all its numbers; what the device refuses is absent. Raises LinkDown, NoAnswer or Nonsense."""
    limits = profile.limits
    link = ModbusLink(
        line_of(address, profile),
        clock,
        gap_s=limits.request_gap_ms / 1000,
        connect_delay_s=limits.connect_delay_ms / 1000,
    )
    tape = _Tape(link, address)
    try:
        await (_models(tape) if isinstance(profile, SunSpecProfile) else _points(tape, profile))
    finally:
        await link.close()
    registers: dict[RegisterKind, dict[int, int]] = {}
    for (kind, at), word in sorted(tape.words.items()):
        registers.setdefault(kind, {})[at] = word
    return Recording(recording=NEWEST, profile=profile.id, registers=registers)


class _Tape:
    """Reads, and keeps every word that came."""

    def __init__(self, link: ModbusLink, address: ModbusAddress) -> None:
        self._link = link
        self._address = address
        self.words: dict[tuple[RegisterKind, int], int] = {}

    async def read(self, function: RegisterKind, address: int, count: int) -> Answer:
        unit, timeout_s = self._address.unit, self._address.timeout_s
        request = ReadRequest(unit=unit, function=function, address=address, count=count, timeout_s=timeout_s)
        answer = await self._link.read(request)
        self.words |= {(function, address + place): word for place, word in enumerate(answer.registers)}
        return answer

    def forget_texts(self, reader: ModelReader) -> None:
        """A text may be a serial number, and comes with the numbers around it."""
        for field in reader.fields.values():
            if field.type == "string":
                for offset in range(field.offset, field.end):
                    self.words.pop(("holding", reader.model.header + offset), None)

    async def holding(self, address: int, count: int) -> Answer:
        return await self.read("holding", address, count)


async def _points(tape: _Tape, profile: ModbusProfile | HybridProfile) -> None:
    """Blocks without gaps, so that nothing comes that the profile does not read."""
    blocks = [
        block for each in profile.maps.values() for block in plan(each.numbers, max_registers=profile.careful_registers)
    ]
    setting = profile.word_order_setting
    places = [(block.function, block.address, block.count) for block in blocks]
    for place in [*places, *([(setting.function, setting.address, 1)] if setting else [])]:
        try:
            await tape.read(*place)
        except Refused:
            continue


async def _models(tape: _Tape) -> None:
    for model in (await discover(tape.holding)).models:
        if model.id not in MODELS:
            continue
        paths = MAKER_AND_MODEL if model.id in COMMON.ids else None
        try:
            reader = await reader_of(tape.holding, model, MODELS[model.id], paths)
            if reader is None:
                continue
            await reader.read(tape.holding)
            if paths is None:
                tape.forget_texts(reader)
        except Refused:
            continue
