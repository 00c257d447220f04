"""The warmth of a fuse: the laws of one warm body by hypothesis, and the reference times of `control.md` §3."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ems.control.breaker import GG_GATES_A, BreakerThermalModel, Edge, model_of
from ems.control.headroom import CARRIES
from ems.model.electrical import Fuse, FuseDevice

TINY = 1e-9
FASTEST = BreakerThermalModel(k=1.13, tau_s=4.574, rating_a=1.0)
TYPICAL = BreakerThermalModel(k=1.13, tau_s=20.80, rating_a=1.0)

models = st.builds(
    BreakerThermalModel, k=st.floats(1.0, 1.6), tau_s=st.floats(1.0, 400.0), rating_a=st.floats(6.0, 125.0)
)
thetas = st.floats(0.0, 0.999)
shares = st.floats(0.0, 4.0)
"""Current relative to k times the rating."""

times_s = st.floats(0.01, 600.0)


@given(models, thetas, shares, st.floats(0.0, 4000.0))
def test_theta_is_never_negative(model: BreakerThermalModel, theta: float, share: float, dt_s: float) -> None:
    assert model.step(theta, share * model.carries_a, dt_s) >= 0.0


@given(models, thetas, shares, shares, times_s)
def test_more_current_never_leaves_it_cooler(
    model: BreakerThermalModel, theta: float, one: float, other: float, dt_s: float
) -> None:
    less, more = sorted((one, other))
    cooler, warmer = (model.step(theta, share * model.carries_a, dt_s) for share in (less, more))
    assert cooler <= warmer + TINY


@given(models, thetas, thetas, shares, times_s)
def test_a_warmer_start_never_ends_cooler(
    model: BreakerThermalModel, one: float, other: float, share: float, dt_s: float
) -> None:
    cool, warm = sorted((one, other))
    current_a = share * model.carries_a
    assert model.step(cool, current_a, dt_s) <= model.step(warm, current_a, dt_s) + TINY


@given(models, thetas, shares, times_s, st.integers(2, 60))
def test_many_small_steps_are_one_large_step(
    model: BreakerThermalModel, theta: float, share: float, dt_s: float, count: int
) -> None:
    current_a = share * model.carries_a
    small = theta
    for _ in range(count):
        small = model.step(small, current_a, dt_s / count)
    assert small == pytest.approx(model.step(theta, current_a, dt_s), abs=TINY)


@given(models, thetas, st.floats(1.001, 4.0), st.floats(0.001, 2.0))
def test_more_current_trips_earlier(model: BreakerThermalModel, theta: float, share: float, more: float) -> None:
    soon_s = model.time_to_trip_s(theta, (share + more) * model.carries_a)
    assert soon_s < model.time_to_trip_s(theta, share * model.carries_a)


@given(models, st.floats(0.0, 1.0, exclude_max=True), st.floats(0.0, 1.0), st.floats(0.0, 1e6))
def test_what_it_carries_for_ever_never_trips_it(
    model: BreakerThermalModel, theta: float, share: float, dt_s: float
) -> None:
    current_a = share * model.carries_a
    assume(model.theta_at(current_a) <= 1.0)
    assert model.step(theta, current_a, dt_s) < 1.0
    assert model.time_to_trip_s(theta, current_a) == math.inf


@given(models, thetas, st.floats(1.001, 4.0))
def test_it_is_at_the_edge_when_the_time_to_trip_is_over(
    model: BreakerThermalModel, theta: float, share: float
) -> None:
    current_a = share * model.carries_a
    assert model.step(theta, current_a, model.time_to_trip_s(theta, current_a)) == pytest.approx(1.0, abs=TINY)


@given(models, thetas, times_s)
def test_the_largest_current_survived_is_the_inverse_of_the_time_to_trip(
    model: BreakerThermalModel, theta: float, for_s: float
) -> None:
    current_a = model.survivable_a(theta, for_s)
    assert model.step(theta, current_a, for_s) == pytest.approx(1.0, abs=TINY)
    assume(model.theta_at(current_a) > 1.0 + 1e-6)  # Closer to 1, the time hangs on the last digits of the current.
    assert model.time_to_trip_s(theta, current_a) == pytest.approx(for_s, rel=1e-6)


@given(models, thetas, st.sampled_from([4.5, 7.5, 16.5]), st.lists(st.floats(0.0, 1.0), min_size=1, max_size=20))
def test_a_step_just_below_that_current_and_then_what_it_carries_does_not_trip_it(
    model: BreakerThermalModel, theta: float, for_s: float, after: list[float]
) -> None:
    reached = model.step(theta, 0.999 * model.survivable_a(theta, for_s), for_s)
    assert reached < 1.0
    for share in after:
        reached = model.step(reached, 0.999999 * share * model.carries_a, 1.0)
        assert reached < 1.0


@given(models, thetas, shares, times_s)
def test_export_heats_like_import(model: BreakerThermalModel, theta: float, share: float, dt_s: float) -> None:
    current_a = share * model.carries_a
    assert model.step(theta, -current_a, dt_s) == model.step(theta, current_a, dt_s)
    assert model.time_to_trip_s(theta, -current_a) == model.time_to_trip_s(theta, current_a)


@pytest.mark.parametrize(
    ("model", "current", "cold_s", "warm_s"),
    [
        (FASTEST, 1.20, 9.96, 4.54),
        (FASTEST, 1.30, 6.44, 2.35),
        (FASTEST, 1.45, 4.28, 1.32),
        (FASTEST, 1.60, 3.16, 0.89),
        (FASTEST, 2.00, 1.76, 0.44),
        (FASTEST, 2.55, 1.00, 0.24),
        (TYPICAL, 1.20, 45.31, 20.65),
        (TYPICAL, 1.30, 29.31, 10.67),
        (TYPICAL, 1.45, 19.45, 6.02),
        (TYPICAL, 1.60, 14.37, 4.07),
        (TYPICAL, 2.00, 8.00, 2.01),
        (TYPICAL, 2.55, 4.55, 1.07),
    ],
)
def test_reference_times(model: BreakerThermalModel, current: float, cold_s: float, warm_s: float) -> None:
    assert model.time_to_trip_s(0.0, current) == pytest.approx(cold_s, abs=0.01)
    assert model.time_to_trip_s(model.theta_at(1.0), current) == pytest.approx(warm_s, abs=0.01)


@pytest.mark.parametrize(
    ("multiple", "cold_s"), [(1.45, math.inf), (1.60, 264.5), (2.00, 114.6), (2.55, 60.0), (3.00, 40.9)]
)
def test_reference_times_of_the_slowest_small_breaker(multiple: float, cold_s: float) -> None:
    slow = model_of(Fuse(rating_a=32.0), edge=Edge.SLOWEST)

    assert slow.time_to_trip_s(0.0, multiple * 32.0) == pytest.approx(cold_s, abs=0.05)


@pytest.mark.parametrize(
    ("device", "rating_a", "edge", "k", "tau_s"),
    [
        (FuseDevice.MCB_B, 16.0, Edge.FASTEST, 1.13, 4.574),
        (FuseDevice.MCB_C, 63.0, Edge.FASTEST, 1.13, 4.574),
        (FuseDevice.MCB_D, 25.0, Edge.TYPICAL, 1.13, 20.80),
        (FuseDevice.MCB_B, 32.0, Edge.SLOWEST, 1.45, 153.6),
        (FuseDevice.MCB_B, 35.0, Edge.SLOWEST, 1.45, 307.2),
        (FuseDevice.SLS, 35.0, Edge.FASTEST, 1.05, 4.574),
        (FuseDevice.SLS, 35.0, Edge.TYPICAL, 1.05, 20.80),
        (FuseDevice.SLS, 35.0, Edge.SLOWEST, 1.2, 307.2),
        (FuseDevice.GG, 16.0, Edge.FASTEST, 1.25, 21.8),
        (FuseDevice.GG, 25.0, Edge.TYPICAL, 1.25, 22.3),
        (FuseDevice.GG, 32.0, Edge.FASTEST, 1.25, 29.9),
        (FuseDevice.GG, 40.0, Edge.FASTEST, 1.25, 30.8),
        (FuseDevice.GG, 63.0, Edge.FASTEST, 1.25, 36.0),
        (FuseDevice.GG, 50.0, Edge.FASTEST, 1.25, 30.8),
        (FuseDevice.GG, 10.0, Edge.FASTEST, 1.25, 21.8),
        (FuseDevice.GG, 100.0, Edge.FASTEST, 1.25, 36.0),
    ],
)
def test_profile_of_a_fuse(device: FuseDevice, rating_a: float, edge: Edge, k: float, tau_s: float) -> None:
    model = model_of(Fuse(rating_a=rating_a, device=device), 1.0, edge)

    assert model.k == k
    assert model.tau_s == pytest.approx(tau_s, abs=0.06)
    assert model.rating_a == rating_a


@pytest.mark.parametrize("rating_a", GG_GATES_A)
def test_the_slowest_melting_fuse_obeys_its_own_gate(rating_a: float) -> None:
    slow = model_of(Fuse(rating_a=rating_a, device=FuseDevice.GG), edge=Edge.SLOWEST)

    assert slow.k == 1.6
    assert slow.time_to_trip_s(0.0, GG_GATES_A[rating_a][1]) == pytest.approx(5.0, abs=TINY)


@pytest.mark.parametrize("device", FuseDevice)
@pytest.mark.parametrize("rating_a", [16.0, 25.0, 35.0, 63.0])
def test_the_fastest_edge_trips_first_and_the_slowest_last(device: FuseDevice, rating_a: float) -> None:
    fuse = Fuse(rating_a=rating_a, device=device)
    fastest, typical, slowest = (model_of(fuse, edge=edge) for edge in Edge)

    for multiple in (1.1, 1.3, 1.7, 2.55):
        times = [model.time_to_trip_s(0.0, multiple * rating_a) for model in (fastest, typical, slowest)]
        assert times == sorted(times)


@pytest.mark.parametrize("device", FuseDevice)
def test_the_fastest_edge_carries_what_the_headroom_counts_on(device: FuseDevice) -> None:
    assert model_of(Fuse(rating_a=25.0, device=device)).k == CARRIES[device]


def test_heat_in_the_cabinet_lowers_what_it_carries_but_not_its_pace() -> None:
    cool, hot = (model_of(Fuse(rating_a=35.0), derating) for derating in (1.0, 0.8))

    assert hot.carries_a == pytest.approx(0.8 * cool.carries_a)
    assert hot.tau_s == cool.tau_s


def test_an_unknown_past_counts_as_a_long_time_just_below_the_rating() -> None:
    model = model_of(Fuse(rating_a=25.0))

    assert model.unknown_theta == pytest.approx(model.theta_at(0.95 * 25.0))
    assert model.unknown_theta == pytest.approx((0.95 / 1.13) ** 2)


@pytest.mark.parametrize(
    ("rating_a", "for_s", "fastest_a", "typical_a"),
    [(16.0, 4.5, 4.4, 11.7), (25.0, 7.5, 5.5, 12.8), (35.0, 16.5, 6.5, 10.8), (63.0, 36.5, 11.3, 13.5)],
)
def test_survivable_steps_of_the_house(rating_a: float, for_s: float, fastest_a: float, typical_a: float) -> None:
    """From 0.95 of the rating; `control.md` §4."""
    fuse = Fuse(rating_a=rating_a)
    steps = [
        model_of(fuse, edge=edge).survivable_step_a(0.95 * rating_a, for_s) for edge in (Edge.FASTEST, Edge.TYPICAL)
    ]

    assert steps == pytest.approx([fastest_a, typical_a], abs=0.06)


def test_a_preload_that_trips_it_leaves_a_step_down() -> None:
    assert model_of(Fuse(rating_a=16.0)).survivable_step_a(20.0, 5.0) == -20.0


def test_a_device_at_the_edge_survives_nothing_and_a_cold_one_anything_for_no_time() -> None:
    assert FASTEST.survivable_a(1.0, 5.0) == 0.0
    assert FASTEST.time_to_trip_s(1.0, 0.0) == 0.0
    assert FASTEST.survivable_a(0.5, 0.0) == math.inf


@pytest.mark.parametrize("wrong", [{"k": 0.0}, {"tau_s": math.inf}, {"rating_a": math.nan}, {"rating_a": -16.0}])
def test_an_impossible_device_is_refused_by_name(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        BreakerThermalModel(**{"k": 1.13, "tau_s": 20.0, "rating_a": 16.0, **wrong})


def test_a_point_that_the_device_carries_for_ever_is_no_point() -> None:
    with pytest.raises(ValueError, match="above k"):
        BreakerThermalModel.from_point(k=1.13, rating_a=16.0, at_multiple=1.1, trips_after_s=60.0)
