"""A house whose meter, sun and battery another program tells of."""

from __future__ import annotations

from collections.abc import Mapping

from ems.clock import Clock
from ems.devices.plausibility import Bounds
from ems.devices.pushed import Inlet, PushedDevice
from ems.devices.views import BatteryView, GridView, Mounting, SolarView
from ems.model.electrical import PHASES_OF


def inlets(clock: Clock) -> Mapping[str, Inlet]:
    """A meter of three phases every 10 s, sun and battery every 30 s."""
    mounting = Mounting(bounds=Bounds(phases=PHASES_OF[3], fuse_a=25))
    found: tuple[Inlet, ...] = (
        PushedDevice(name="grid", kind="meter", phases=3, period_s=10.0, view=GridView(mounting).reading, clock=clock),
        PushedDevice(
            name="roof", kind="inverter", phases=3, period_s=30.0, view=SolarView(peak_w=9000).reading, clock=clock
        ),
        PushedDevice(name="cellar", kind="battery", phases=3, period_s=30.0, view=BatteryView().reading, clock=clock),
    )
    return {inlet.name: inlet for inlet in found}
