"""Installs limits on one station, in the first construction that it takes, and remembers what it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Final

from ems.clock import Clock
from ems.csms.capabilities import Capabilities
from ems.csms.charging_profiles import Moment, Profile, profiles, start_profile
from ems.csms.constructions import Construction
from ems.csms.held_profiles import Attempt, HeldProfiles, Mute
from ems.csms.lane import CallRefused, GaveWay, Superseded
from ems.csms.messages import Dialect
from ems.csms.ports import LeasedLimit, LimitReceipt
from ems.csms.search import Search
from ems.errors import StationRefused, StationSilent

INSTALL_WITHIN_S: Final = 60.0
"""All forms together get no more time than this; the next attempt goes on with those that were not tried."""

PROFILES_OF_A_FORM: Final = 2
"""A station that is known to answer slowly has the time to answer to so many."""


class _NoForm(StationRefused):
    """Every form was refused."""


class Limits:
    """The limits of one station over any number of connections."""

    def __init__(
        self, station_id: str, clock: Clock, *, whole_amps: bool, max_a: float, phases: int, only: int | None = None
    ) -> None:
        """`only` is the connector that may be limited, and no other; None where it stands for the whole station."""
        self._station_id = station_id
        self._clock = clock
        self._whole_amps = whole_amps
        self._max_a = max_a
        self._phases = phases
        self._held = HeldProfiles(station_id, clock, only)
        self._paused = True
        self._lease: LeasedLimit | None = None
        self._leased_at_s = 0.0
        self.search: Final = Search(station_id, only)

    @property
    def way(self) -> Construction | None:
        """The construction that the station took last."""
        return self.search.way

    @property
    def can(self) -> Capabilities:
        """What the station says that it can."""
        return self.search.can

    @can.setter
    def can(self, can: Capabilities) -> None:
        self.search.can = can

    @property
    def resident_a(self) -> float | None:
        """The fallback current that the station holds by itself; None until it has confirmed one.

        While another one is on its way, the higher of the two.
        """
        return self._held.resident_a

    @property
    def told_a(self) -> float | None:
        """See `HeldProfiles.told_a`."""
        return self._held.told_a

    @property
    def is_paused(self) -> bool:
        """Whether the last limit that it took, if any, was 0."""
        return self._paused

    @property
    def _steps_a(self) -> tuple[float, ...]:
        return self.search.quirks.step_amps or ()

    def forget(self) -> None:
        """The station restarted: it may hold nothing."""
        self._held.forget()
        self.refresh()
        self.search.restarted()

    def refresh(self) -> None:
        """Send the fallback again, because the station may have lost it, or its time may mean something else now."""
        self._held.refresh()
        self.search.look_for_better()

    def say_in_full(self) -> None:
        """Send the next limit though the station holds it already: a car waits to be told."""
        self._held.doubt()

    def give_up_way(self) -> None:
        """The station takes the construction but does not obey it: use the next one from now on."""
        self._held.doubt()
        self.search.give_up()

    def held_before(self, way: Construction) -> None:
        """In an earlier life it was told its limits so: what is left of them is cleared once others are in place."""
        self._held.held_before(way)

    def start_profile(self, moment: Moment) -> Profile | None:
        """The limit of the transaction that is about to be started; None where others hold for it, or none does now.

        It ends when the lease ends, however late the transaction starts.
        """
        if self.way is None or self._lease is None:
            return None
        left_s = self._leased_at_s + self._lease.lease_s - self._clock.monotonic_s()
        if left_s <= 0.0:
            return None
        lease = replace(self._lease, lease_s=left_s)
        return start_profile(self.way, lease, moment, whole_amps=self._whole_amps, steps_a=self._steps_a)

    async def install(self, lease: LeasedLimit, dialect: Dialect, moment: Callable[[], Moment]) -> LimitReceipt:
        """Put `lease` in force.

        Raises StationOffline, StationSilent (also after `INSTALL_WITHIN_S`, later where it is known to be slow), or
        StationRefused when no construction is taken. It may be cancelled: what was on its way then counts as neither in
        force nor absent.
        """
        self._held.begin()
        lease = self._lease = _narrowed(lease, self._max_a, self._phases)
        self._leased_at_s = self._clock.monotonic_s()
        again = self._paused and lease.limit_a > 0.0 and bool(self.search.quirks.send_twice_after_zero)
        attempt = self._attempt(dialect)
        within_s = max(INSTALL_WITHIN_S, PROFILES_OF_A_FORM * (self.search.quirks.call_timeout_s or 0.0))
        try:
            async with self._clock.timeout(within_s):
                receipt = await self._install_in_steps(lease, attempt, moment)
                if again:
                    # It holds the limit even if it refuses to be told twice.
                    with suppress(StationRefused):
                        receipt = await self._install_in_steps(lease, self._attempt(dialect, anew=True), moment)
        except TimeoutError as err:
            if isinstance(err, StationSilent):
                raise
            self.search.interrupted(attempt.tried)
            raise StationSilent(
                f"{self._station_id} took longer than {within_s:g} s to find a form that it takes"
            ) from None
        self._paused = lease.limit_a <= 0.0
        return receipt

    async def _install_in_steps(
        self, lease: LeasedLimit, attempt: Attempt, moment: Callable[[], Moment]
    ) -> LimitReceipt:
        """As it is, else in whole amperes, else as no more than the fallback."""
        in_transaction = moment().transaction_id is not None
        coarse = replace(attempt, whole_amps=True)
        is_whole = attempt.whole_amps or (lease.limit_a.is_integer() and lease.fallback_a.is_integer())
        refusal = _NoForm()
        for each in (attempt,) if is_whole else (attempt, coarse):
            try:
                ways = self.search.order(in_transaction=in_transaction)
                receipt = await self._install_somehow(ways, lease, each, moment)
            except _NoForm as err:
                refusal = err
            else:
                self._whole_amps = each.whole_amps
                return receipt
        try:
            return await self._install_somehow(self.search.fallbacks(), lease, coarse, moment)
        except _NoForm:
            self.search.all_refused()
            if attempt.mute:
                # What was not answered may be followed: that is no refusal.
                raise StationSilent(
                    f"{self._station_id} left {len(attempt.mute)} forms of a limit unanswered"
                ) from None
            raise refusal from None

    def _attempt(self, dialect: Dialect, *, anew: bool = False) -> Attempt:
        return self._held.attempt(dialect, whole_amps=self._whole_amps, anew=anew)

    async def _install_somehow(
        self, ways: Iterator[Construction], lease: LeasedLimit, attempt: Attempt, moment: Callable[[], Moment]
    ) -> LimitReceipt:
        last = "no construction fits what it reports"
        for way in ways:
            attempt.tried.append(way)
            try:
                receipt = await self._install_as(way, lease, attempt, moment())
            except Superseded:
                raise
            except StationRefused as err:
                if isinstance(err, CallRefused) and err.error_code == "NotImplemented":
                    raise
                last = str(err)
            except Mute as err:
                self.search.mute(way)
                attempt.mute.append(way)
                last = str(err)
            except StationSilent as err:
                if not isinstance(err, GaveWay):
                    self.search.silent(way)
                raise
            else:
                self.search.settle_on(way)
                return receipt
        raise _NoForm(f"{self._station_id} refused {lease.limit_a:g} A in every form; last: {last}")

    async def _install_as(
        self, way: Construction, lease: LeasedLimit, attempt: Attempt, moment: Moment
    ) -> LimitReceipt:
        plan = profiles(way, lease, moment, whole_amps=attempt.whole_amps, steps_a=self._steps_a)
        return await self._held.put(plan, way, replace(attempt, within_s=self.search.within_s(way)))

    @property
    def losers(self) -> tuple[int, ...]:
        """See `HeldProfiles.losers`."""
        return self._held.losers(self.way)

    def offered(self, profile_id: int) -> None:
        """See `HeldProfiles.offered`."""
        self._held.offered(profile_id)

    @property
    def installed(self) -> int:
        """How many profiles of ours it holds."""
        return len(self._held)

    def cleared(self, profile_id: int) -> None:
        """The station no longer holds that profile."""
        self._held.cleared(profile_id)


def _narrowed(lease: LeasedLimit, max_a: float, wired_phases: int) -> LeasedLimit:
    """No limit leaves above what the installer allows, nor for phases that are not wired."""
    return replace(
        lease,
        limit_a=min(lease.limit_a, max_a),
        fallback_a=min(lease.fallback_a, max_a),
        phases=max(1, min(lease.phases, wired_phases)),
    )
