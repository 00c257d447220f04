"""A recording, played as the device it was made of."""

from __future__ import annotations

from typing import Final

from ems.devices.http.profile import HttpProfile
from ems.devices.inspection.recording import Recording
from ems.devices.library import profile
from ems.devices.profile import SunSpecProfile
from ems.sim.wire.filling import CannotShow
from ems.sim.wire.http_devices import HttpPort
from ems.sim.wire.modbus_devices import ModbusPort
from ems.sim.wire.profile_unit import ProfileUnit, RegisterProfile

USUAL_UNIT: Final = 1
"""Where the profile tells none."""


def replayed(
    recording: Recording, host: str = "127.0.0.1", port: int = 0, unit: int | None = None
) -> ModbusPort[ProfileUnit] | HttpPort:
    """The device, not listening yet. Raises DeviceConfigError, and CannotShow for a transport that is not recorded."""
    found = profile(recording.profile)
    if isinstance(found, HttpProfile):
        page = HttpPort(found, host, port)
        page.replay(recording.answers)
        return page
    if not isinstance(found, RegisterProfile):
        raise CannotShow(f"{found.id} speaks {found.transport}, of which there are no recordings")
    usual = USUAL_UNIT if isinstance(found, SunSpecProfile) else found.defaults.unit
    device = ProfileUnit(usual if unit is None else unit, found)
    device.replay(recording.words)
    return ModbusPort([device], host, port, over=device.over)
