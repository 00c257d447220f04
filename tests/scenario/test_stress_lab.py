"""The stress test of docs/simulate.md in short: two hours of cooking and showers beside two hungry cars on 35 A."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np

from ems.config.examples import example
from ems.config.loader import load_site
from ems.config.translate import to_site
from ems.model.electrical import NOMINAL_V
from ems.sim.lab.compare import Replay, policy_for, seconds_of
from ems.sim.lab.lag_free import lag_free_kwh
from ems.sim.lab.runner import simulate
from ems.sim.lab.score import score
from ems.sim.traces.generate import TracePlan, make_trace
from ems.sim.traces.home import stays_at_home

MIDNIGHT = datetime(2026, 1, 10, tzinfo=UTC)
TWO_HOURS = 2 / 24


@cache
def morning() -> Replay:
    """The busiest two hours of the first week: hob, flow heater and kettle."""
    file = load_site(example("stress_35a"))
    start_utc = MIDNIGHT + timedelta(hours=6)
    trace = make_trace(TracePlan(start_utc=MIDNIGHT, days=1, step_s=1, seed=35, kwp=0, base_w=450, house="heavy"))
    return Replay(
        site=file,
        trace=trace,
        start_utc=start_utc,
        days=TWO_HOURS,
        stays=stays_at_home(file.simulation.cars, start_utc, TWO_HOURS, seed=1),
        seed=1,
    )


def house_a() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    amps: np.ndarray[tuple[int, int], np.dtype[np.float64]] = seconds_of(morning()).day(0).load_w / NOMINAL_V
    return amps


@cache
def played(policy: str) -> dict[str, Any]:
    """The score of that policy, and its main fuse under `main`."""
    replay = morning()
    record = simulate(
        replay.site,
        seconds_of(replay),
        replay.stays,
        policy_for(policy, replay.site),
        start_utc=replay.start_utc,
        seed=replay.seed,
    )
    (main,) = record.breakers
    return {**score(record, 0.0, lag_free_kwh([house_a()], to_site(replay.site), replay.stays)), "main": main}


def test_the_morning_has_large_steps_and_no_trouble_of_its_own() -> None:
    steps_a = np.diff(house_a(), axis=0)[:, 0]

    assert np.count_nonzero(steps_a > 12.0) >= 40
    assert house_a().max() < 0.96 * 35


def test_no_trip_and_most_of_the_lag_free_energy() -> None:
    found = played("fusewise")

    assert found["main"].trips == 0
    assert found["main"].max_thermal <= 0.95
    assert found["lag_free_share"] >= 0.75
    assert found["lag_free_share"] <= 1.0


def test_nobody_in_control_trips_again_and_again() -> None:
    found = played("uncontrolled")

    assert found["main"].trips > 10
    assert found["lag_free_share"] > 1.0
