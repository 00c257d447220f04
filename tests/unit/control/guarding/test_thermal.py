"""The thermal image of every fuse, from what its meter saw."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ems.control.breaker import Edge, model_of
from ems.control.guarding.reaction import device_model, reaction_s
from ems.control.guarding.thermal import thermal_images, time_to_trip_s
from ems.control.headroom import headroom
from ems.control.memory import Memory, RowKey
from ems.control.seen.trust import MeterView, judge_meters
from ems.model.electrical import Phase
from ems.model.readings import GridReading
from ems.model.site import Policy
from ems.model.snapshot import Snapshot
from tests.strategies import looks
from tests.unit.control.scene import CALM, MAIN, STATION, grid, limit, look, report, state, view

SUB = replace(MAIN, circuit_id="garage", parent_id="main", metered=False, largest_other_load_a=4.0)
MODEL = model_of(MAIN.fuse, MAIN.derating, Edge.TYPICAL)
HALF = {("main", phase): 0.5 for phase in Phase}


def images(
    sample: GridReading | None, *, elapsed_s: float = 1.0, before: Mapping[RowKey, float] = HALF
) -> dict[RowKey, float]:
    """θ after a look at one car at 10 A that follows a sample of the main fuse."""
    seen = look([STATION], [state(sent=[limit(10.0, ago_s=50)], car=report(10.0, 10.0, 10.0))])
    memory = replace(CALM, last_at_s=seen.now_s - elapsed_s, thermal=before)
    views = {"main": view(sample)}
    return thermal_images(seen, memory, views, headroom(seen, memory, views))


def test_a_fuse_of_unknown_past_starts_as_after_a_long_time_at_0_95() -> None:
    unknown = images(grid(1.0, 1.0, 1.0), before={})

    assert unknown == pytest.approx({("main", phase): (0.95 / 1.13) ** 2 for phase in Phase})


@pytest.mark.parametrize("elapsed_s", [0.0, 1.0, 7.0, 300.0])
def test_every_look_is_one_step_of_the_model_with_what_the_meter_saw(elapsed_s: float) -> None:
    seen = images(grid(40.0, 10.0, 0.0), elapsed_s=elapsed_s)

    for phase, amps in zip(Phase, (40.0, 10.0, 0.0), strict=True):
        assert seen["main", phase] == pytest.approx(MODEL.step(0.5, amps, elapsed_s))


def test_sun_that_leaves_the_house_heats_as_well() -> None:
    assert images(grid(-30.0, 0.0, 0.0)) == images(grid(30.0, 0.0, 0.0))


def test_a_clock_that_goes_back_cools_nothing() -> None:
    assert images(grid(0.0, 0.0, 0.0), elapsed_s=-10.0) == HALF


def test_while_nobody_sees_the_fuse_it_carries_the_held_house_and_all_that_cars_may_draw() -> None:
    blind = replace(CALM, thermal=HALF, held_a={"main": grid(9.0, 9.0, 9.0).current_a})
    seen = look([STATION], [state(sent=[limit(10.0, ago_s=50)], car=report(2.0, 2.0, 2.0))])
    lost = replace(view(grid(3.0, 3.0, 3.0)), fresh=False)
    views: dict[str, MeterView] = {"main": lost}
    room = headroom(seen, blind, views)
    theta = thermal_images(seen, blind, views, room)["main", Phase.L1]

    presumed_a = room.rooms["main", Phase.L1].held_a + 10.0
    assert presumed_a >= 18.9
    assert theta == pytest.approx(MODEL.step(0.5, presumed_a, 1.0))
    assert theta > images(grid(3.0, 3.0, 3.0))["main", Phase.L1]


def test_a_fuse_without_a_meter_carries_its_stated_load_and_its_cars() -> None:
    inside = replace(STATION, circuit_id="garage")
    seen = look([inside], [state(sent=[limit(10.0, ago_s=50)], car=report(10.0, 10.0, 10.0))], circuits=(MAIN, SUB))
    memory = replace(CALM, thermal={("garage", phase): 0.5 for phase in Phase})
    views = {"main": view(grid(11.0, 11.0, 11.0))}
    theta = thermal_images(seen, memory, views, headroom(seen, memory, views))

    assert theta["garage", Phase.L2] == pytest.approx(MODEL.step(0.5, 14.0, 1.0))


@given(looks())
@settings(max_examples=40)
def test_every_fuse_and_phase_has_an_image_that_is_never_negative(case: tuple[Snapshot, Memory]) -> None:
    seen, memory = case
    views, _ = judge_meters(seen, memory)
    theta = thermal_images(seen, memory, views, headroom(seen, memory, views))

    assert set(theta) == {(circuit.circuit_id, phase) for circuit in seen.site.circuits for phase in circuit.phases}
    assert all(each >= 0 and math.isfinite(each) for each in theta.values())


@given(st.floats(0, 100), st.floats(0, 60))
def test_what_nobody_sees_is_never_cooler_than_what_a_meter_sees(seen_a: float, elapsed_s: float) -> None:
    """Of a house that draws what it drew, with a car within its limit."""
    sample = grid(seen_a, seen_a, seen_a)
    seen = look([STATION], [state(sent=[limit(10.0, ago_s=50)], car=report(10.0, 10.0, 10.0))])
    memory = replace(CALM, last_at_s=seen.now_s - elapsed_s, thermal=HALF)
    sighted = {"main": view(sample)}
    blind = {"main": replace(view(sample), fresh=False)}
    warm = thermal_images(seen, memory, sighted, headroom(seen, memory, sighted))
    warmer = thermal_images(seen, memory, blind, headroom(seen, memory, blind))

    assert all(warmer[key] >= warm[key] - 1e-9 for key in warm)


def test_time_to_trip_is_that_of_the_derated_typical_device() -> None:
    hot = replace(MAIN, derating=0.8)

    assert time_to_trip_s(MAIN, 0.0, 50.0) == pytest.approx(8.0, abs=0.01)
    assert time_to_trip_s(hot, 0.0, 40.0) == pytest.approx(8.0, abs=0.01)
    assert time_to_trip_s(MAIN, 0.0, 28.0) == math.inf
    assert device_model(MAIN.fuse, 0.8).rating_a == 20.0


def test_reaction_time_adds_the_period_of_the_meter_of_that_circuit() -> None:
    seen = look([STATION], [state()], policy=Policy(meter_period_s=5.0))
    quick = replace(seen, site=replace(seen.site, meter_period_s={"garage": 1.0}))

    assert reaction_s(seen, "main") == pytest.approx(11.6)
    assert reaction_s(quick, "garage") == pytest.approx(7.6)
