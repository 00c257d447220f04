"""Every set-point explains itself: the chain of one cycle, in numbers and in words."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given

from ems.control.cycle import decide
from ems.control.explain import explain
from ems.control.memory import Memory
from ems.model.battery import BatteryOrder, BatteryReason, BatteryStanding
from ems.model.decision import LimitReason
from ems.model.electrical import CircuitTree, PerPhase, Phase
from ems.model.explanation import Explanation, Stage, Step
from ems.model.explanation_sentences import chain
from ems.model.goals import ChargeMode
from ems.model.site import GridOperator
from ems.model.snapshot import Snapshot
from tests.house import House
from tests.strategies import looks

AFTER_SHARING = (Stage.CALM, Stage.GUARD, Stage.RAISE)

HELD = BatteryOrder(reason=BatteryReason.FAST_CAR, discharge_at_most_w=0.0)


def told(house: House, station_id: str) -> Explanation:
    """Why the station has what it has: the house's next cycle."""
    return explain(house.snapshot(), house.memory, station_id)


def capped(look: Snapshot) -> Snapshot:
    """The same house with every cap beside its fuses."""
    main, *others = look.site.circuits
    site = replace(
        look.site,
        circuits=CircuitTree((replace(main, max_power_w=9000.0), *others)),
        max_imbalance_a=5.0,
        grid_operator=GridOperator(devices=2),
    )
    return replace(look, site=site)


def step(explanation: Explanation, stage: Stage) -> Step:
    return next(each for each in explanation.steps if each.stage is stage)


def said(explanation: Explanation, stage: Stage) -> str:
    place = [each.stage for each in explanation.steps].index(stage)
    return chain(explanation)[place]


@given(looks())
def test_the_chain_ends_at_the_setpoint_that_goes_out(case: tuple[Snapshot, Memory]) -> None:
    look, memory = case
    setpoints = decide(look, memory).decision.setpoints

    for station_id, setpoint in setpoints.items():
        explanation = explain(look, memory, station_id)
        last = explanation.steps[-1]
        assert explanation.setpoint == setpoint
        assert (last.limit_a, last.phases, last.reason) == (setpoint.limit_a, setpoint.phases, setpoint.reason)


@given(looks())
def test_the_chain_ends_at_the_setpoint_under_caps_too(case: tuple[Snapshot, Memory]) -> None:
    look, memory = capped(case[0]), case[1]
    setpoints = decide(look, memory).decision.setpoints

    for station_id, setpoint in setpoints.items():
        explanation = explain(look, memory, station_id)
        last = explanation.steps[-1]
        assert (last.limit_a, last.phases, last.reason) == (setpoint.limit_a, setpoint.phases, setpoint.reason)
        assert len(chain(explanation)) == len(explanation.steps)


@given(looks())
def test_after_the_sharing_only_calm_may_keep_more(case: tuple[Snapshot, Memory]) -> None:
    look, memory = case
    for station in look.site.stations:
        for each in explain(look, memory, station.station_id).steps:
            if each.stage not in AFTER_SHARING:
                continue
            assert each.before_a is not None
            assert each.limit_a is not None
            kept_by_calm = each.stage is Stage.CALM and each.limit_a == each.facts.get("commanded_a")
            assert each.limit_a <= each.before_a or kept_by_calm


@given(looks())
def test_every_step_takes_up_where_the_one_before_ended(case: tuple[Snapshot, Memory]) -> None:
    look, memory = case
    for station in look.site.stations:
        steps = explain(look, memory, station.station_id).steps
        late = [each for each in steps if each.stage in AFTER_SHARING]
        assert [each.stage for each in steps] == sorted((each.stage for each in steps), key=list(Stage).index)
        assert all(later.before_a == earlier.limit_a for earlier, later in pairwise(late))


@given(looks())
def test_every_step_has_a_sentence(case: tuple[Snapshot, Memory]) -> None:
    look, memory = case
    for station in look.site.stations:
        explanation = explain(look, memory, station.station_id)
        lines = chain(explanation)
        assert len(lines) == len(explanation.steps)
        assert all(line.partition(": ")[2] for line in lines)


@given(looks())
def test_explaining_twice_gives_the_same(case: tuple[Snapshot, Memory]) -> None:
    look, memory = case
    station_id = look.site.stations[0].station_id

    assert explain(look, memory, station_id) == explain(look, memory, station_id)


def test_a_station_that_the_site_does_not_have_is_an_error() -> None:
    house = House().with_car("garage").run(seconds=20)

    with pytest.raises(KeyError, match="attic"):
        told(house, "attic")


def test_a_solar_car_is_told_from_meter_to_guard() -> None:
    house = House(sun_w=8000).with_car("garage").run(minutes=3)
    explanation = told(house, "garage")

    assert [each.stage for each in explanation.steps] == [
        Stage.METER,
        Stage.SURPLUS,
        Stage.DEMAND,
        Stage.PATTERN,
        Stage.SHARING,
        Stage.CALM,
        Stage.GUARD,
    ]
    sharing = step(explanation, Stage.SHARING)
    assert sharing.reason.code is LimitReason.SOLAR_SURPLUS
    assert sharing.facts["given_w"] == pytest.approx(sharing.facts["row_w"])
    assert step(explanation, Stage.SURPLUS).facts["surplus_w"] == pytest.approx(8000 - 690, abs=60)
    assert said(explanation, Stage.METER) == "meter: main 0.0 s old, good"


