"""When the home battery is held, when it is let go, and that an order only ever bounds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.control.battery import KEPT_S, MARGIN_A, RESTS_S, order_battery
from ems.model.battery import BatteryOrder, BatteryReason, BatteryRules
from ems.model.decision import CircuitLoad, Decision
from ems.model.electrical import NOMINAL_V, PerPhase, Phase
from ems.model.goals import ChargeMode, Goal
from ems.model.readings import BatteryReading
from ems.model.site import PeakTariff
from ems.model.snapshot import Snapshot
from ems.model.words import Language, has_words, say
from tests.strategies import per_phase
from tests.unit.control.scene import NOW_S, STATION, grid, look, report, state

HOLD = BatteryRules(hold=True)
FREE = BatteryOrder()


def evening(
    *grid_a: float, battery_w: float = 2000.0, car_a: float = 10.0, mode: ChargeMode = ChargeMode.MIN_SOLAR
) -> Snapshot:
    """A car charges after sunset, and the battery helps."""
    return look(
        [STATION],
        [state(car=report(car_a, car_a, car_a))],
        meters={"main": grid(*(grid_a or (9.0, 9.0, 9.0)))},
        goals={"a": Goal(mode=mode)},
        battery=BatteryReading(power_w=battery_w, taken_at_s=NOW_S, soc=0.6),
    )


def decided(now: Snapshot, usable_a: float = 25.0) -> Decision:
    """What a cycle says of the main fuse while its meter is trusted."""
    main = now.meters.get("main")
    load = CircuitLoad(
        circuit_id="main",
        usable_a=usable_a,
        measured_a=None if main is None else main.current_a,
        house_a=PerPhase(),
        held_a=PerPhase(),
        meter_age_s=None if main is None else now.now_s - main.taken_at_s,
    )
    return Decision(at_s=now.now_s, setpoints={}, circuits={"main": load})


def ordered(now: Snapshot, rules: BatteryRules = HOLD, before: BatteryOrder = FREE) -> BatteryOrder:
    return order_battery(now, decided(now), rules, before)


def test_battery_is_held_while_a_car_charges_from_the_grid() -> None:
    order = ordered(evening())

    assert (order.reason, order.discharge_at_most_w, order.charge_at_most_w) == (
        BatteryReason.CARS_FROM_GRID,
        0.0,
        None,
    )


def test_battery_serves_the_house_while_no_car_charges() -> None:
    assert ordered(evening(car_a=0.0)).is_free


def test_battery_is_left_alone_while_the_sun_is_enough() -> None:
    assert ordered(evening(-3.0, -3.0, -3.0, battery_w=-1500.0)).is_free


def test_battery_is_held_for_a_fast_car_whatever_the_sun_gives() -> None:
    order = ordered(evening(-3.0, -3.0, -3.0, battery_w=-1500.0, mode=ChargeMode.FAST))

    assert (order.reason, order.holds) == (BatteryReason.FAST_CAR, True)


def test_nothing_is_ordered_without_leave() -> None:
    assert ordered(evening(), BatteryRules()).is_free


def test_battery_is_not_held_where_the_fuse_has_no_room_for_that() -> None:
    order = ordered(evening(20.0, 20.0, 20.0, battery_w=4000.0))

    assert (order.reason, order.is_free) == (BatteryReason.FUSE_NEEDS_IT, True)


def test_a_battery_on_one_phase_counts_on_that_phase_alone() -> None:
    now = evening(5.0, 20.0, 20.0, battery_w=2300.0)
    on_l1 = replace(now, site=replace(now.site, battery_wiring=(Phase.L1,)))

    assert ordered(on_l1).holds
    assert ordered(now).reason is BatteryReason.FUSE_NEEDS_IT


def test_a_hold_ends_at_once_where_the_fuse_has_no_room_any_more_and_rests_then() -> None:
    held = ordered(evening())
    full = ordered(evening(30.0, 9.0, 9.0, battery_w=0.0), before=held)
    now = evening()
    soon = ordered(replace(now, now_s=NOW_S), before=full)
    later = ordered(now, before=replace(full, since_s=NOW_S - RESTS_S))

    assert (full.reason, full.is_free) == (BatteryReason.FUSE_NEEDS_IT, True)
    assert soon.is_free
    assert later.holds


def test_a_hold_outlasts_a_passing_cloud() -> None:
    sunny = evening(-3.0, -3.0, -3.0, battery_w=0.0)
    fresh = BatteryOrder(reason=BatteryReason.CARS_FROM_GRID, since_s=NOW_S - 1, discharge_at_most_w=0.0)

    assert ordered(sunny, before=fresh).holds
    assert ordered(sunny, before=replace(fresh, since_s=NOW_S - KEPT_S)).is_free


def test_a_battery_that_takes_no_sun_while_held_is_held_for_a_fast_car_only_beyond_the_sun() -> None:
    rules = BatteryRules(hold=True, hold_stops_charging=True)
    sunny = evening(-3.0, -3.0, -3.0, battery_w=0.0, mode=ChargeMode.FAST)
    dark = evening(mode=ChargeMode.FAST)
    held = replace(ordered(dark, rules), since_s=NOW_S - KEPT_S)

    assert ordered(sunny, rules).is_free
    assert (held.reason, held.holds) == (BatteryReason.FAST_CAR, True)
    assert ordered(sunny, rules, held).is_free
    assert ordered(sunny, rules, replace(held, since_s=NOW_S - 1)).holds


def test_a_silent_battery_or_meter_leaves_it_free() -> None:
    rules = BatteryRules(hold=True, charge_at_most_w=2000.0, discharge_at_most_w=1000.0)

    for blind in (replace(evening(), battery=None), replace(evening(), meters={})):
        order = ordered(blind, rules)
        assert (order.reason, order.is_free) == (BatteryReason.UNSEEN, True)


def test_a_bound_of_the_import_needs_the_battery() -> None:
    now = evening()
    capped = replace(now, import_cap_w=7000.0)
    peaked = replace(now, site=replace(now.site, peak=PeakTariff(limit_w=10_000.0)))

    assert ordered(capped).reason is BatteryReason.CAP_NEEDS_IT
    assert ordered(peaked).reason is BatteryReason.CAP_NEEDS_IT
    assert ordered(replace(now, import_cap_w=12_000.0)).holds


def test_bounds_of_the_site_file_hold_all_the_time_but_for_the_fuse() -> None:
    rules = BatteryRules(charge_at_most_w=2000.0, discharge_at_most_w=1000.0)
    usual, full = ordered(evening(car_a=0.0), rules), ordered(evening(25.0, 0.0, 0.0), rules)

    assert (usual.charge_at_most_w, usual.discharge_at_most_w) == (2000.0, 1000.0)
    assert (full.charge_at_most_w, full.discharge_at_most_w) == (2000.0, None)


@given(
    measured_a=per_phase,
    battery_w=st.floats(-6000, 6000),
    usable_a=st.floats(6, 63),
    mode=st.sampled_from(ChargeMode),
    rules=st.builds(
        BatteryRules,
        hold=st.booleans(),
        hold_stops_charging=st.booleans(),
        charge_at_most_w=st.none() | st.floats(0, 5000),
        discharge_at_most_w=st.none() | st.floats(0, 5000),
    ),
    before=st.builds(
        BatteryOrder,
        reason=st.sampled_from(BatteryReason),
        since_s=st.floats(NOW_S - 1000, NOW_S),
        discharge_at_most_w=st.none() | st.just(0.0),
    ),
)
def test_no_order_takes_help_that_the_fuse_has_no_room_without(
    measured_a: PerPhase,
    battery_w: float,
    usable_a: float,
    mode: ChargeMode,
    rules: BatteryRules,
    before: BatteryOrder,
) -> None:
    now = evening(*measured_a, battery_w=battery_w, mode=mode)

    order = order_battery(now, decided(now, usable_a), rules, before)

    bounds = (order.charge_at_most_w, order.discharge_at_most_w)
    assert all(bound is None or bound >= 0.0 for bound in bounds)
    assert rules.hold or not order.holds or rules.discharge_at_most_w == 0.0
    if order.discharge_at_most_w is not None:
        given_a = max(0.0, battery_w) / NOMINAL_V
        assert all(amps + given_a <= usable_a + 1e-9 for amps in measured_a)


@given(
    measured_a=per_phase,
    battery_w=st.floats(-6000, 6000),
    usable_a=st.floats(6, 63),
    mode=st.sampled_from(ChargeMode),
    stops=st.booleans(),
)
def test_a_hold_never_begins_without_room_to_spare(
    measured_a: PerPhase, battery_w: float, usable_a: float, mode: ChargeMode, stops: bool
) -> None:
    now = evening(*measured_a, battery_w=battery_w, mode=mode)

    order = order_battery(now, decided(now, usable_a), BatteryRules(hold=True, hold_stops_charging=stops), FREE)

    if order.holds:
        given_a = max(0.0, battery_w) / NOMINAL_V
        assert all(amps + given_a <= usable_a - MARGIN_A + 1e-9 for amps in measured_a)


@given(battery_w=st.floats(-6000, 6000), export_a=st.floats(0.1, 40), since_s=st.floats(KEPT_S, 1000))
def test_what_takes_no_sun_while_held_is_not_held_while_sun_is_left(
    battery_w: float, export_a: float, since_s: float
) -> None:
    """But for the first minute: so much sun is lost to it, and no more."""
    sunny = evening(-export_a, -export_a, -export_a, battery_w=min(0.0, battery_w), mode=ChargeMode.FAST)
    held = BatteryOrder(reason=BatteryReason.FAST_CAR, since_s=NOW_S - since_s, discharge_at_most_w=0.0)
    rules = BatteryRules(hold=True, hold_stops_charging=True)

    assert ordered(sunny, rules, held).is_free
    assert ordered(sunny, rules, FREE).is_free


@pytest.mark.parametrize("mode", [ChargeMode.FAST, ChargeMode.MIN_SOLAR])
def test_nor_is_it_held_while_it_takes_the_sun_itself(mode: ChargeMode) -> None:
    """What it charges with would be there for house and cars."""
    rules = BatteryRules(hold=True, hold_stops_charging=True)

    assert ordered(evening(1.0, 1.0, 1.0, battery_w=-2000.0, mode=mode), rules).is_free
    assert ordered(evening(9.0, 9.0, 9.0, battery_w=-2000.0, mode=mode), rules).holds


@pytest.mark.parametrize("reason", BatteryReason)
def test_every_reason_has_words(reason: BatteryReason) -> None:
    assert has_words(f"battery.{reason}")
    assert all(say(f"battery.{reason}", each) for each in Language)
