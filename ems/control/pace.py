"""A goal with a time: what a car can be counted on to take, when it must start at the latest, what will come of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from ems.model.quick import quick

MARGIN_SHARE: Final = 0.1
MARGIN_S: Final = 600.0
"""Kept free of the time until a goal: 10 % of the charging, 10 min at least. Cars start late and taper off."""

RELEASE_S: Final = 900.0
"""A car that hurries stops doing so once its latest start is this much later than all that hurrying itself gains."""

SHORT_KWH: Final = 0.2
SHORT_SHARE: Final = 0.02
"""A goal is at risk from this much missing on."""

STILL_SHORT_KWH: Final = 0.05
"""And no more below this."""

J_PER_KWH: Final = 3.6e6


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """The power that a car can be counted on to take, in watts."""

    now_w: float
    later_w: float
    """Once a bound for a while has ended."""

    eases_utc_s: float | None = None
    """When that is; None where nothing ends."""

    def latest_start(self, left_kwh: float, by_utc_s: float) -> float:
        """When charging must begin for that much by then, in wall time; never before 1970."""
        if self.eases_utc_s is not None:
            later_utc_s = by_utc_s - needed_s(left_kwh, self.later_w)
            if later_utc_s >= self.eases_utc_s or self.now_w <= 0.0:
                return max(0.0, later_utc_s)
        return max(0.0, by_utc_s - needed_s(left_kwh, self.now_w))

    def takes_kwh(self, from_utc_s: float, by_utc_s: float) -> float:
        """What goes in meanwhile."""
        whole_s = max(0.0, by_utc_s - from_utc_s)
        if self.eases_utc_s is None:
            return self.now_w * whole_s / J_PER_KWH
        bound_s = min(whole_s, max(0.0, self.eases_utc_s - from_utc_s))
        return (self.now_w * bound_s + self.later_w * (whole_s - bound_s)) / J_PER_KWH


def charging_s(left_kwh: float, power_w: float) -> float:
    """How long that much takes; infinite without power."""
    if left_kwh <= 0.0:
        return 0.0
    return left_kwh * J_PER_KWH / power_w if power_w > 0.0 else math.inf


def needed_s(left_kwh: float, power_w: float) -> float:
    """The same with the margin."""
    pure_s = charging_s(left_kwh, power_w)
    return pure_s + margin_s(pure_s)


def margin_s(pure_s: float) -> float:
    """What is kept free beside so many seconds of charging."""
    return max(MARGIN_SHARE * pure_s, MARGIN_S) if pure_s > 0.0 else 0.0


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How one goal with a time stands."""

    energy_kwh: float
    """What is wanted."""

    by_utc_s: float
    left_kwh: float
    """What of it is still to come."""

    pull: Pull
    """As far as it is known for sure: of a car whose phases nobody knows, one."""

    latest_start_utc_s: float
    due: bool = False
    """Whether the car charges now, whatever its mode."""

    began_utc_s: float | None = None
    """The latest start as it was when it became due."""

    spare_s: float = 0.0
    """The margin that was left then: so much can hurrying gain by itself."""

    expected_kwh: float = 0.0
    """What will be in the car by then if it charges all the time from now on."""

    at_risk: bool = False
    """Whether that is too little."""

    target_soc: float | None = None
    """The state of charge that it comes from, 0 to 1; None for an energy that a person asked for."""

    def is_of(self, energy_kwh: float, by_utc_s: float, target_soc: float | None) -> bool:
        """Whether it is about this goal. The energy to a target is another one with every report of the car."""
        same = self.target_soc == target_soc and (target_soc is not None or self.energy_kwh == energy_kwh)
        return same and self.by_utc_s == by_utc_s


def paced(
    before: Pace | None,
    *,
    energy_kwh: float,
    by_utc_s: float,
    left_kwh: float,
    now_utc_s: float,
    sure: Pull,
    best: Pull,
    target_soc: float | None = None,
) -> Pace:
    """How the goal stands now. `best` is what the car can take if all goes well.

    Once due it stays so, until it is known that there is much more time than there was.
    """
    if before is not None and not before.is_of(energy_kwh, by_utc_s, target_soc):
        before = None
    latest_utc_s = sure.latest_start(left_kwh, by_utc_s)
    hurries = before is not None and before.due
    spare_s = before.spare_s if before is not None and hurries else 0.0
    due = left_kwh > 0.0 and latest_utc_s <= now_utc_s + (spare_s + RELEASE_S if hurries else 0.0)
    began_utc_s = before.began_utc_s if before is not None and hurries else latest_utc_s
    if due and not hurries:
        pure_s = charging_s(left_kwh, sure.now_w)
        spare_s = margin_s(pure_s) if math.isfinite(pure_s) else 0.0
    short_kwh = left_kwh - min(left_kwh, best.takes_kwh(now_utc_s, by_utc_s))
    return Pace(
        energy_kwh=energy_kwh,
        by_utc_s=by_utc_s,
        left_kwh=left_kwh,
        pull=sure,
        latest_start_utc_s=latest_utc_s,
        due=due,
        began_utc_s=began_utc_s if due else None,
        spare_s=spare_s if due else 0.0,
        expected_kwh=max(0.0, energy_kwh - short_kwh),
        at_risk=short_kwh > _short_from_kwh(left_kwh, before),
        target_soc=target_soc,
    )


def _short_from_kwh(left_kwh: float, before: Pace | None) -> float:
    if before is not None and before.at_risk:
        return STILL_SHORT_KWH
    return max(SHORT_KWH, SHORT_SHARE * left_kwh)
