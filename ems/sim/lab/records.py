"""What a run leaves behind: sessions, counts, breaker figures, and the seconds of the days that a report draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from ems.model.goals import ChargeMode

Series = NDArray[np.float64]
"""One number per second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A car at a station, from arrival to departure. Times in seconds since the start of the run."""

    station_id: str
    arrival_s: float
    departure_s: float
    energy_kwh: float
    """What the car can take before it is full (or wants, where the sessions file says so)."""

    phases: int
    max_a: float
    mode: ChargeMode | None = None
    """None: the station's own mode."""

    target_by_s: float | None = None
    """The energy is wanted by then; None: by departure, without a goal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StayOutcome:
    """What one stay got."""

    stay: Stay
    energy_kwh: float
    solar_kwh: float
    in_time_kwh: float | None = None
    """What of it came before the stay's `target_by_s`; None without one."""

    @property
    def grid_kwh(self) -> float:
        return self.energy_kwh - self.solar_kwh


@dataclass(frozen=True, slots=True, kw_only=True)
class StationCounts:
    """How busy one station was kept."""

    limit_changes: int = 0
    """Limits that differ from the one before."""

    messages: int = 0
    """All limits sent, renewals of leases included."""

    starts: int = 0
    """Changes from pause to charging current."""

    phase_switches: int = 0
    """1↔3 changes."""

    most_phase_switches_in_a_day: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerFigures:
    """One circuit's fuse over a run. Currents count in either direction; the worst phase counts for the seconds."""

    circuit_id: str
    trips: int
    max_thermal: float
    """Largest thermal image of any phase; 1 trips."""

    seconds_over_rating: float
    seconds_over_1_13: float
    worst_day_seconds_over_1_13: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySeconds:
    """One day at one number per second, for pictures; all series have the same length."""

    start_utc: datetime
    pv_w: Series
    house_w: Series
    """Load of the house without cars, all phases."""

    battery_w: Series
    """+ discharge; zeros without a battery."""

    cars_w: Mapping[str, Series]
    """Per station, + consumption."""

    limits_a: Mapping[str, Series]
    """Per station: the limit that it works by; 0 pauses."""

    phases: Mapping[str, Series]
    """Per station: phases in the limit."""

    reasons: Mapping[str, Sequence[tuple[float, float, str]]]
    """Per station: (from_s, to_s, `LimitReason` value) in seconds of this day; empty for policies that give none."""

    current_a: Mapping[str, NDArray[np.float64]]
    """Per circuit: shape (seconds, 3), signed."""

    thermal: Mapping[str, NDArray[np.float64]]
    """Per circuit: thermal image, shape (seconds, 3)."""

    sent_at_s: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """Per station: when limits were sent to it, in seconds of this day."""

    escalations: Mapping[str, Sequence[tuple[float, str]]] = field(default_factory=dict)
    """Per station: since when which step against it was due; empty for policies that know none."""

    notices: Mapping[str, float] = field(default_factory=dict)
    """Per `NoticeCode` value: when people were first told; empty for policies that tell nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """Everything that scores and reports need of one run."""

    policy: str
    start_utc: datetime
    days: float
    cycles: int
    """Decisions taken."""

    wall_s: float
    stays: Sequence[StayOutcome]
    counts: Mapping[str, StationCounts]
    breakers: Sequence[BreakerFigures]
    house_only: Sequence[BreakerFigures]
    """The same house without cars."""

    surplus_w_by_minute: Series
    """Mean over each minute of max(0, production − house load), before cars and battery."""

    ratings_a: Mapping[str, float]
    """Fuse rating per circuit."""

    picture: DaySeconds | None = None
    """The day that was asked for."""
