"""A car that waits for room to start from the sun takes nothing from those that charge but its minimum at a fuse."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given

from ems.control.cycle import Stages, decide, work_out
from ems.control.explain import explain
from ems.control.memory import Memory
from ems.control.seen.in_force import commanded
from ems.control.settle import waits_for_room
from ems.model.decision import LimitReason
from ems.model.electrical import Phase
from ems.model.explanation import Stage
from ems.model.explanation_sentences import step_sentence
from ems.model.goals import ChargeMode, Goal
from ems.model.snapshot import Snapshot
from tests.house import House
from tests.plant import Car
from tests.strategies import looks

HAIR_A = 1e-6


def one_charging_one_to_start() -> House:
    """The carport fills L2 with sun; then there is enough for the garage too, and it must wait for room there."""
    house = House(main_fuse_a=25, sun_w=14_000)
    house.with_car("carport", wiring=(Phase.L2,), max_a=32)
    house.with_car("garage", car=Car(start_s=20))
    house.goals["garage"] = Goal(mode=ChargeMode.OFF)
    house.run(minutes=8)
    house.goals["garage"] = Goal(mode=ChargeMode.SOLAR)
    return house


def limits_until_the_other_starts(house: House) -> list[float]:
    limits_a = []
    while house.limit_a("garage") == 0.0:
        house.step()
        limits_a.append(house.limit_a("carport"))
    return limits_a[:-1]


def test_who_charges_makes_room_for_no_more_than_the_minimum_of_the_one_that_waits() -> None:
    house = one_charging_one_to_start()
    before_a = house.limit_a("carport")

    limits_a = limits_until_the_other_starts(house)

    assert before_a == pytest.approx(1.13 * 25, abs=0.1)
    assert len(limits_a) > 10
    assert min(limits_a) >= before_a - 6.0 - 0.1


def test_a_start_begins_at_the_minimum_and_then_has_its_part() -> None:
    house = one_charging_one_to_start()
    limits_until_the_other_starts(house)
    first_a = house.limit_a("garage")
    house.run(minutes=5)

    assert first_a == 6.0
    assert house.limit_a("garage") > 9.0


def test_who_waits_for_room_says_that_it_begins_at_the_minimum() -> None:
    house = one_charging_one_to_start()
    house.run(seconds=15)
    told = explain(house.snapshot(), house.memory, "garage")
    sharing = next(step for step in told.steps if step.stage is Stage.SHARING)

    assert house.limit_a("garage") == 0.0
    assert step_sentence(sharing).startswith("sharing: 6.0 A, the minimum it starts at; while it waits for room")


@given(looks())
def test_who_waits_for_room_has_no_more_than_its_minimum_and_no_sun(case: tuple[Snapshot, Memory]) -> None:
    look, memory = case
    stages = work_out(look, memory)
    of_sun = [row for row in stages.rows if row.reason.code is LimitReason.SOLAR_SURPLUS]

    for station_id, share in stages.shares.items():
        wish = stages.wishes[station_id]
        if wish.candidate is not None and waits_for_room(wish, memory, look, stages.room):
            assert share.limit_a <= wish.candidate.lo_a + HAIR_A
            assert not any(station_id in row.weights for row in of_sun)


@given(looks())
def test_who_waits_for_room_does_not_start(case: tuple[Snapshot, Memory]) -> None:
    look, memory = case
    stages = work_out(look, memory)

    for station_id, wish in stages.wishes.items():
        if waits_for_room(wish, memory, look, stages.room):
            assert stages.guarded.setpoints[station_id].limit_a == 0.0


@given(looks())
def test_whoever_pauses_starts_no_higher_than_its_minimum(case: tuple[Snapshot, Memory]) -> None:
    look, memory = case
    stages = work_out(look, memory)
    setpoints = decide(look, memory).decision.setpoints

    for station_id in paused_by_us(look, stages):
        assert setpoints[station_id].limit_a <= look.site.station(station_id).min_a


def paused_by_us(look: Snapshot, stages: Stages) -> Mapping[str, float]:
    """The stations in the sharing whose limit in force is 0."""
    limits = {name: commanded(look.state_of(name), look.now_s) for name in stages.shares}
    return {name: limit.limit_a for name, limit in limits.items() if limit is not None and limit.limit_a <= 0}
