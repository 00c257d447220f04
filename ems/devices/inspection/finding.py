"""One value of a device, as an installer sees it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ems.devices.profile_parts import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One value of a device."""

    where: str
    """Such as `input 52` or `model 103`."""

    name: str
    value: float | str | None
    """Scaled and signed as in the profile; None when the device has no value, or refuses to tell it."""

    registers: tuple[int, ...] = field(default=(), compare=False)
    """What the device sent for it, word by word; empty where it sent none, or several numbers made it."""

    unit: str | None = field(default=None, compare=False)
    """As the device's own table has it; None where its name tells."""

    kind: Kind | None = field(default=None, compare=False)
    """The use it belongs to; None for a device that describes itself."""
