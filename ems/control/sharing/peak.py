"""The running window of a peak tariff: what was imported so far, and what the rest of it still allows (§8).

Windows are aligned to the full hour. Every zone's offset from UTC is a multiple of 15 minutes, and of an hour where
windows are longer, so UTC seconds are enough to find them; the date is needed for the month alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from ems.model.site import PeakTariff

LEAST_LEFT_S: Final = 60.0
"""What is left is spread over no less: cars need seconds to follow, and a rush at the end gains nothing."""

MOST_OF_TARGET: Final = 2.0
"""The rest of a window may make up for its quiet beginning by so many times the target, no more."""

MONTH_BEGINS_EARLY_S: Final = 7200.0
"""The month begins so long before it does in UTC: east of it, as in Flanders, local midnight comes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakWindow:
    """What is remembered of the running window, and of the month."""

    began_utc_s: float
    seen_until_utc_s: float
    imported_wh: float
    """So far; the part of it that nobody saw counts as imported at the target."""

    whole: bool
    """Whether all of it was seen."""

    import_w: float
    """At the last look, never negative: exports are not set off against imports."""

    month: int
    """Counted from the year 0."""

    month_peak_w: float = 0.0
    """The highest mean of a window in this month that was seen whole."""

    def target_w(self, tariff: PeakTariff) -> float:
        """The mean that this window may come to."""
        return max(tariff.limit_w, self.month_peak_w)


def seen(before: PeakWindow | None, tariff: PeakTariff, utc_s: float, grid_w: float | None) -> PeakWindow:
    """The window after one more look at the grid meter; `grid_w` None repeats the last look's power.

    A clock that went back, or a gap of more than a window, starts anew and keeps the month's peak.
    """
    began_utc_s = utc_s - utc_s % tariff.window_s
    if before is None or not 0.0 <= utc_s - before.seen_until_utc_s < tariff.window_s:
        return _begun_unseen(before, tariff, utc_s, began_utc_s, max(0.0, grid_w or 0.0))
    import_w = before.import_w if grid_w is None else max(0.0, grid_w)
    if began_utc_s <= before.began_utc_s:
        new_wh = import_w * (utc_s - before.seen_until_utc_s) / 3600.0
        return replace(before, seen_until_utc_s=utc_s, imported_wh=before.imported_wh + new_wh, import_w=import_w)
    last_wh = before.imported_wh + import_w * (began_utc_s - before.seen_until_utc_s) / 3600.0
    mean_w = last_wh * 3600.0 / tariff.window_s if before.whole else 0.0
    month = _month(began_utc_s)
    return PeakWindow(
        began_utc_s=began_utc_s,
        seen_until_utc_s=utc_s,
        imported_wh=import_w * (utc_s - began_utc_s) / 3600.0,
        whole=True,
        import_w=import_w,
        month=month,
        month_peak_w=max(before.month_peak_w, mean_w) if month == before.month else 0.0,
    )


def allowed_w(window: PeakWindow, tariff: PeakTariff) -> float:
    """The mean import that the rest of the window allows: (P_peak · window − energy so far) / time left, bounded."""
    target_w = window.target_w(tariff)
    left_wh = target_w * tariff.window_s / 3600.0 - window.imported_wh
    left_s = window.began_utc_s + tariff.window_s - window.seen_until_utc_s
    return min(max(0.0, left_wh * 3600.0 / max(left_s, LEAST_LEFT_S)), MOST_OF_TARGET * target_w)


def _begun_unseen(
    before: PeakWindow | None, tariff: PeakTariff, utc_s: float, began_utc_s: float, import_w: float
) -> PeakWindow:
    month = _month(began_utc_s)
    fresh = PeakWindow(
        began_utc_s=began_utc_s,
        seen_until_utc_s=utc_s,
        imported_wh=0.0,
        whole=utc_s == began_utc_s,
        import_w=import_w,
        month=month,
        month_peak_w=before.month_peak_w if before is not None and before.month == month else 0.0,
    )
    return replace(fresh, imported_wh=fresh.target_w(tariff) * (utc_s - began_utc_s) / 3600.0)


def _month(utc_s: float) -> int:
    date = datetime.fromtimestamp(utc_s + MONTH_BEGINS_EARLY_S, UTC)
    return date.year * 12 + date.month
