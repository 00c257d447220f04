"""What an owner should know of the devices that a site file names, beyond what can be wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ems.config.schema import BatteryEntry, DeviceEntry, SiteFile
from ems.control.battery import KEPT_S
from ems.devices.entry_filling import STATE_IT
from ems.devices.http.profile import HttpProfile
from ems.devices.library import profile, profile_ids
from ems.devices.modbus.point_map import PointMap
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.obis_profile import SmlPageProfile
from ems.devices.profile import takes_of
from ems.devices.profile_parts import Kind
from ems.devices.rct.profile import RctProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """One sentence about one device."""

    device_id: str
    about: Literal["experimental", "direction", "unsure", "period", "control"]
    sentence: str


def cautions(file: SiteFile) -> tuple[Caution, ...]:
    """Devices whose profile is experimental for their use, whose direction is unsure, or whose numbers cannot show that
    they are read from the wrong registers; those that are asked too often, and what a battery loses while it is held.
    """
    entries: list[tuple[DeviceEntry, Kind]] = [(meter, "meter") for meter in file.meters]
    entries += [(inverter, "inverter") for inverter in file.solar]
    if file.battery is not None:
        entries.append((file.battery, "battery"))
    told = (caution for entry, kind in entries for caution in _about(entry, kind))
    return (*told, *(() if file.battery is None else _about_orders(file.battery)))


def _about(entry: DeviceEntry, kind: Kind) -> Iterator[Caution]:
    if entry.profile not in profile_ids():
        return
    found = profile(entry.profile)
    reason = found.experimental_as.get(kind)
    if reason is not None:
        said = f"{entry.id} is read by {entry.profile}, which is experimental as {kind}: {reason}"
        yield Caution(device_id=entry.id, about="experimental", sentence=said)
    unsure = found.direction_unsure.get(kind)
    if unsure is not None and "invert" not in entry.model_fields_set:
        said = f"{entry.id}: {unsure.why}. {STATE_IT}"
        yield Caution(device_id=entry.id, about="direction", sentence=said)
    if kind == "meter" and isinstance(found, ModbusProfile | HybridProfile) and not tells_of_itself(found.maps[kind]):
        said = (
            f"{entry.id} is read by {entry.profile}, which tells neither voltage nor frequency: numbers from wrong "
            "registers would look like others, so make the sign test before you rely on it."
        )
        yield Caution(device_id=entry.id, about="unsure", sentence=said)
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


def _about_orders(entry: BatteryEntry) -> Iterator[Caution]:
    takes = takes_of(profile(entry.profile)) if entry.profile in profile_ids() else None
    if entry.control is not None and entry.control.hold and takes is not None and takes.hold_stops_charging:
        said = (
            f"{entry.id} neither discharges nor charges while it is held. So it is held only while house and cars take "
            f"all the sun, and for {KEPT_S:g} s at most when that is over; what the sun leaves meanwhile goes to the "
            "grid."
        )
        yield Caution(device_id=entry.id, about="control", sentence=said)


def tells_of_itself(each: PointMap) -> bool:
    """Whether a meter tells a number that is known beforehand, and so shows that its registers are where we read."""
    return any(name.startswith(("voltage", "frequency")) for name in each.told)
