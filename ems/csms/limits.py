"""Installs limits on one station, in the first construction that it takes, and remembers what it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from ems.clock import Clock
from ems.csms.capabilities import Capabilities, RateUnit
from ems.csms.charging_profiles import (
    Moment,
    Profile,
    profiles,
    resident_id,
    start_profile,
    working_id,
)
from ems.csms.constructions import Construction, Purpose, is_for
from ems.csms.lane import CallRefused, GaveWay, Superseded
from ems.csms.messages import Dialect
from ems.csms.ports import LeasedLimit, LimitReceipt
from ems.csms.search import Search
from ems.errors import StationOffline, StationRefused, StationSilent
from ems.model.electrical import NOMINAL_V

INSTALL_WITHIN_S: Final = 60.0
"""All forms together get no more time than this; the next attempt goes on with those that were not tried."""

PROFILES_OF_A_FORM: Final = 2
"""A station that is known to answer slowly has the time to answer to so many."""

_Shape: TypeAlias = tuple[object, ...]
"""What makes two profiles the same to a station but for their time."""


class _NoForm(StationRefused):
    """Every form was refused."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One call of `install`."""

    number: int
    restarts: int
    refreshes: int
    dialect: Dialect
    whole_amps: bool
    refused: set[_Shape] = field(default_factory=set)
    tried: list[Construction] = field(default_factory=list)


