"""What an owner should know of the devices that a site file names, beyond what can be wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ems.config.schema import DeviceEntry, SiteFile
from ems.devices.http.profile import HttpProfile
from ems.devices.library import profile, profile_ids
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.obis_profile import SmlPageProfile
from ems.devices.profile_parts import Kind
from ems.devices.rct.profile import RctProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """One sentence about one device."""

    device_id: str
    about: Literal["experimental", "period"]
    sentence: str


def cautions(file: SiteFile) -> tuple[Caution, ...]:
    """Devices whose profile is experimental for their use, and those that are asked more often than they stand."""
    entries: list[tuple[DeviceEntry, Kind]] = [(meter, "meter") for meter in file.meters]
    entries += [(inverter, "inverter") for inverter in file.solar]
    if file.battery is not None:
        entries.append((file.battery, "battery"))
    return tuple(caution for entry, kind in entries for caution in _about(entry, kind))


def _about(entry: DeviceEntry, kind: Kind) -> Iterator[Caution]:
    if entry.profile not in profile_ids():
        return
    found = profile(entry.profile)
    reason = found.experimental_as.get(kind)
    if reason is not None:
        said = f"{entry.id} is read by {entry.profile}, which is experimental as {kind}: {reason}"
        yield Caution(device_id=entry.id, about="experimental", sentence=said)
    shortest_s = (
        found.limits.period_s
        if isinstance(found, ModbusProfile | HybridProfile | HttpProfile | RctProfile | SmlPageProfile)
        else None
    )
    if shortest_s is not None and entry.period_s < shortest_s:
        said = (
            f"{entry.id} is asked every {entry.period_s:g} s, and {entry.profile} stands once every {shortest_s:g} s: "
            f"set period_s to {shortest_s:g}."
        )
        yield Caution(device_id=entry.id, about="period", sentence=said)
