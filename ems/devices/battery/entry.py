"""From a site file's battery to where it takes its orders."""

from __future__ import annotations

from collections.abc import Callable

from ems.config.battery_checks import beyond, whose
from ems.config.schema import BatteryEntry, ModbusAddress
from ems.devices.battery.profile import BatteryControl
from ems.devices.battery.storage_valve import StorageValve
from ems.devices.battery.valve import BatteryDoor, BatteryLine, BoundsValve, SetpointValve, Valve
from ems.devices.config_error import DeviceConfigError
from ems.devices.modbus.address import address_of
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.profile import Profile, SunSpecProfile, takes_of


def valve_of(
    entry: BatteryEntry, found: Profile | None, line: Callable[[ModbusAddress, Profile], BatteryLine]
) -> Valve:
    """Where that battery takes its bounds. Raises DeviceConfigError for what it cannot be ordered.

    A site file that was checked with its profiles (`ems.config.battery_checks`) has nothing of that kind.
    """
    takes = takes_of(found)
    if entry.modbus is None or takes is None or found is None:
        raise DeviceConfigError(
            f"{entry.id} cannot be controlled: too little is known of {whose(entry)} to write to it; take `control` "
            "out of its entry (docs/devices.md names the batteries that take orders)"
        )
    if entry.control is not None and (wanted := next(beyond(entry.control, takes), None)):
        raise DeviceConfigError(f"{entry.id} takes no {wanted}: take it out of its `control`")
    address = address_of(entry.modbus, found)
    door = BatteryDoor(name=entry.id, line=line(address, found), address=address)
    if isinstance(found, SunSpecProfile) and found.control is not None:
        return StorageValve(door, found.control)
    if isinstance(found, ModbusProfile | HybridProfile) and found.control is not None:
        control = found.control
        if isinstance(control, BatteryControl):
            return BoundsValve(door, found, control)
        return SetpointValve(door, found, control)
    raise AssertionError("takes_of knows which profiles have a control")
