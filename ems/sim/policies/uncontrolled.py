"""`uncontrolled`: nobody controls anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ems.model.goals import ChargeMode
from ems.model.site import Site
from ems.model.snapshot import Snapshot
from ems.sim.policies.ports import Order
from ems.sim.policies.seen import ceiling_a, order_for


class Uncontrolled:
    """Full current on all wired phases whenever a car is plugged.

    It looks at no meter and knows no sun: SOLAR and MIN_SOLAR charge like FAST. OFF stays off, as with a key switch.
    """

    name: Final = "uncontrolled"
    tick_s: Final = 1.0

    def __init__(self, site: Site) -> None:
        self._stations = site.stations

    def decide(self, now: Snapshot) -> Mapping[str, Order]:
        """One order per station; sees nothing but the cable and the mode."""
        orders = {}
        for station in self._stations:
            wanted = now.state_of(station.station_id).plugged
            wanted = wanted and now.goal_of(station.station_id).mode is not ChargeMode.OFF
            limit_a = ceiling_a(now, station) if wanted else 0.0
            orders[station.station_id] = order_for(station, limit_a, len(station.wiring))
        return orders
