"""The profiles of ours in one station: what it holds, and how the next ones get there without letting go in between."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeAlias

from ems.clock import Clock
from ems.csms.capabilities import RateUnit
from ems.csms.charging_profiles import Installation, Profile, resident_id, working_id
from ems.csms.constructions import Construction, Form, Purpose, is_for
from ems.csms.lane import Answer, Superseded
from ems.csms.messages import Dialect
from ems.csms.ports import LimitReceipt
from ems.errors import StationError, StationOffline, StationRefused, StationSilent
from ems.model.electrical import NOMINAL_V

SAID_AGAIN_AFTER_S: Final = 600.0
"""A limit that no time can change is written again this seldom: stations keep limits of the whole station, and
defaults, in memory that wears (S23)."""

_Shape: TypeAlias = tuple[object, ...]
"""What makes two profiles the same to a station but for their time."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to put a limit in force."""

    number: int
    restarts: int
    refreshes: int
    dialect: Dialect
    whole_amps: bool
    anew: bool = False
    """Whether it is said again on purpose, although nothing changed."""

    within_s: float | None = None
    """How long an answer is waited for, where that is less than usual."""

    refused: set[_Shape] = field(default_factory=set)
    tried: list[Construction] = field(default_factory=list)
    mute: list[Construction] = field(default_factory=list)
    """Those that were not answered in that time: the station may have taken them all the same."""


