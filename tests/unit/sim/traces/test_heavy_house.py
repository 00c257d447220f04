"""The heavy house: large steps on known phases, and never too much for a fuse of 35 A by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ems.sim.traces.generate import TracePlan, make_trace
from ems.sim.traces.heavy_house import MOST_W
from ems.sim.traces.seconds import HouseSeconds
from ems.sim.traces.trace import Trace
from tests.unit.sim.traces.trace_files import START

PLAN = TracePlan(start_utc=START, days=3, step_s=1, seed=35, kwp=0, base_w=450, house="heavy")


def by_phase(made: Trace) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    assert made.load_phases is not None
    return np.stack(made.load_phases, axis=1)


@pytest.mark.parametrize("seed", range(3))
def test_no_phase_carries_096_of_35_amps_without_cars(seed: int) -> None:
    phases_w = by_phase(make_trace(replace(PLAN, seed=seed, days=2)))

    assert phases_w.max() <= MOST_W < 0.96 * 35 * 230
    assert phases_w.min() == 150.0


def test_a_base_load_near_the_limit_keeps_appliances_off() -> None:
    phases_w = by_phase(make_trace(replace(PLAN, base_w=4999, days=1)))

    assert phases_w.max() <= MOST_W


def test_a_flow_heater_comes_on_three_phases_at_once_and_a_hob_on_two() -> None:
    steps_w = np.diff(by_phase(make_trace(PLAN)), axis=0)

    assert ((steps_w == 3000.0).all(axis=1)).sum() > 10
    assert ((steps_w[:, :2] == 3680.0).all(axis=1) & (steps_w[:, 2] == 0.0)).sum() > 50


def test_the_load_is_the_sum_of_its_phases_and_played_as_it_is() -> None:
    made = make_trace(replace(PLAN, days=1))
    played = HouseSeconds(made, 3, 1, None).day(0)

    np.testing.assert_array_equal(made.load_w, by_phase(made).sum(axis=1))
    np.testing.assert_allclose(played.load_w, by_phase(made), atol=1e-6)


def test_the_same_plan_makes_the_same_house_and_another_seed_another() -> None:
    one_day = replace(PLAN, days=1)

    np.testing.assert_array_equal(make_trace(one_day).load_w, make_trace(one_day).load_w)
    assert (make_trace(one_day).load_w != make_trace(replace(one_day, seed=36)).load_w).any()


def test_the_usual_house_states_no_phases() -> None:
    assert make_trace(replace(PLAN, house="usual", days=1, step_s=60)).load_phases is None