class Limits:
    """The limits of one station over any number of connections."""

    def __init__(
        self, station_id: str, clock: Clock, *, whole_amps: bool, max_a: float, phases: int, only: int | None = None
    ) -> None:
        """`only` is the connector that may be limited, and no other; None where it stands for the whole station."""
        self._station_id = station_id
        self._only = only
        self._clock = clock
        self._whole_amps = whole_amps
        self._max_a = max_a
        self._phases = phases
        self._attempts = 0
        self._restarts = 0
        self._refreshes = 0
        self._resident: tuple[_Shape, str] | None = None
        self._installed: set[int] = set()
        self._kept: frozenset[int] = frozenset()
        self._offered: set[int] = set()
        self._paused = True
        self._lease: LeasedLimit | None = None
        self._leased_at_s = 0.0
        self.search: Final = Search(station_id, only)
        self.resident_a: float | None = None
        """The fallback current that the station holds by itself; None until it has confirmed one.

        While another one is on its way, the higher of the two.
        """

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
    def is_paused(self) -> bool:
        """Whether the last limit that it took, if any, was 0."""
        return self._paused

    @property
    def _steps_a(self) -> tuple[float, ...]:
        return self.search.quirks.step_amps or ()

    def forget(self) -> None:
        """The station restarted: it may hold nothing."""
        self._restarts += 1
        self.refresh()
        self._installed.clear()
        self._offered.clear()
        self.search.restarted()
        self.resident_a = None

    def refresh(self) -> None:
        """Send the fallback again, because the station may have lost it, or its time may mean something else now."""
        self._refreshes += 1
        self._resident = None
        self.search.look_for_better()

    def give_up_way(self) -> None:
        """The station takes the construction but does not obey it: use the next one from now on."""
        self.search.give_up()

    def held_before(self, way: Construction) -> None:
        """In an earlier life it was told its limits so: what is left of them is cleared once others are in place."""
        if not self._installed:
            self._installed |= {working_id(way.purpose, way.connector)}
            if way.fallback_level is not None:
                purpose = Purpose.TX_DEFAULT if way.purpose is Purpose.TX else way.purpose
                self._installed.add(resident_id(purpose, way.connector))

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
        self._attempts += 1
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
                        receipt = await self._install_in_steps(lease, self._attempt(dialect), moment)
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
        self, lease: LeasedLimit, attempt: _Attempt, moment: Callable[[], Moment]
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
            raise refusal from None

    def _attempt(self, dialect: Dialect) -> _Attempt:
        return _Attempt(self._attempts, self._restarts, self._refreshes, dialect, self._whole_amps)

    async def _install_somehow(
        self, ways: Iterator[Construction], lease: LeasedLimit, attempt: _Attempt, moment: Callable[[], Moment]
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
            except StationSilent as err:
                if not isinstance(err, GaveWay):
                    self.search.silent(way)
                raise
            else:
                self.search.settle_on(way)
                return receipt
        raise _NoForm(f"{self._station_id} refused {lease.limit_a:g} A in every form; last: {last}")

    @property
    def losers(self) -> tuple[int, ...]:
        """Ids of profiles that other constructions left behind, to be cleared now that this one is in place.

        An offer to a car too where no limit of the whole station is above it: it would take the limit's place.
        """
        if self.way is None:
            return ()
        hides = self._offered if self.way.purpose is not Purpose.STATION_MAX else set()
        return tuple(sorted((self._installed - self._kept) | hides))

    def offered(self, profile_id: int) -> None:
        """The station may hold that profile from now on, which a limit of the whole station caps."""
        self._offered.add(profile_id)

    @property
    def installed(self) -> int:
        """How many profiles of ours it holds."""
        return len(self._installed)

    def cleared(self, profile_id: int) -> None:
        """The station no longer holds that profile."""
        self._installed.discard(profile_id)
        self._offered.discard(profile_id)

    async def _install_as(
        self, way: Construction, lease: LeasedLimit, attempt: _Attempt, moment: Moment
    ) -> LimitReceipt:
        plan = profiles(way, lease, moment, whole_amps=attempt.whole_amps, steps_a=self._steps_a)
        receipt = None
        if plan.resident is not None and not self._would_raise_first(plan.resident, plan.working):
            receipt = await self._make_resident(plan.resident, attempt)
        if plan.working is not None:
            receipt = await self._make_working(plan.working, way, attempt)
        if plan.resident is not None:
            fallback = await self._make_resident(plan.resident, attempt)
            receipt = receipt or fallback
        if receipt is None:
            raise StationRefused(f"{self._station_id}: {way.form.value} says nothing")
        self._kept = frozenset(each.profile_id for each in (plan.resident, plan.working) if each is not None)
        return receipt

    async def _make_resident(self, profile: Profile, attempt: _Attempt) -> LimitReceipt:
        if self._resident is not None and self._resident[0] == _shape(profile):
            now_s = self._clock.monotonic_s()
            return LimitReceipt(message_id=self._resident[1], sent_at_s=now_s, answered_at_s=now_s)
        self._resident = None
        receipt = await self._send_fallback(profile, _last_a(profile), attempt)
        if attempt.number == self._attempts and attempt.refreshes == self._refreshes:
            self._resident = (_shape(profile), receipt.message_id)
        return receipt

    async def _make_working(self, profile: Profile, way: Construction, attempt: _Attempt) -> LimitReceipt:
        if way.fallback_level is not None:
            return await self._send(profile, attempt)
        # A profile of one transaction holds nothing for the next one.
        fallback_a = None if way.is_relative or way.needs_transaction else _last_a(profile)
        return await self._send_fallback(profile, fallback_a, attempt)

    async def _send_fallback(self, profile: Profile, fallback_a: float | None, attempt: _Attempt) -> LimitReceipt:
        """Send a profile that decides what the station falls back to; until it answers, that may be either."""
        before_a = self.resident_a
        if before_a is not None and fallback_a is not None:
            self.resident_a = max(before_a, fallback_a)
        try:
            receipt = await self._send(profile, attempt)
        except StationRefused:
            if attempt.restarts == self._restarts and attempt.number == self._attempts:
                self.resident_a = before_a
            raise
        if attempt.number == self._attempts:
            self.resident_a = fallback_a
        return receipt

    def _would_raise_first(self, resident: Profile, working: Profile | None) -> bool:
        """Whether sending the fallback before the limit would let go of a car that is to be lowered."""
        known = self._resident is not None and self._resident[0] == _shape(resident)
        if known or working is None or not self._installed:
            return False
        return working.periods[0].limit < resident.periods[-1].limit

    async def _send(self, profile: Profile, attempt: _Attempt) -> LimitReceipt:
        if attempt.number != self._attempts:
            raise Superseded(f"{self._station_id}: a newer limit took its place")
        if not is_for(profile.purpose, profile.connector, self._only):
            raise StationRefused(f"{self._station_id}: a limit of its own would come to another connector; not sent")
        shape = _shape(profile)
        if shape in attempt.refused:
            raise StationRefused(f"{self._station_id} refused {profile.purpose.value} at level {profile.level}")
        was_installed = profile.profile_id in self._installed
        self._installed.add(profile.profile_id)
        try:
            answer = await attempt.dialect.install(profile)
        except StationRefused:
            attempt.refused.add(shape)
            if not was_installed:
                self._installed.discard(profile.profile_id)
            raise
        if attempt.restarts != self._restarts:
            raise StationOffline(f"{self._station_id} restarted before its limit was complete")
        return LimitReceipt(
            message_id=answer.message_id,
            sent_at_s=answer.sent_at_s,
            answered_at_s=answer.answered_at_s,
            counts_from_s=answer.counts_from_s,
        )


def _narrowed(lease: LeasedLimit, max_a: float, wired_phases: int) -> LeasedLimit:
    """No limit leaves above what the installer allows, nor for phases that are not wired."""
    return replace(
        lease,
        limit_a=min(lease.limit_a, max_a),
        fallback_a=min(lease.fallback_a, max_a),
        phases=max(1, min(lease.phases, wired_phases)),
    )


def _shape(profile: Profile) -> _Shape:
    return (
        profile.profile_id,
        profile.level,
        profile.unit,
        profile.phases,
        profile.start is None,
        profile.duration_s is None,
        tuple(period.limit for period in profile.periods),
    )


def _last_a(profile: Profile) -> float:
    """The current per phase that a profile without an end comes to."""
    limit = profile.periods[-1].limit
    return limit if profile.unit is RateUnit.AMPERE else limit / NOMINAL_V / profile.counted_phases
