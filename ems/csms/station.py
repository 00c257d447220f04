"""One connector of a charging station, as somebody configured it: the same object over all connections.

Most stations have one. What is common to those of one station is its `post`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from ems.clock import Clock
from ems.config.schema import StationEntry
from ems.config.schema_quirks import QuirkSection
from ems.csms.beside import seen
from ems.csms.charging_profiles import Moment, Profile, Purpose, open_offer
from ems.csms.limits import Limits
from ems.csms.messages import Boot, Configuration, Setting
from ems.csms.ports import LeasedLimit, LimitReceipt, StationChanged
from ems.csms.post import Post, PostConnector
from ems.csms.quirks.acquaintance import Acquaintance
from ems.csms.quirks.learned import LearnedBook
from ems.csms.recount import Basis, Recount
from ems.csms.security.station_security import StationSecurity
from ems.csms.station_clock import StationClock
from ems.csms.station_told import ToldStation
from ems.csms.tags import Authorise, free_vending
from ems.csms.told_on_request import ToldOnRequest
from ems.csms.transaction_book import Told, untold
from ems.csms.transaction_ids import TransactionIds
from ems.csms.visit import Visit
from ems.model.station import ConnectorStatus, StationState

LOGGER = logging.getLogger(__name__)


class Station(ToldStation):
    """Implements `ports.StationLink`, and `post.PostConnector`."""

    def __init__(
        self,
        entry: StationEntry,
        post: Post,
        clock: Clock,
        ids: TransactionIds,
        changed: StationChanged,
        *,
        alone: bool = True,
        authorise: Authorise = free_vending,
        transaction_told: Told = untold,
        learned: LearnedBook | None = None,
    ) -> None:
        """`alone`: it stands for the whole station; nobody configured another connector of it."""
        super().__init__(entry, post, clock, ids, alone=alone, authorise=authorise, transaction_told=transaction_told)
        self._changed = changed
        self._state = StationState(station_id=entry.id)
        self._kept_a: float | None = None
        self._clearing: set[int] = set()
        self.limits: Final = Limits(
            entry.id,
            clock,
            whole_amps=entry.whole_amps,
            max_a=entry.max_a,
            phases=len(entry.wired),
            only=None if alone else entry.connector,
        )
        self.known = Acquaintance(entry, post.pace, self.limits, learned or LearnedBook())
        self._recount = Recount(entry.id, self.limits, post.station_clock, post.pace)
        post.join(self)

    @property
    def state(self) -> StationState:
        return self._state

    @property
    def security(self) -> StationSecurity:
        """The whole station's passwords and certificates."""
        return self.post.security

    @property
    def station_clock(self) -> StationClock:
        """The station's own clock, as seen from here."""
        return self.post.station_clock

    @property
    def boot(self) -> Boot | None:
        """Who the station said it is; None until its first boot notification."""
        return self.post.boot

    @property
    def configuration(self) -> Configuration | None:
        """What it told of its settings; None until asked and since its last boot."""
        return self.post.configuration

    @property
    def own_status(self) -> ConnectorStatus | None:
        """What it last said of itself rather than of its connectors."""
        return self.post.own_status

    @property
    def on_request(self) -> ToldOnRequest:
        """What the whole station told in answer to special requests."""
        return self.post.on_request

    @property
    def quirks(self) -> QuirkSection:
        """What is peculiar about it."""
        return self.known.match.quirks

    @property
    def is_paused(self) -> bool:
        return self.limits.is_paused

    @property
    def statuses(self) -> tuple[ConnectorStatus | None, ...]:
        return (self.own_status, self.connector.status) if self.is_alone else (self.connector.status,)

    @property
    def siblings(self) -> Sequence[PostConnector]:
        return self.post.members

    @property
    def connector_ids(self) -> tuple[str, ...]:
        """By which names the connectors of its station are configured, the first one first; empty where it is alone."""
        return () if self.is_alone else tuple(each.station_id for each in self.post.members)

    @property
    def told_settings(self) -> Mapping[str, Setting]:
        return {} if self.configuration is None else self.configuration.known

    @property
    def _firmware_now(self) -> str:
        return "" if self.boot is None else self.boot.firmware

    async def set_limit(self, lease: LeasedLimit) -> LimitReceipt:
        """See `StationLink.set_limit`. A newer call supersedes one that is still waiting."""
        visit = self._here()
        lease = self._while_clock_is_unset(self.while_servicing(lease))
        try:
            receipt = await self.limits.install(lease, visit.dialect, self._moment)
            self._phases_allowed = lease.phases
            self.known.limited(lease.limit_a, self._clock.monotonic_s())
            self.observer.limited(lease)
        finally:
            visit.settled(self.number, {each.number for each in self.post.members})
            self.publish()
        if lease.limit_a <= 0.0 and self.session is not None and self.quirks.stop_style == "remote_stop":
            visit.spawn(self.remote_stop())
        for profile_id in set(self.limits.losers) - self._clearing:
            self._clearing.add(profile_id)
            visit.spawn(self._clear_loser(profile_id, visit))
        return receipt

    def came(self) -> None:
        """Note what it holds still: OCPP 1.6 promises nothing of what it holds after a boot."""
        self._kept_a = self.limits.resident_a

    def left(self) -> None:
        """Its connection ended."""
        self.publish()

    def forget(self) -> None:
        """It may hold nothing that it was told: it booted, or speaks another version, which may have its own limits."""
        self.limits.forget()
        self.energy.restarted()

    def restarted(self) -> None:
        """It booted: nothing that it said before holds."""
        self.connector.restarted()

    def publish(self, *, limits_due: bool = False) -> None:
        """Tell when anything changed."""
        self._see_obedience()
        post = self.post
        # What nobody configured counts with the first connector, where the guard sees it.
        known = seen(self.connector, post.hearing.strays if post.members[0] is self else ())
        outdated = self._recount.is_due(self._basis())
        state = StationState(
            station_id=self.entry.id,
            connected=post.visit is not None,
            connections=self._state.connections + (limits_due or outdated),
            protocol=post.protocol,
            status=known.status,
            in_transaction=known.in_transaction,
            car=known.car,
            came_at_s=post.came_at_s,
            kept_a=self._kept_a,
            hurried=self.energy.priority,
            upstream_a=self.observer.cap_a,
            upstream_overflowed=self.observer.overflowed,
            alarms=self.security.alarms(self.station_clock.skew_s, post.came_at_s),
            outside_a=self.energy.outside_a(self.station_clock.now()),
            left_at_s=post.left_at_s,
            peculiar=self.known.peculiar,
        )
        if state != self._state:
            self._state = state
            self._changed(state)

    def _while_clock_is_unset(self, lease: LeasedLimit) -> LeasedLimit:
        """Not above its fallback current while nobody knows when its schedules begin."""
        if not self.station_clock.is_unset or lease.limit_a <= lease.fallback_a:
            return lease
        LOGGER.info("%s has no time yet; it is given no more than its fallback current", self.entry.id)
        return replace(lease, limit_a=lease.fallback_a)

    def _start_profile(self) -> Profile | None:
        return self.limits.start_profile(self._moment())

    def _here(self) -> Visit:
        return self.post.here()

    def _see_obedience(self) -> None:
        """Hold what the car draws against its limit."""
        car = self.connector.car
        if self.session is None or car is None:
            self.known.idle()
        else:
            self.known.metered(max(car.current_a, default=0.0), car.taken_at_s)

    async def _clear_loser(self, profile_id: int, visit: Visit) -> None:
        """Remove what another construction left behind; if that fails, the next accepted limit tries again."""
        try:
            if profile_id in self.limits.losers:
                await visit.dialect.clear_profiles(profile_id=profile_id)
                self.limits.cleared(profile_id)
        finally:
            self._clearing.discard(profile_id)

    def _offer(self) -> None:
        """A car waits for a schedule: what the station may have, which its limit caps; its lease counts at once."""
        visit, session, way = self.post.visit, self.session, self.limits.way
        if visit is None or session is None or way is None or way.purpose is not Purpose.STATION_MAX:
            self.limits.say_in_full()
            self.publish(limits_due=True)
            return
        offer = open_offer(way, self._moment(), self.entry.max_a, self._phases_allowed)
        self.limits.offered(offer.profile_id)
        visit.spawn(visit.dialect.offer(offer))

    def _moment(self) -> Moment:
        session = self.session
        self._recount.counted(self._basis())
        return Moment(
            station_now=self.station_clock.now(),
            guard_s=self.post.pace.clock_guard_s,
            transaction_id=session.transaction_id if session else None,
            charging_for_s=self._clock.monotonic_s() - self.connector.transactions.running_since_s if session else 0.0,
            drawing_phases=self.connector.drawing_phases,
        )

    def _basis(self) -> Basis:
        session = self.session
        transaction_id = session.transaction_id if session else None
        return Basis(self.connector.drawing_phases, transaction_id, not self.station_clock.is_unset)
