"""The charging profiles of a second central system, read as a cap. Pure (OCPP 1.6, section 3.13)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from ems.csms.capabilities import RateUnit
from ems.csms.charging_profiles import Period, Purpose
from ems.model.electrical import NOMINAL_V

MOST_SEGMENTS: Final = 48
"""Of a composite schedule."""


class Kind(Enum):
    """What a schedule's times count from; the value is after how many seconds it begins again."""

    ABSOLUTE = None
    RELATIVE = 0
    DAILY = 86_400
    WEEKLY = 7 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class CapProfile:
    """One charging profile as it was set."""

    profile_id: int
    connector: int
    purpose: Purpose
    level: int
    kind: Kind
    unit: RateUnit
    periods: tuple[Period, ...]
    """By start, the first one at 0."""

    start: datetime
    """Of the schedule; when it was received where it says nothing. Without meaning for a relative one."""

    duration_s: int | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    transaction_id: int | None = None
    """In the ids of the second central system; None on profiles that are for no transaction."""

    def takes_place_of(self, other: CapProfile) -> bool:
        """Whether the standard has it replace the other one."""
        if self.profile_id == other.profile_id:
            return True
        return (self.purpose, self.level, self.connector) == (other.purpose, other.level, other.connector)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The session that a cap is asked for."""

    transaction_id: int | None
    """In the ids of the second central system; None where it has given none yet."""

    began: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """From `start_s` on: the cap per phase; None without one."""

    start_s: int
    limit_a: float | None


def cap_a(profiles: Iterable[CapProfile], at: datetime, running: Running | None, *, phases: int) -> float | None:
    """The cap per phase at that instant, rounded down to 0.1 A; None where nothing caps.

    A station maximum and, of the session's own profile or else the default, whichever is lower. Watts are those of all
    `phases` wired, so that a cap in watts holds whatever the car uses.
    """
    held = [each for each in profiles if _is_valid(each, at)]
    station = _highest((each for each in held if each.purpose is Purpose.STATION_MAX), at, running, phases)
    own = _highest((each for each in held if _is_for(each, running)), at, running, phases)
    if own is None:
        own = _highest(_defaults(held), at, running, phases)
    return min((each for each in (station, own) if each is not None), default=None)


def segments(
    profiles: Iterable[CapProfile], at: datetime, duration_s: int, running: Running | None, *, phases: int
) -> tuple[Segment, ...]:
    """The caps of the time ahead, the first one at 0 s; the earliest `MOST_SEGMENTS` changes of them."""
    held = tuple(profiles)
    edges = sorted({0, *(edge for each in held for edge in _edges(each, at, duration_s, running))})
    found: list[Segment] = []
    for edge in edges[: 4 * MOST_SEGMENTS]:
        limit_a = cap_a(held, at + timedelta(seconds=edge), running, phases=phases)
        if not found or found[-1].limit_a != limit_a:
            found.append(Segment(start_s=edge, limit_a=limit_a))
    return tuple(found[:MOST_SEGMENTS])


def _is_valid(profile: CapProfile, at: datetime) -> bool:
    begun = profile.valid_from is None or profile.valid_from <= at
    return begun and (profile.valid_to is None or at < profile.valid_to)


def _is_for(profile: CapProfile, running: Running | None) -> bool:
    if profile.purpose is not Purpose.TX or running is None:
        return False
    return profile.transaction_id is None or profile.transaction_id == running.transaction_id


def _defaults(held: Iterable[CapProfile]) -> list[CapProfile]:
    """Those of the connector go before those of the whole station."""
    defaults = [each for each in held if each.purpose is Purpose.TX_DEFAULT]
    return [each for each in defaults if each.connector != 0] or defaults


def _highest(candidates: Iterable[CapProfile], at: datetime, running: Running | None, phases: int) -> float | None:
    """What the one on the highest stack level says, of those whose schedule covers that instant."""
    for profile in sorted(candidates, key=lambda each: each.level, reverse=True):
        period = _period_at(profile, at, running)
        if period is not None:
            return _amps(period.limit, profile.unit, phases)
    return None


def _period_at(profile: CapProfile, at: datetime, running: Running | None) -> Period | None:
    elapsed_s = _elapsed_s(profile, at, running)
    if elapsed_s < 0 or (profile.duration_s is not None and elapsed_s >= profile.duration_s):
        return None
    return next((each for each in reversed(profile.periods) if each.start_s <= elapsed_s), None)


def _elapsed_s(profile: CapProfile, at: datetime, running: Running | None) -> float:
    if profile.kind is Kind.RELATIVE:
        return max(0.0, (at - running.began).total_seconds()) if running is not None else 0.0
    elapsed_s = (at - profile.start).total_seconds()
    every_s = profile.kind.value
    return elapsed_s if every_s is None or elapsed_s < 0 else elapsed_s % every_s


def _amps(limit: float, unit: RateUnit, phases: int) -> float:
    limit_a = limit if unit is RateUnit.AMPERE else limit / (NOMINAL_V * max(1, phases))
    return math.floor(limit_a * 10.0 + 1e-6) / 10.0


def _edges(profile: CapProfile, at: datetime, duration_s: int, running: Running | None) -> Iterator[int]:
    """Seconds from `at`, within the duration, at which what that profile says may change."""
    for instant in (profile.valid_from, profile.valid_to):
        if instant is not None:
            yield from _within((instant - at).total_seconds(), duration_s)
    every_s = profile.kind.value or 0
    first_s = -_elapsed_s(profile, at, running)
    marks = [*(each.start_s for each in profile.periods), *([] if profile.duration_s is None else [profile.duration_s])]
    for cycle in range(1 + (duration_s // every_s + 1 if every_s else 0)):
        for mark in marks:
            yield from _within(first_s + cycle * every_s + mark, duration_s)
        yield from _within(first_s + cycle * every_s, duration_s)


def _within(offset_s: float, duration_s: int) -> Iterator[int]:
    if 0 < offset_s < duration_s:
        yield math.ceil(offset_s)
