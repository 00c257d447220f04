"""`equal`: the free current under the fuses, divided equally every 30 s."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ems.model.goals import ChargeMode
from ems.model.site import Site, Station
from ems.model.snapshot import Snapshot
from ems.sim.policies.fuse_room import FuseRoom, equal_share_a
from ems.sim.policies.ports import Order
from ems.sim.policies.seen import ceiling_a, order_for, patience_s

METER_LOST_S: Final = 60.0
"""Two ticks (assumed)."""


class Equal:
    """Equal split of the free current, the minimum or nothing, no change of phases.

    It has no solar mode: SOLAR and MIN_SOLAR charge like FAST, whatever the sun does. Where the equal share would be
    below a car's minimum, the last car by priority, then by order in the site file, gets nothing and the rest share
    (assumed). What a car cannot use is not passed on. Without a meter reading for 60 s all pause (assumed).
    """

    name: Final = "equal"
    tick_s: Final = 30.0

    def __init__(self, site: Site) -> None:
        self._stations = site.stations
        self._room = FuseRoom(patience_s(site, METER_LOST_S))

    def decide(self, now: Snapshot) -> Mapping[str, Order]:
        """One order per station, from this look alone."""
        limits_a = self._shares_a(now)
        return {s.station_id: order_for(s, limits_a.get(s.station_id, 0.0), len(s.wiring)) for s in self._stations}

    def _shares_a(self, now: Snapshot) -> dict[str, float]:
        free_a = self._room.free_a(now)
        if free_a is None:
            return {}
        served = sorted(
            (s for s in self._stations if _wants(now, s)), key=lambda s: -now.goal_of(s.station_id).priority
        )
        while served:
            shares_a = {s.station_id: equal_share_a(s, served, now.site, free_a) for s in served}
            starved = [s for s in served if shares_a[s.station_id] < s.min_a]
            if not starved:
                return {s.station_id: min(shares_a[s.station_id], ceiling_a(now, s)) for s in served}
            served.remove(starved[-1])
        return {}


def _wants(now: Snapshot, station: Station) -> bool:
    plugged = now.state_of(station.station_id).plugged
    able = ceiling_a(now, station) >= station.min_a
    return plugged and able and now.goal_of(station.station_id).mode is not ChargeMode.OFF
