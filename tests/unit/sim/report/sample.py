"""A made-up report for tests and for looking at: a day of sun, clouds, house and two cars under several policies.

`python -m tests.unit.sim.report.sample FILE.html` writes it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ems.sim.day import SummerDay
from ems.sim.lab.records import BreakerFigures, DaySeconds, RunRecord, Series, StationCounts, Stay, StayOutcome
from ems.sim.lab.report.page import write_report
from ems.sim.lab.report.shapes import FaultVerdict, Report, Row
from ems.sim.lab.score import foresight_score, score

START = datetime(2026, 6, 20, 22, 0, tzinfo=UTC)
DAY_S = 86_400
RATING_A = 25.0
FORESIGHT_KWH = 431.0
POLICIES = ("threshold", "pv_delay", "fusewise", "equal_share", "uncontrolled")
STAYS = (
    Stay(station_id="garage", arrival_s=9.5 * 3600, departure_s=19 * 3600, energy_kwh=46.0, phases=3, max_a=16.0),
    Stay(station_id="carport", arrival_s=12 * 3600, departure_s=22 * 3600, energy_kwh=22.0, phases=1, max_a=32.0),
)
CALM: Mapping[str, float] = {
    "fusewise": 60, "threshold": 600, "pv_delay": 300, "equal_share": 240, "uncontrolled": 1
}  # fmt: skip


@lru_cache(maxsize=2)
def house_and_sun(seconds: int, seed: int = 7) -> tuple[NDArray[np.float64], Series]:
    """Current per phase of the house, power of the sun; one number per second."""
    day = SummerDay(seed=seed, sky="broken", peak_w=9000)
    at = np.linspace(0, DAY_S, seconds, endpoint=False)
    house_a = np.array([day.house_a(float(s)) for s in at])
    return house_a, np.array([day.sun_w(float(s)) for s in at])


def at_home(stay: Stay, seconds: int) -> Series:
    """1 while the car is there."""
    at = np.linspace(0, DAY_S, seconds, endpoint=False)
    return ((at >= stay.arrival_s) & (at < stay.departure_s)).astype(np.float64)


def limits(policy: str, stay: Stay, surplus_w: Series) -> tuple[Series, Series]:
    """A limit in A and its phases, that follows the surplus as slowly as the policy does."""
    calm_w = np.convolve(surplus_w, np.ones(600) / 600, mode="same")
    wait = int(CALM[policy])
    lagged = np.repeat(calm_w[::wait], wait)[: len(surplus_w)]
    if policy == "uncontrolled":
        lagged = np.full_like(surplus_w, 1e5)
    phases = np.where((lagged > 6 * 690) & (stay.phases == 3), 3.0, 1.0)
    limit_a = np.clip(lagged / (230 * phases), 0, stay.max_a)
    return np.where(limit_a < 6, 0.0, limit_a) * at_home(stay, len(surplus_w)), phases


def reasons(limit_a: Series, phases: Series) -> list[tuple[float, float, str]]:
    """Why, in spans: invented, but in a believable order."""
    codes = np.select([limit_a == 0, limit_a >= 15.9, phases == 1], ["car", "station_max", "settling"], "solar_surplus")
    edges = [0, *(np.flatnonzero(codes[1:] != codes[:-1]) + 1).tolist(), len(codes)]
    return [(float(a), float(b), str(codes[a])) for a, b in pairwise(edges)]


def picture(policy: str, seconds: int = DAY_S) -> DaySeconds:
    """The day under one policy."""
    house_a, sun_w = house_and_sun(seconds)
    house_w = house_a.sum(axis=1) * 230
    left_w = np.maximum(0.0, sun_w - house_w)
    cars, allowed, counts = {}, {}, {}
    current_a = house_a - (sun_w / 690)[:, None]
    for stay in STAYS:
        limit_a, phases = limits(policy, stay, left_w)
        cars[stay.station_id] = np.roll(limit_a, 4) * np.roll(phases, 4) * 230 * 0.985
        allowed[stay.station_id], counts[stay.station_id] = limit_a, phases
        left_w = np.maximum(0.0, left_w - cars[stay.station_id]) if stay.phases == 3 else left_w
        current_a[:, 0] += np.roll(limit_a, 4)
        current_a[:, 1:] += (np.roll(limit_a, 4) * (np.roll(phases, 4) == 3))[:, None]
    ours = policy == "fusewise"
    return DaySeconds(
        start_utc=START,
        pv_w=sun_w,
        house_w=house_w,
        battery_w=np.zeros(seconds),
        cars_w=cars,
        limits_a=allowed,
        phases=counts,
        reasons={each: reasons(allowed[each], counts[each]) if ours else [] for each in allowed},
        current_a={"main": current_a},
        thermal={"main": warmth(current_a)},
    )


def warmth(current_a: NDArray[np.float64]) -> NDArray[np.float64]:
    """First-order heat of each phase, 1 at 1.13 times the rating for ever."""
    heat = (current_a / (1.13 * RATING_A)) ** 2
    image = np.zeros_like(heat)
    for second in range(1, len(heat)):
        image[second] = image[second - 1] + (heat[second] - image[second - 1]) / 600
    return image


def record(policy: str, seconds: int = DAY_S) -> RunRecord:
    """One run of two weeks, of which the second-by-second day is the first."""
    day = picture(policy, seconds)
    slow = POLICIES.index(policy)
    solar = {"fusewise": 0.93, "threshold": 0.78, "pv_delay": 0.84, "equal_share": 0.69, "uncontrolled": 0.52}[policy]
    grid_kwh = {"fusewise": 4.2, "threshold": 21.0, "pv_delay": 33.5, "equal_share": 88.0, "uncontrolled": 410.0}[
        policy
    ]
    solar_kwh = solar * FORESIGHT_KWH
    peak = float(np.abs(day.current_a["main"]).max())
    hot = policy == "uncontrolled"
    return RunRecord(
        policy=policy,
        start_utc=START,
        days=14,
        cycles=604_800,
        wall_s=51.2,
        stays=[
            StayOutcome(stay=STAYS[0], energy_kwh=0.7 * (solar_kwh + grid_kwh), solar_kwh=0.7 * solar_kwh),
            StayOutcome(stay=STAYS[1], energy_kwh=0.3 * (solar_kwh + grid_kwh), solar_kwh=0.3 * solar_kwh),
        ],
        counts={"garage": StationCounts(limit_changes=2400 + 91 * slow, starts=31 + 7 * slow, phase_switches=18)},
        breakers=[figures(trips=3 if hot else 0, thermal=1.0 if hot else 0.71 + slow / 50, over=7 + peak * slow)],
        house_only=[figures(trips=0, thermal=0.38, over=0)],
        surplus_w_by_minute=np.zeros(1),
        ratings_a={"main": RATING_A},
        picture=day,
    )


def figures(*, trips: int, thermal: float, over: float) -> BreakerFigures:
    return BreakerFigures(
        circuit_id="main",
        trips=trips,
        max_thermal=thermal,
        seconds_over_rating=over,
        seconds_over_1_13=over // 4,
        worst_day_seconds_over_1_13=over // 9,
    )


def verdicts(policies: Sequence[str]) -> list[FaultVerdict]:
    """A matrix in which Fusewise holds and others hold now and then."""
    faults = ("grid meter lost", "meter frozen", "station disconnects", "car ignores its limit", "our process dies")
    return [
        FaultVerdict(
            fault=fault,
            policy=policy,
            passed=True if policy == "fusewise" else None if (i + j) % 4 == 3 else (i + j) % 3 == 0,
            figure=f"highest thermal image {0.6 + 0.03 * i + 0.08 * j:.2f}",
            sentence="Cars fell to 6 A within 5 s." if policy == "fusewise" else "The last limit stayed for ever.",
        )
        for j, policy in enumerate(policies)
        for i, fault in enumerate(faults)
    ]


def sample(policies: Sequence[str] = POLICIES, seconds: int = DAY_S) -> Report:
    """The whole report."""
    records = [record(policy, seconds) for policy in policies]
    rows: list[Row] = [score(each, FORESIGHT_KWH) for each in records]
    return Report(
        title="Fusewise simulation report",
        site="Two cars",
        trace="de_sungrow_h1_5min_2023-06-20",
        days=14,
        cars="garage: 3 phases, 16 A; carport: 1 phase, 32 A",
        fuse="3 × 25 A breaker, curve B",
        version="fusewise 0.1.0",
        command="ems simulate config/two_cars.yaml --trace summer.csv.gz --days 14 --seed 7 --report report.html",
        seed=7,
        zone="Europe/Berlin",
        rows=[*rows, foresight_score(14, FORESIGHT_KWH, 0.97 * FORESIGHT_KWH)],
        records=records,
        faults=verdicts(policies),
        policy_notes={"threshold": "Starts when the surplus stays above a threshold for a minute, stops after three."},
    )


if __name__ == "__main__":
    write_report(Path(sys.argv[1]), sample())
