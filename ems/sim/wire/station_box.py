"""The inside of a simulated station, without its network: transactions, profiles, contactors and what it offers.

`StationBox.tick` runs twice a second whether the station is connected or not; that is what makes a lease end by itself.
Nothing here knows a version of OCPP: a `Tongue` tells what happens in here, and does what it is asked.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from ems.clock import Clock
from ems.model.station import ConnectorStatus
from ems.sim.car import NO_OFFER, Offer
from ems.sim.charging_profiles import Profiles
from ems.sim.schedules import Limit, Profile, Transaction
from ems.sim.wire.difficulty import RebootHabit
from ems.sim.wire.outlet import Outlet, Session
from ems.sim.wire.station_build import Faults, Forget, StationBuild, born_with, left_from_yesterday
from ems.sim.wire.version import Version
from ems.sim.world import CarSample, World

__all__ = ["Faults", "Forget", "LimitChange", "StationBox", "StationBuild"]

MOST_SESSIONS: Final = 200
FREE_TAG: Final = "FREE"
"""The tag that free vending uses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitChange:
    """From `at_s` (monotonic) on, the profiles allow this."""

    at_s: float
    limit_a: float
    phases: int


class StationBox:
    """A station's electronics in the world. Nothing in here knows of the network."""

    def __init__(self, build: StationBuild, world: World, clock: Clock) -> None:
        self.build = build
        self.profiles = left_from_yesterday(build, clock.utc_now())
        self.faults = born_with(build.difficulty)
        self.sessions: deque[Session] = deque(maxlen=MOST_SESSIONS)
        """Not yet fully reported, oldest first; the last ones may be running."""

        self.limit_changes: deque[LimitChange] = deque(maxlen=10_000)
        self.transaction_count = 0
        self.operative = True
        self.waiting_tag: str | None = None
        """Of a remote start that waits for a car; so is the next."""

        self.waiting_start_id: int | None = None
        self.cards: Final[deque[str]] = deque(maxlen=8)
        """Held to its reader, and not yet judged."""

        self.outside_a: float | None = None
        """A cap that a third party sets beside the central system; a test may change it."""

        self.powered_at_s = clock.monotonic_s()
        self._world = world
        self._clock = clock
        self._offline_since_s: float | None = None
        self._was_deaf = False
        self._dark_until_s: float | None = None
        phases = build.firmware.wired_phases
        places = (build.station_id, *build.further_places)
        self.outlets: Final = tuple(Outlet(n, place, world, phases=phases) for n, place in enumerate(places, 1))
        for outlet in self.outlets:
            outlet.limit = self._allowed(outlet)

    @property
    def session(self) -> Session | None:
        """The running one at connector 1, like all of the next five."""
        return self.outlets[0].session

    @property
    def transaction(self) -> Transaction | None:
        return self.outlets[0].transaction

    @property
    def limit(self) -> Limit:
        """What the profiles allowed at the last tick."""
        return self.outlets[0].limit

    @property
    def offer(self) -> Offer:
        return self.outlets[0].offer

    @property
    def car(self) -> CarSample:
        return self.outlets[0].car

    @property
    def status(self) -> ConnectorStatus:
        return self.outlets[0].status(operative=self.operative)

    @property
    def dark(self) -> bool:
        """Whether it has no power, or is still booting."""
        return self._dark_until_s is not None

    def now(self) -> datetime:
        """The time that its own clock shows."""
        return self._clock.utc_now() + timedelta(seconds=self.build.difficulty.clock_off_s)

    def outlet(self, connector_id: int) -> Outlet | None:
        """Connector `connector_id`, where there is one."""
        return next((outlet for outlet in self.outlets if outlet.connector_id == connector_id), None)

    def holder(self, transaction_id: object) -> Outlet | None:
        """Where that transaction runs."""
        running = ((outlet, outlet.session) for outlet in self.outlets)
        return next((outlet for outlet, own in running if own and own.transaction_id == transaction_id), None)

    def tick(self) -> None:
        """Let time pass: see the cars come or go, obey the profiles, set the offers."""
        now_s = self._clock.monotonic_s()
        self._world.advance_to(now_s)
        if self._dark_until_s is not None:
            if now_s < self._dark_until_s:
                return
            self._dark_until_s = None
            self.powered_at_s = now_s
        if self._offline_since_s is not None:
            self.profiles = self.profiles.ended_offline(now_s - self._offline_since_s)
        for outlet in self.outlets:
            self._see_car(outlet)
        for outlet in self.outlets:
            self._obey(outlet, now_s)

    def connected(self) -> None:
        """A connection stands."""
        self._offline_since_s = None

    def disconnected(self) -> None:
        """The connection is gone."""
        self._offline_since_s = self._clock.monotonic_s()
        if self.build.difficulty.forgets_offline:
            self.profiles = Profiles(firmware=self.build.firmware)

    def take(self, profiles: Profiles) -> None:
        """Put in force what an accepted request made of the profiles; a deaf station misses its chance once."""
        lifts = profiles.limit_at(self.now(), self.transaction).limit_a > 0
        if self.build.difficulty.deaf_after_zero and self.limit.limit_a == 0 and lifts and not self._was_deaf:
            self._was_deaf = True
            return
        self._was_deaf = False
        self.profiles = profiles

    def start(self, tag: str, profile: Profile | None = None, connector_id: int = 1) -> Session:
        """Begin a transaction, with the profile that came with a remote start."""
        outlet = self.outlets[connector_id - 1]
        outlet.finished = False
        now = self.now()
        self.transaction_count += 1
        outlet.transaction_count += 1
        odd = self.build.difficulty
        counted_wh = int(outlet.car.energy_kwh * 1000)
        begun_wh = 0 if odd.session_register else counted_wh
        session = Session(
            started=now,
            meter_start_wh=begun_wh if odd.meter_start_wh is None else odd.meter_start_wh,
            counted_before_wh=counted_wh,
            tag=tag if odd.tag is None else odd.tag,
            connector_id=connector_id,
            transaction_id=self._own_id(now),
            remote_start_id=self.waiting_start_id,
        )
        self.waiting_tag = self.waiting_start_id = None
        outlet.session = session
        self.sessions.append(session)
        if profile is not None:
            own = replace(profile, transaction_id=session.transaction_id)
            self.profiles, _ = self.profiles.install(connector_id, own, now, outlet.transaction)
        return session

    def judged(self, tag: str, *, good: bool) -> None:
        """The central system has judged a card: a good one begins, or ends what it has begun."""
        own = next((outlet for outlet in self.outlets if outlet.session and outlet.session.tag == tag), None)
        if own is not None:
            self.stop("Local", own.connector_id)
        elif good:
            self.waiting_tag = tag
            for outlet in self.outlets:
                # Whoever comes with a card wants to begin anew.
                outlet.finished = False

    def stop(self, reason: str, connector_id: int = 1) -> None:
        """End the running transaction, if there is one, and offer nothing."""
        outlet = self.outlets[connector_id - 1]
        if outlet.session is None:
            return
        outlet.session.stopped = self.now()
        outlet.session.meter_stop_wh = self.meter_wh(connector_id)
        outlet.session.reason = reason
        outlet.session = None
        outlet.finished = outlet.car.plugged
        self.profiles = self.profiles.transaction_ended(connector_id)
        outlet.switch(NO_OFFER)

    def reboot(self, forget: Forget, reason: str) -> None:
        """Cut the power now; it comes back after the boot time."""
        running = [outlet.session for outlet in self.outlets]
        for outlet in self.outlets:
            self.stop(reason, outlet.connector_id)
            outlet.finished = False
        if self.build.difficulty.reboot is RebootHabit.FORGETS:
            kept = [session for session in self.sessions if session not in running]
            self.sessions = deque(kept, maxlen=MOST_SESSIONS)
        self._dark_until_s = self._clock.monotonic_s() + self.build.boot_s
        empty = Profiles(firmware=self.build.firmware)
        self.profiles = empty if forget is Forget.EVERY_PROFILE else self.profiles.rebooted()

    def meter_wh(self, connector_id: int = 1) -> int:
        """What its energy register shows."""
        outlet = self.outlets[connector_id - 1]
        counted_wh = int(outlet.car.energy_kwh * 1000)
        if not self.build.difficulty.session_register:
            return counted_wh
        return 0 if outlet.session is None else counted_wh - outlet.session.counted_before_wh

    def _see_car(self, outlet: Outlet) -> None:
        if not outlet.car.plugged:
            self.stop("EVDisconnected", outlet.connector_id)
            outlet.finished = False
            return
        if outlet.session is not None or outlet.finished or not self.operative:
            return
        tag = self.waiting_tag or (FREE_TAG if self.build.free_vending else None)
        if tag is not None:
            self.start(tag, connector_id=outlet.connector_id)

    def _obey(self, outlet: Outlet, now_s: float) -> None:
        limit = self._allowed(outlet)
        if limit != outlet.limit:
            outlet.limit = limit
            self._note_change(outlet, now_s)
        allowed = self.build.firmware.hardware if self.faults.ignore_limits else outlet.limit
        outlet.follow(allowed, now_s, self.build.phase_change_s)
        if self.build.difficulty.zero_ends and allowed.limit_a == 0:
            self.stop("Other", outlet.connector_id)

    def _allowed(self, outlet: Outlet) -> Limit:
        """What profiles and third parties allow that connector now."""
        profiles = self.profiles
        if self._offline_since_s is not None:
            profiles = profiles.offline_for(self._clock.monotonic_s() - self._offline_since_s)
        busy = sum(each.session is not None for each in self.outlets)
        now = self.now()
        limit = profiles.limit_at(now, outlet.transaction, outlet.connector_id, max(busy, 1))
        if self.outside_a is None:
            return limit
        return replace(limit, limit_a=min(limit.limit_a, self.outside_a))

    def _note_change(self, outlet: Outlet, now_s: float) -> None:
        outlet.limit_change_count += 1
        if outlet is self.outlets[0]:
            change = LimitChange(at_s=now_s, limit_a=outlet.limit.limit_a, phases=outlet.limit.phases)
            self.limit_changes.append(change)

    def _own_id(self, now: datetime) -> str | None:
        """From OCPP 2.0.1 on the station names its transactions, never twice by the same name."""
        if self.build.version is Version.V16:
            return None
        return f"{int(now.timestamp()):x}-{self.transaction_count}-{self.build.station_id}"[:36]
