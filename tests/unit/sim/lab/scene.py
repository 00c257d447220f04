"""A made-up run for tests of scores."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from ems.sim.lab.records import BreakerFigures, RunRecord, StationCounts, Stay, StayOutcome

START = datetime(2026, 6, 1, tzinfo=UTC)


def figures(circuit_id: str = "main", *, trips: int = 0) -> BreakerFigures:
    return BreakerFigures(
        circuit_id=circuit_id,
        trips=trips,
        max_thermal=0.5,
        seconds_over_rating=12.0,
        seconds_over_1_13=3.0,
        worst_day_seconds_over_1_13=2.0,
    )


def outcome(
    energy_kwh: float, solar_kwh: float, *, wanted_kwh: float = 20.0, target_by_s: float | None = None
) -> StayOutcome:
    stay = Stay(
        station_id="garage",
        arrival_s=0.0,
        departure_s=86_400.0,
        energy_kwh=wanted_kwh,
        phases=3,
        max_a=16.0,
        target_by_s=target_by_s,
    )
    return StayOutcome(stay=stay, energy_kwh=energy_kwh, solar_kwh=solar_kwh)


def record(
    *stays: StayOutcome,
    counts: dict[str, StationCounts] | None = None,
    breakers: tuple[BreakerFigures, ...] = (figures(),),
    house_only: tuple[BreakerFigures, ...] = (figures(),),
    days: float = 2.0,
    wall_s: float = 4.0,
    policy: str = "fusewise",
) -> RunRecord:
    return RunRecord(
        policy=policy,
        start_utc=START,
        days=days,
        cycles=1000,
        wall_s=wall_s,
        stays=stays,
        counts={} if counts is None else counts,
        breakers=breakers,
        house_only=house_only,
        surplus_w_by_minute=np.zeros(0),
        ratings_a={"main": 25.0},
    )