def test_a_car_without_sun_is_told_what_the_next_start_still_needs() -> None:
    house = House(sun_w=6500).with_car("garage").with_car("carport").run(minutes=4)
    off = next(name for name in ("garage", "carport") if house.limit_a(name) == 0)
    explanation = told(house, off)

    pattern = step(explanation, Stage.PATTERN)
    assert pattern.phases == 0
    assert pattern.pattern[off] == 0
    assert sum(phases > 0 for phases in pattern.pattern.values()) == 1
    assert f"{off} off" in said(explanation, Stage.PATTERN)
    assert "needed" in said(explanation, Stage.PATTERN)


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        (BatteryStanding(order=HELD, in_force=True), "held: a car charges as fast as it may, for 40 s"),
        (BatteryStanding(order=HELD, in_force=False), "for 40 s; it has not taken that yet"),
        (BatteryStanding(order=HELD, in_force=False, trouble="refused"), "takes no order and is free (held: a car "),
    ],
)
def test_what_the_home_battery_is_ordered_is_a_step_and_changes_no_limit(standing: BatteryStanding, words: str) -> None:
    house = House(main_fuse_a=25).with_car("garage", mode=ChargeMode.FAST).run(minutes=3)
    look = house.snapshot()
    ordered = replace(look, ordered=replace(standing, order=replace(HELD, since_s=look.now_s - 40)))

    explanation = explain(ordered, house.memory, "garage")

    assert words in said(explanation, Stage.BATTERY)
    assert explanation.setpoint == explain(look, house.memory, "garage").setpoint
    assert all(each.stage is not Stage.BATTERY for each in explain(look, house.memory, "garage").steps)


def test_a_fast_car_is_told_the_fuse_that_binds_with_its_numbers() -> None:
    house = House(main_fuse_a=25, base_a=PerPhase(1.0, 14.0, 1.0)).with_car("garage", mode=ChargeMode.FAST)
    explanation = told(house.run(minutes=3), "garage")

    sharing = step(explanation, Stage.SHARING)
    assert (sharing.circuit_id, sharing.phase) == ("main", Phase.L2)
    assert sharing.facts["row_a"] == pytest.approx(25 * 0.95 - 14.0, abs=0.2)
    assert said(explanation, Stage.SHARING).startswith(
        f"sharing: {sharing.limit_a:.1f} A, bound by main fuse L2: house 14"
    )
    guard = step(explanation, Stage.GUARD)
    assert (guard.circuit_id, guard.phase) == ("main", Phase.L2)
    assert 0.0 < guard.facts["thermal"] < 1.0


def test_a_raise_that_takes_its_time_is_a_step_of_its_own() -> None:
    house = House(main_fuse_a=25, base_a=PerPhase(5.0, 5.0, 5.0)).with_car(
        "garage", mode=ChargeMode.FAST, fallback_a=0.0
    )
    house.run(seconds=2)
    while house.limit_a("garage") < 6.0:
        house.step()
    explanation = told(house.run(seconds=1), "garage")

    raised = explanation.steps[-1]
    assert raised.stage is Stage.RAISE
    assert raised.before_a == 16.0
    assert raised.reason.code is LimitReason.SETTLING
    assert "not yet to 16.0 A" in chain(explanation)[-1]


def test_a_lost_meter_is_told_first_and_lowers_the_wish() -> None:
    house = House(sun_w=8000).with_car("garage").run(minutes=3)
    house.meter_works = False
    explanation = told(house.run(seconds=8), "garage")

    assert step(explanation, Stage.METER).word == "lost"
    assert explanation.setpoint.reason.code is LimitReason.METER_LOST
    assert "silent" in said(explanation, Stage.DEMAND)


def test_what_the_guard_cuts_is_told_with_the_fuse_that_asked_for_it() -> None:
    house = House(main_fuse_a=25).with_car("garage", mode=ChargeMode.FAST).run(minutes=4)
    seen = house.snapshot().meters["main"]
    hob = replace(seen, current_a=seen.current_a + PerPhase(0.0, 12.0, 0.0), taken_at_s=house.now_s + 1)
    look = replace(house.snapshot(), now_s=house.now_s + 1, meters={"main": hob})
    explanation = explain(look, house.memory, "garage")

    guard = explanation.steps[-1]
    assert guard.stage is Stage.GUARD
    assert (guard.circuit_id, guard.phase) == ("main", Phase.L2)
    assert explanation.setpoint.limit_a < 16.0
    assert explanation.setpoint.reason.code is LimitReason.MAIN_FUSE


def test_a_cap_of_the_grid_operator_is_told_in_watts() -> None:
    house = House(main_fuse_a=40).with_car("garage", mode=ChargeMode.FAST).with_car("carport", mode=ChargeMode.FAST)
    look = house.run(minutes=4).snapshot()
    dimmed = replace(look, site=replace(look.site, grid_operator=GridOperator(devices=2)), dimmed=True)
    explanation = explain(dimmed, house.memory, "garage")

    sharing = step(explanation, Stage.SHARING)
    assert sharing.reason.code is LimitReason.GRID_OPERATOR
    assert sharing.facts["row_w"] == pytest.approx(7560.0)
    assert "of 7560 W" in said(explanation, Stage.SHARING)
