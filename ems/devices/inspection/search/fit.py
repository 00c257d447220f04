"""Do the numbers at the places of a profile look like those of a house? Voltage and frequency tell."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from ems.devices.inspection.soundness import doubts
from ems.devices.modbus.link import Answer
from ems.devices.modbus.point_map import PointMap
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.modbus.register_map import decode_block, plan
from ems.devices.modbus.register_point import RegisterKind
from ems.devices.plausibility import HIGHEST_HZ, LOWEST_HZ, true_frequency
from ems.devices.profile_parts import Kind
from ems.devices.sample import is_live
from ems.errors import Refused

Read = Callable[[RegisterKind, int, int], Awaitable[Answer]]
RegisterProfile: TypeAlias = ModbusProfile | HybridProfile

MAINS_LOWEST_V: Final = 180.0
MAINS_HIGHEST_V: Final = 265.0
"""Of a phase that is connected; another one may show 0."""

NOTHING_V: Final = 30.0
"""What a phase that is not connected may pick up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A profile whose places hold sane numbers."""

    profile_id: str
    telling: Mapping[str, float]
    """Voltages and frequency."""

    doubts: tuple[str, ...]


def telling_use(profile: RegisterProfile) -> tuple[Kind, PointMap] | None:
    """The use that tells a voltage; None for a profile whose device cannot be told by its numbers."""
    for kind, each in profile.maps.items():
        if any(name.startswith("voltage") for name in each.numbers):
            return kind, each
    return None


async def fit(read: Read, profile: RegisterProfile) -> Fit | None:
    """How the profile fits the device; None where it does not, or nothing could tell. Raises DeviceError."""
    use = telling_use(profile)
    if use is None:
        return None
    kind, each = use
    telling = await _numbers(read, profile, each, ("voltage",))
    if telling is None or not _are_mains(telling):
        return None
    frequency = await _numbers(read, profile, each, ("frequency",))
    if frequency is None or not all(LOWEST_HZ <= true_frequency(value) <= HIGHEST_HZ for value in frequency.values()):
        return None
    live = await _numbers(read, profile, each, None)
    if live is None:
        return None
    values = each.sample({**live, **telling, **frequency})
    return Fit(profile_id=profile.id, telling={**telling, **frequency}, doubts=doubts(kind, values))


async def _numbers(
    read: Read, profile: RegisterProfile, each: PointMap, beginnings: tuple[str, ...] | None
) -> dict[str, float] | None:
    """The numbers with such names, or the powers, currents and their parts; None when the device refuses them."""
    wanted = {
        name: point
        for name, point in each.numbers.items()
        if (name.startswith(beginnings) if beginnings else is_live(name) or name in each.parts)
    }
    found: dict[str, float] = {}
    for block in plan(wanted, max_registers=profile.limits.max_registers_per_read):
        try:
            answer = await read(block.function, block.address, block.count)
        except Refused:
            return None
        found |= decode_block(block, answer.registers, wanted, profile.word_order)
    return found


def _are_mains(volts: Mapping[str, float]) -> bool:
    connected = [value for value in volts.values() if MAINS_LOWEST_V <= value <= MAINS_HIGHEST_V]
    return bool(connected) and all(value in connected or abs(value) <= NOTHING_V for value in volts.values())
