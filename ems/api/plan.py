"""What is ahead at one charger, from what people wished and what control knows of its goal. Pure.

Told without any sun, since nobody foretells it: what comes puts a start off and a finish forward.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ems.api.outlook import CHARGES_W, still_kwh
from ems.api.scene import Scene
from ems.api.wire import PlanKind, PlanSlot, Sentence, StationPlan
from ems.api.wishes import NO_WISHES, Wishes
from ems.control.demand import highest_allowed, phases_used, phases_wanted
from ems.control.pace import J_PER_KWH, Pace, charging_s
from ems.control.seen.learn import NOTHING
from ems.model.electrical import NOMINAL_V
from ems.model.goals import ChargeMode, Goal
from ems.model.site import Station
from ems.model.words import Phrase

SLOT_S: Final = 900.0
LONGEST_S: Final = 86_400.0

UNKNOWN: Final = frozenset({PlanKind.SUN, PlanKind.MIN_SOLAR})
"""What these draw depends on the sun."""

_OF_MODE: Final = {
    ChargeMode.OFF: PlanKind.OFF,
    ChargeMode.SOLAR: PlanKind.SUN,
    ChargeMode.MIN_SOLAR: PlanKind.MIN_SOLAR,
    ChargeMode.FAST: PlanKind.FAST,
}


def plan(scene: Scene, station_id: str, power_w: float | None) -> StationPlan:
    """The slots of that charger; `power_w` is what its car draws now."""
    ahead = _ahead(scene, station_id, power_w)
    spans = list(ahead.spans())
    return StationPlan(station=station_id, made_at=scene.at, slots=tuple(_slots(spans)))


@dataclass(frozen=True, slots=True)
class _Span:
    """A time of one kind."""

    begins_utc_s: float
    ends_utc_s: float
    kind: PlanKind
    least_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ahead:
    """One charger, and everything that changes what it does."""

    now_utc_s: float
    end_utc_s: float
    plugged: bool
    optimising: bool
    mode: ChargeMode
    pace: Pace | None
    left_kwh: float | None
    limit_ends_utc_s: float
    pauses: bool
    """Whether the temporary limit is below the minimum."""

    boost_ends_utc_s: float
    least_w: float
    """At the minimum current."""

    now_w: float
    later_w: float
    """At full current: under the temporary limit, and after it."""

    fallback_w: float

    def spans(self) -> Iterator[_Span]:
        """From now to the end."""
        at_s, left_kwh = self.now_utc_s, self.left_kwh
        while at_s < self.end_utc_s:
            kind, least_w = self._at(at_s, left_kwh)
            until_s = min([change for change in self._changes() if change > at_s], default=self.end_utc_s)
            if left_kwh is not None and left_kwh > 0.0:
                until_s = min(until_s, max(at_s + charging_s(left_kwh, least_w), at_s + 1.0))
                left_kwh = max(0.0, left_kwh - least_w * (until_s - at_s) / J_PER_KWH)
                left_kwh = left_kwh if left_kwh > 1e-6 else 0.0
            yield _Span(at_s, until_s, kind, least_w)
            at_s = until_s

    def _changes(self) -> tuple[float, ...]:
        start_s = math.inf if self.pace is None else self.pace.latest_start_utc_s
        return (self.limit_ends_utc_s, self.boost_ends_utc_s, start_s, self.end_utc_s)

    def _at(self, at_s: float, left_kwh: float | None) -> tuple[PlanKind, float]:
        """What it does then, and what it draws at least."""
        limited, boosts = at_s < self.limit_ends_utc_s, at_s < self.boost_ends_utc_s
        full_w = self.now_w if limited else self.later_w
        if not self.plugged:
            return PlanKind.UNPLUGGED, 0.0
        if limited and self.pauses:
            return PlanKind.LIMIT, 0.0
        if not self.optimising:
            return (PlanKind.OFF, 0.0) if self.mode is ChargeMode.OFF else (PlanKind.FALLBACK, self.fallback_w)
        if boosts:
            return PlanKind.BOOST, full_w
        if self.mode is ChargeMode.OFF:
            return PlanKind.OFF, 0.0
        if left_kwh is not None and left_kwh <= 0.0:
            return PlanKind.FINISHED, 0.0
        hurries = self.pace is not None and (self.pace.due or at_s >= self.pace.latest_start_utc_s)
        if hurries and self.mode is not ChargeMode.FAST:
            return PlanKind.GOAL, full_w
        kind = _OF_MODE[self.mode]
        return kind, {PlanKind.SUN: 0.0, PlanKind.MIN_SOLAR: self.least_w}.get(kind, full_w)


def _ahead(scene: Scene, station_id: str, power_w: float | None) -> _Ahead:
    station, wishes = scene.look.site.station(station_id), scene.wishes.get(station_id, NO_WISHES)
    goal, pace = scene.look.goal_of(station_id), scene.memory.paces.get(station_id)
    now_utc_s = scene.at.timestamp()
    by_utc_s = math.inf if pace is None or pace.by_utc_s <= now_utc_s else pace.by_utc_s
    now_w, later_w = _full_w(scene, station, goal, wishes, power_w)
    volts = NOMINAL_V * _phases(scene, station, goal)
    limit, boost = wishes.limit, wishes.boost
    return _Ahead(
        now_utc_s=now_utc_s,
        end_utc_s=min(now_utc_s + LONGEST_S, by_utc_s),
        plugged=scene.look.state_of(station_id).plugged,
        optimising=scene.optimising,
        mode=station.goal.mode if wishes.mode is None else wishes.mode,
        pace=pace,
        left_kwh=still_kwh(scene, station_id),
        limit_ends_utc_s=-math.inf if limit is None else limit.until.timestamp(),
        pauses=limit is not None and (limit.limit_a or 0.0) < station.min_a,
        boost_ends_utc_s=-math.inf if boost is None else boost.until.timestamp(),
        least_w=station.min_a * volts,
        now_w=now_w,
        later_w=later_w,
        fallback_w=min(station.fallback_a * volts, later_w),
    )


def _full_w(scene: Scene, station: Station, goal: Goal, wishes: Wishes, power_w: float | None) -> tuple[float, float]:
    """What it draws when it charges as fast as it may, while a temporary limit lasts and after it."""
    pace = scene.memory.paces.get(station.station_id)
    if pace is not None:
        return pace.pull.now_w, pace.pull.later_w
    volts, known = NOMINAL_V * _phases(scene, station, goal), scene.memory.learned.get(station.station_id, NOTHING)
    upstream_a = scene.look.state_of(station.station_id).upstream_a
    lasting = Goal(mode=goal.mode, max_a=wishes.max_a)
    later_w = highest_allowed(station, lasting, known.takes_a, upstream_a=upstream_a)[0] * volts
    limit_a = None if wishes.limit is None else wishes.limit.limit_a
    now_w = later_w if limit_a is None else min(later_w, limit_a * volts)
    if goal.mode is ChargeMode.FAST and power_w is not None and power_w >= CHARGES_W:
        now_w = power_w
        later_w = max(later_w, power_w) if limit_a is not None else power_w
    return now_w, later_w


def _phases(scene: Scene, station: Station, goal: Goal) -> int:
    known = scene.memory.learned.get(station.station_id, NOTHING)
    return phases_used(station, phases_wanted(station, goal), known)


def _slots(spans: list[_Span]) -> Iterator[PlanSlot]:
    """The spans on the quarters of the clock."""
    if not spans:
        return
    begins_s, end_s = spans[0].begins_utc_s, spans[-1].ends_utc_s
    while begins_s < end_s:
        ends_s = min(end_s, (begins_s // SLOT_S + 1) * SLOT_S)
        yield _slot(begins_s, ends_s, spans)
        begins_s = ends_s


def _slot(begins_s: float, ends_s: float, spans: list[_Span]) -> PlanSlot:
    parts = [(span, min(ends_s, span.ends_utc_s) - max(begins_s, span.begins_utc_s)) for span in spans]
    parts = [(span, seconds) for span, seconds in parts if seconds > 0.0]
    longest, _ = max(parts, key=lambda part: part[1])
    least_w = float(round(sum(span.least_w * seconds for span, seconds in parts) / (ends_s - begins_s)))
    unknown = any(span.kind in UNKNOWN for span, _ in parts)
    said = Phrase(f"plan.{longest.kind}")
    return PlanSlot(
        begins=datetime.fromtimestamp(begins_s, UTC),
        ends=datetime.fromtimestamp(ends_s, UTC),
        kind=longest.kind,
        power_w=None if unknown else least_w,
        least_w=least_w,
        says=Sentence(key=said.key, numbers={}, text=said.said()),
    )
