"""What is ahead at a charger, in quarters of an hour, and the next event of the house."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ems.api.errors import UnknownStation
from ems.api.wire import BoostWish, EventKind, GoalWish, LimitWish, PlanKind, StationPlan
from ems.model.goals import ChargeMode
from tests.live import LiveBench, sunny_house

WHO = "anna"


def bench() -> LiveBench:
    house = sunny_house(sun_w=0.0)
    made = LiveBench(house)
    house.utc_s = made.clock.utc_now().timestamp()
    made.run(60)
    return made


def ahead(made: LiveBench) -> StationPlan:
    made.run(2)
    return made.live.plan("garage")


def kinds(plan: StationPlan) -> list[PlanKind]:
    """Each kind once, in its order."""
    found: list[PlanKind] = []
    for slot in plan.slots:
        if slot.kind not in found[-1:]:
            found.append(slot.kind)
    return found


def test_slots_join_up_on_the_quarters_of_the_clock_for_a_day() -> None:
    plan = ahead(bench())

    assert plan.slots[0].begins == plan.made_at
    assert plan.slots[-1].ends - plan.made_at == timedelta(hours=24)
    assert all(one.ends == two.begins for one, two in zip(plan.slots, plan.slots[1:], strict=False))
    assert all(slot.ends.minute % 15 == 0 and slot.ends.second == 0 for slot in plan.slots[:-1])


def test_what_follows_the_sun_is_unknown() -> None:
    plan = ahead(bench())

    assert kinds(plan) == [PlanKind.SUN]
    assert {(slot.power_w, slot.least_w) for slot in plan.slots} == {(None, 0.0)}
    assert plan.slots[0].says.text == "follows the sun; how much comes is unknown"


def test_a_goal_is_planned_from_its_latest_start_to_its_time() -> None:
    made = bench()
    by = made.clock.utc_now() + timedelta(hours=6)
    made.live.set_goal("garage", GoalWish(energy_kwh=7.36, ready_by=by), who=WHO)

    plan = ahead(made)

    assert kinds(plan) == [PlanKind.SUN, PlanKind.GOAL, PlanKind.FINISHED]
    assert plan.slots[-1].ends == by
    assert sum(s.least_w * (s.ends - s.begins).total_seconds() / 3.6e6 for s in plan.slots) == pytest.approx(
        7.36, abs=0.01
    )
    event = made.live.state().next_event
    assert event is not None
    assert (event.kind, event.station) == (EventKind.GOAL_START, "garage")


def test_a_boost_and_a_limit_end_in_the_plan_as_they_will() -> None:
    made = bench()
    made.live.boost("garage", BoostWish(duration_s=3600.0), who=WHO)
    made.live.set_limit("garage", LimitWish(limit_a=0.0, duration_s=1800.0), who=WHO)

    assert kinds(ahead(made)) == [PlanKind.LIMIT, PlanKind.BOOST, PlanKind.SUN]
    event = made.live.state().next_event
    assert event is not None
    assert event.kind is EventKind.LIMIT_ENDS


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        (ChargeMode.OFF, PlanKind.OFF),
        (ChargeMode.MIN_SOLAR, PlanKind.MIN_SOLAR),
        (ChargeMode.FAST, PlanKind.FAST),
    ],
)
def test_every_mode_has_its_kind(mode: ChargeMode, kind: PlanKind) -> None:
    made = bench()
    made.live.set_mode("garage", mode, who=WHO)

    assert kinds(ahead(made)) == [kind]


def test_a_goal_without_a_time_ends_when_it_is_in() -> None:
    made = bench()
    made.live.set_mode("garage", ChargeMode.FAST, who=WHO)
    made.live.set_goal("garage", GoalWish(energy_kwh=11.0), who=WHO)
    made.run(60)

    plan = ahead(made)

    assert kinds(plan) == [PlanKind.FAST, PlanKind.FINISHED]
    event = made.live.state().next_event
    assert event is not None
    assert event.kind is EventKind.FINISH


def test_without_a_car_and_without_optimisation() -> None:
    made = bench()
    made.live.set_optimising(optimising=False, who=WHO)
    plan = ahead(made)
    assert (kinds(plan), plan.slots[1].power_w) == ([PlanKind.FALLBACK], 4140.0)

    made.house.unplug("garage")

    assert kinds(ahead(made)) == [PlanKind.UNPLUGGED]


def test_nobody_plans_for_a_station_that_is_not_there() -> None:
    with pytest.raises(UnknownStation):
        bench().live.plan("cellar")