class Mute(StationSilent):
    """It did not answer a form that it never took before, and answers everything else at once."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """A profile that the station took, and that stays as it is until we change it."""

    shape: _Shape
    message_id: str
    since_s: float


class HeldProfiles:
    """Over any number of connections."""

    def __init__(self, station_id: str, clock: Clock, only: int | None = None) -> None:
        """`only` is the connector that may be limited, and no other; None where it stands for the whole station."""
        self._station_id = station_id
        self._only = only
        self._clock = clock
        self._attempts = 0
        self._restarts = 0
        self._refreshes = 0
        self._resident: _Standing | None = None
        self._steady: _Standing | None = None
        self._installed: set[int] = set()
        self._kept: frozenset[int] = frozenset()
        self._offered: set[int] = set()
        self._newest: Profile | None = None
        self.resident_a: float | None = None
        """The fallback current that the station holds by itself; None until it has confirmed one.

        While another one is on its way, the higher of the two.
        """

    def __len__(self) -> int:
        return len(self._installed)

    @property
    def told_a(self) -> float | None:
        """The limit that it took last, as it was written; None before, and in watts."""
        newest = self._newest
        return None if newest is None or newest.unit is not RateUnit.AMPERE else newest.periods[0].limit

    def begin(self) -> None:
        """A newer limit takes the place of the one that is on its way."""
        self._attempts += 1

    def attempt(self, dialect: Dialect, *, whole_amps: bool, anew: bool = False) -> Attempt:
        """One that counts as long as nothing newer began."""
        return Attempt(self._attempts, self._restarts, self._refreshes, dialect, whole_amps, anew)

    def forget(self) -> None:
        """The station restarted: it may hold nothing."""
        self._restarts += 1
        self.refresh()
        self._installed.clear()
        self._offered.clear()
        self._newest = None
        self.resident_a = None

    def refresh(self) -> None:
        """Say everything again, because the station may have lost it, or its time may mean something else now."""
        self._refreshes += 1
        self._resident = None
        self._steady = None

    def doubt(self) -> None:
        """It does not do what it took, or has lost it: the next limit is said in full, with its fallback."""
        self._resident = None
        self._steady = None

    def held_before(self, way: Construction) -> None:
        """In an earlier life it was told its limits so: what is left of them is cleared once others are in place."""
        if not self._installed:
            self._installed |= {working_id(way.purpose, way.connector)}
            if way.fallback_level is not None:
                purpose = Purpose.TX_DEFAULT if way.purpose is Purpose.TX else way.purpose
                self._installed.add(resident_id(purpose, way.connector))

    def losers(self, way: Construction | None) -> tuple[int, ...]:
        """Ids of profiles that other constructions left behind, to be cleared now that this one is in place.

        An offer to a car too where no limit of the whole station is above it: it would take the limit's place.
        """
        if way is None:
            return ()
        hides = self._offered if way.purpose is not Purpose.STATION_MAX else set()
        return tuple(sorted((self._installed - self._kept) | hides))

    def offered(self, profile_id: int) -> None:
        """The station may hold that profile from now on, which a limit of the whole station caps."""
        self._offered.add(profile_id)

    def cleared(self, profile_id: int) -> None:
        """The station no longer holds that profile."""
        self._installed.discard(profile_id)
        self._offered.discard(profile_id)
        self._resident, self._steady = (
            each if each and each.shape[0] != profile_id else None for each in (self._resident, self._steady)
        )

    async def put(self, plan: Installation, way: Construction, attempt: Attempt) -> LimitReceipt:
        """Have the station hold both profiles of a limit. Raises StationOffline, StationSilent or StationRefused."""
        receipt = None
        if plan.resident is not None and not self._would_raise_first(plan.resident, plan.working):
            receipt = await self._make_resident(plan.resident, attempt)
        if plan.working is not None:
            steady = is_steady(way, plan)
            receipt = self._said_before(plan.working, attempt) if steady else None
            receipt = receipt or await self._make_working(plan.working, way, attempt, steady=steady)
        if plan.resident is not None:
            fallback = await self._make_resident(plan.resident, attempt)
            receipt = receipt or fallback
        if receipt is None:
            raise StationRefused(f"{self._station_id}: {way.form.value} says nothing")
        self._newest = plan.working or plan.resident
        self._kept = frozenset(each.profile_id for each in (plan.resident, plan.working) if each is not None)
        return receipt

    async def _make_resident(self, profile: Profile, attempt: Attempt) -> LimitReceipt:
        if self._resident is not None and self._resident.shape == _shape(profile):
            return self._again(self._resident)
        self._resident = None
        receipt = await self._send_fallback(profile, _last_a(profile), attempt)
        if attempt.number == self._attempts and attempt.refreshes == self._refreshes:
            self._resident = _Standing(_shape(profile), receipt.message_id, receipt.answered_at_s)
        return receipt

    async def _make_working(
        self, profile: Profile, way: Construction, attempt: Attempt, *, steady: bool
    ) -> LimitReceipt:
        self._steady = None
        if way.fallback_level is not None:
            receipt = await self._send(profile, attempt)
        else:
            # A profile of one transaction holds nothing for the next one.
            fallback_a = None if way.is_relative or way.needs_transaction else _last_a(profile)
            receipt = await self._send_fallback(profile, fallback_a, attempt)
        if steady and attempt.number == self._attempts and attempt.refreshes == self._refreshes:
            self._steady = _Standing(_shape(profile), receipt.message_id, self._clock.monotonic_s())
        return receipt

    def _said_before(self, profile: Profile, attempt: Attempt) -> LimitReceipt | None:
        """What the station answered to the same limit, while that need not be said again."""
        known = self._steady
        if known is None or attempt.anew or known.shape != _shape(profile):
            return None
        if self._clock.monotonic_s() - known.since_s >= SAID_AGAIN_AFTER_S:
            return None
        if attempt.number != self._attempts or attempt.restarts != self._restarts:
            return None
        return self._again(known)

    def _again(self, known: _Standing) -> LimitReceipt:
        now_s = self._clock.monotonic_s()
        return LimitReceipt(message_id=known.message_id, sent_at_s=now_s, answered_at_s=now_s)

    async def _send_fallback(self, profile: Profile, fallback_a: float | None, attempt: Attempt) -> LimitReceipt:
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
        known = self._resident is not None and self._resident.shape == _shape(resident)
        if known or working is None or not self._installed:
            return False
        return working.periods[0].limit < resident.periods[-1].limit

    async def _send(self, profile: Profile, attempt: Attempt) -> LimitReceipt:
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
            answer = await self._install(profile, attempt)
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

    async def _install(self, profile: Profile, attempt: Attempt) -> Answer:
        if attempt.within_s is None:
            return await attempt.dialect.install(profile)
        try:
            async with self._clock.timeout(attempt.within_s):
                return await attempt.dialect.install(profile)
        except TimeoutError as err:
            if isinstance(err, StationError):
                raise
            text = f"{self._station_id} answers everything but {profile.purpose.value} at level {profile.level}"
            raise Mute(text) from None


def is_steady(way: Construction, plan: Installation) -> bool:
    """Whether time changes nothing about a limit: it goes on without an end, and above what the station holds anyway.

    Not where only the schedule's own start stands between a slow clock and no limit at all, nor where the profile ends
    and the one below it has to take over: a station that was never cut off may do anything then.
    """
    if way.form is Form.FALLBACK:
        return True
    if plan.working is None or plan.resident is None or plan.working.purpose is Purpose.TX:
        return False
    if way.is_relative or plan.working.dynamic or plan.working.duration_s is not None:
        return False
    below = plan.resident.periods[-1].limit
    return all(period.limit == below for period in plan.working.periods)


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
