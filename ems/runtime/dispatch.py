"""Limits on their way: lowers first, then raises, a lane for each station (design §4, step 9)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from ems.clock import Clock
from ems.csms.ports import LeasedLimit, StationLink
from ems.model.decision import Decision, LimitReason, Setpoint
from ems.model.site import Site
from ems.model.snapshot import Snapshot
from ems.model.station import StationState
from ems.runtime.board import Board
from ems.runtime.lane import Lane, Order, Sending, Sent

__all__ = ["Dispatch", "Sending", "Sent"]


URGENT: Final = frozenset(
    {
        LimitReason.MAIN_FUSE,
        LimitReason.CIRCUIT_FUSE,
        LimitReason.PHASE_IMBALANCE,
        LimitReason.GRID_OPERATOR,
        LimitReason.METER_LOST,
        LimitReason.IGNORES_LIMIT,
        LimitReason.NOT_COMMISSIONED,
        LimitReason.PRIORITY,
    }
)
"""Reasons whose lower limits must not wait for a slow station's answer to an older limit."""


class Dispatch:
    """Hands every decision's set-points to the lanes."""

    def __init__(
        self, site: Site, links: Mapping[str, StationLink], board: Board, clock: Clock, *, sent: Sent | None = None
    ) -> None:
        self._site = site
        self._lanes = {
            station.station_id: Lane(links[station.station_id], board, clock, settled=self._release_raises, sent=sent)
            for station in site.stations
        }
        self._held_raises: dict[str, Order] = {}
        self._known: dict[str, StationState] = {}
        self._newest_sample_s = float("-inf")

    async def run(self) -> None:
        """Work all lanes for ever."""
        async with asyncio.TaskGroup() as lanes:
            for station_id, lane in self._lanes.items():
                lanes.create_task(lane.run(), name=f"lane {station_id}")

    def apply(self, decision: Decision, look: Snapshot) -> None:
        """Send what changed: every lower at once, the raises when all lowers are confirmed or overdue. Never waits.

        A newer decision takes the place of raises that were still held back.
        """
        self._held_raises.clear()
        cause_s = self._new_sample_s(look)
        for station_id, setpoint in decision.setpoints.items():
            lane = self._lanes[station_id]
            urgent = setpoint.reason.code in URGENT
            if not look.state_of(station_id).connected or lane.is_at(setpoint.limit_a, setpoint.phases, urgent=urgent):
                continue
            order = self._order(setpoint, cause_s)
            if lane.would_raise(order):
                self._held_raises[station_id] = order
            else:
                lane.send(order)
        self._release_raises()

    def withhold(self, station_id: str) -> None:
        """Send that station nothing until `release`, so that its lease ends: a proof. A fuse in need ends it, too."""
        self._lanes[station_id].withhold()

    def release(self, station_id: str) -> None:
        """Send it its limit at once, and go on as usual."""
        self._lanes[station_id].release()

    def set_site(self, site: Site) -> None:
        """Other installer limits for the same stations, from the next decision on.

        A station whose fallback or lease changed gets its limit anew: renewals would repeat the old ones.
        """
        before, self._site = self._site, site
        for station in site.stations:
            was = before.station(station.station_id)
            if (was.fallback_a, before.policy.lease_s) != (station.fallback_a, site.policy.lease_s):
                self._lanes[station.station_id].forget()

    def resend(self, station_id: str) -> None:
        """Send a station its limit again at once, although nothing changed; nothing for one that was sent none yet."""
        self._lanes[station_id].send_again()

    def station_changed(self, state: StationState) -> None:
        """A station that connected or rebooted may have lost its limits; whatever is decided next goes out."""
        known = self._known.get(state.station_id)
        self._known[state.station_id] = state
        if known is None or state.connections != known.connections:
            self._lanes[state.station_id].forget()

    def _new_sample_s(self, look: Snapshot) -> float | None:
        """When the newest meter sample was taken, if this look is the first to see it."""
        newest_s = max([reading.taken_at_s for reading in look.meters.values()], default=float("-inf"))
        is_new = newest_s > self._newest_sample_s
        self._newest_sample_s = newest_s
        return newest_s if is_new else None

    def _order(self, setpoint: Setpoint, decided_on_s: float | None) -> Order:
        station = self._site.station(setpoint.station_id)
        return Order(
            lease=LeasedLimit(
                limit_a=setpoint.limit_a,
                phases=setpoint.phases,
                fallback_a=station.fallback_a,
                lease_s=self._site.policy.lease_s,
            ),
            decided_on_s=decided_on_s,
            urgent=setpoint.reason.code in URGENT,
        )

    def _release_raises(self) -> None:
        """Let the held raises go once no lower is on its way any more."""
        if not self._held_raises or any(lane.lower_unconfirmed for lane in self._lanes.values()):
            return
        for station_id, order in self._held_raises.items():
            self._lanes[station_id].send(order)
        self._held_raises.clear()
