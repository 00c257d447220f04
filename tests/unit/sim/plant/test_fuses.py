import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.model.electrical import Circuit, Fuse, FuseDevice, Phase
from ems.sim.plant.fuses import FuseTally

MAIN = Circuit(circuit_id="main", fuse=Fuse(rating_a=25, device=FuseDevice.MCB_B), phases=tuple(Phase))
PICKUP_A = 1.13 * 25
TAU_S = 8.0 / math.log(2.0**2 / (2.0**2 - 1.13**2))
"""8 s at twice the rating, cold."""


def steady(current_a: float, seconds: int, phase: int = 0) -> np.ndarray:
    currents = np.zeros((seconds, 3))
    currents[:, phase] = current_a
    return currents


@given(current_a=st.floats(-28, 28), seconds=st.integers(1, 300))
def test_image_of_a_steady_current_is_the_closed_formula(current_a: float, seconds: int) -> None:
    image = FuseTally(MAIN).day(steady(current_a, seconds))

    heat = (current_a / PICKUP_A) ** 2
    assert image[-1, 0] == pytest.approx(heat * (1 - math.exp(-seconds / TAU_S)), abs=1e-9)
    assert not image[:, 1:].any()


@given(overload=st.floats(1.2, 2.55), preload=st.floats(0, 1))
def test_fuse_trips_at_the_second_of_the_closed_formula(overload: float, preload: float) -> None:
    tally = FuseTally(MAIN)
    tally.day(steady(preload * 25, 3600))
    heat, theta = (overload / 1.13) ** 2, (preload / 1.13) ** 2
    trips_after_s = TAU_S * math.log((heat - theta) / (heat - 1))

    tally.day(steady(overload * 25, math.floor(trips_after_s - 1e-6)))
    assert tally.figures().trips == 0
    tally.day(steady(overload * 25, 1))
    assert tally.figures().trips == 1


def test_phase_is_cold_again_after_a_trip_and_the_next_one_counts_too() -> None:
    tally = FuseTally(MAIN)
    image = tally.day(steady(50, 8 * 60))

    assert tally.figures().trips == 480 // 8
    assert image[7, 0] >= 1 > image[8, 0]


@given(cut=st.integers(0, 200))
def test_days_are_one_run(cut: int) -> None:
    currents = steady(27, 100, phase=2)
    currents[100:] = 0
    currents = np.concatenate([currents, steady(10, 100, phase=2)])
    whole, parts = FuseTally(MAIN), FuseTally(MAIN)

    expected = whole.day(currents)
    parts.day(currents[:cut])
    assert parts.day(currents[cut:]) == pytest.approx(expected[cut:], abs=1e-12)
    assert parts.figures().max_thermal == pytest.approx(whole.figures().max_thermal)


def test_seconds_over_the_rating_count_any_phase_and_either_direction() -> None:
    tally = FuseTally(MAIN)
    currents = np.zeros((10, 3))
    currents[0, 0] = 26
    currents[1, 1] = -26
    currents[2] = (29, 29, 0)
    tally.day(currents)
    tally.day(steady(29, 3))

    figures = tally.figures()
    assert (figures.seconds_over_rating, figures.seconds_over_1_13) == (6, 4)
    assert figures.worst_day_seconds_over_1_13 == 3


def test_heat_in_the_cabinet_makes_a_fuse_trip_earlier() -> None:
    def trips(derating: float) -> int:
        circuit = Circuit(circuit_id="main", fuse=Fuse(rating_a=25.0), phases=tuple(Phase), derating=derating)
        tally = FuseTally(circuit)
        tally.day(np.full((600, 3), 28.0))
        return tally.figures().trips

    assert (trips(1.0), trips(0.8) > 0) == (0, True)
