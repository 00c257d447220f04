"""What a trace holds, in a few numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from ems.sim.traces.gaps import DAY_S
from ems.sim.traces.trace import Series, Trace

_COMPLETE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSummary:
    """One column that holds readings."""

    name: str
    gap_share: float
    """Steps without a reading, 0 to 1."""

    mean: float
    least: float
    most: float
    steepest_step: float
    """Largest change from one step to the next, signed."""

    steepest_utc: datetime | None
    """When the step after that change starts; None when no two steps in a row have readings."""

    kwh_per_day: float | None
    """Mean energy of the days with more than 95 % of their readings; None without such a day, and for prices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceSummary:
    """A trace in a few numbers."""

    name: str
    start_utc: datetime
    end_utc: datetime
    days: float
    step_s: int
    steps: int
    columns: tuple[ColumnSummary, ...]


_SERIES = ("load_w", "load_l1_w", "load_l2_w", "load_l3_w", "pv_w", "battery_w", "price_eur_per_kwh")


def describe(trace: Trace) -> TraceSummary:
    """Start, length and step of a trace, and the figures of each column that holds readings."""
    named: list[tuple[str, Series | None]] = [(name, getattr(trace, name)) for name in _SERIES]
    return TraceSummary(
        name=trace.name,
        start_utc=trace.start_utc,
        end_utc=trace.end_utc,
        days=trace.length_s / DAY_S,
        step_s=trace.step_s,
        steps=len(trace.load_w),
        columns=tuple(
            _column(trace, name, series) for name, series in named if series is not None and not np.isnan(series).all()
        ),
    )


def _column(trace: Trace, name: str, series: Series) -> ColumnSummary:
    changes = np.nan_to_num(np.diff(series), nan=0.0)
    steepest = int(np.argmax(np.abs(changes))) if changes.size else 0
    change = float(changes[steepest]) if changes.size else 0.0
    return ColumnSummary(
        name=name,
        gap_share=float(np.mean(np.isnan(series))),
        mean=float(np.nanmean(series)),
        least=float(np.nanmin(series)),
        most=float(np.nanmax(series)),
        steepest_step=change,
        steepest_utc=_time_of(trace, steepest + 1) if change else None,
        kwh_per_day=_kwh_per_day(series, trace.step_s) if name.endswith("_w") else None,
    )


def _time_of(trace: Trace, step: int) -> datetime:
    return datetime.fromtimestamp(trace.start_utc.timestamp() + step * trace.step_s, trace.start_utc.tzinfo)


def _kwh_per_day(series: Series, step_s: int) -> float | None:
    """Days are counted from the start of the trace."""
    steps = DAY_S // step_s
    days = len(series) // steps
    if not days:
        return None
    whole = series[: days * steps].reshape(days, steps)
    complete = np.mean(~np.isnan(whole), axis=1) > _COMPLETE
    if not complete.any():
        return None
    mean_w = np.nanmean(whole[complete], axis=1)
    return float(np.mean(mean_w)) * DAY_S / 3_600_000
