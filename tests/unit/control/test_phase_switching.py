"""Cars whose stations change between one phase and three: stories of a whole small house."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from ems.control.memory import StationTimers
from ems.control.sun.sun_cars import DAY_S
from ems.control.timers import station_timers
from ems.model.decision import LimitReason, Setpoint
from ems.model.electrical import PerPhase, Phase
from ems.model.goals import ChargeMode, Goal
from ems.model.site import Policy
from tests.house import House
from tests.plant import Car
from tests.unit.control.scene import NOW_S, STATION, look, state


def switching_house(sun_w: float, policy: Policy | None = None) -> House:
    house = House(sun_w=sun_w, policy=policy or Policy())
    return house.with_car("garage", can_switch_phases=True, fallback_a=0.0)


def phases_of(house: House) -> tuple[int, int]:
    """What is commanded, and where the contactor stands."""
    return house.setpoint("garage").phases, house.cars["garage"].contactor


def test_little_sun_is_charged_on_one_phase() -> None:
    house = switching_house(3000).run(minutes=5)

    assert phases_of(house) == (1, 1)
    assert house.limit_a("garage") == pytest.approx((3000 - 690) / 230, abs=0.4)


def test_a_person_may_choose_one_phase_and_the_sun_does_not_change_it() -> None:
    house = switching_house(9000)
    house.goals["garage"] = Goal(phases=1, least_phases=1)
    house.run(minutes=10)

    assert phases_of(house) == (1, 1)
    assert house.limit_a("garage") == 16.0


def test_a_person_may_choose_three_phases_and_then_little_sun_is_too_little() -> None:
    house = switching_house(2000)
    house.goals["garage"] = Goal(phases=3, least_phases=3)
    house.run(minutes=10)

    assert house.limit_a("garage") == 0.0
    assert house.cars["garage"].switches_s == []


def test_a_choice_of_phases_counts_at_once_while_it_charges() -> None:
    house = switching_house(9000).run(minutes=5)
    assert phases_of(house) == (3, 3)

    house.goals["garage"] = Goal(phases=1, least_phases=1)
    house.run(seconds=60)

    assert phases_of(house) == (1, 1)


def test_a_person_s_least_current_is_kept_and_below_it_the_car_pauses() -> None:
    house = House(sun_w=9000).with_car("garage", fallback_a=0.0)
    house.goals["garage"] = Goal(min_a=10.0)
    house.run(minutes=5)
    assert house.limit_a("garage") > 10.0

    house.sun_w = 6500
    house.run(seconds=60)
    kept_a = house.limit_a("garage")
    house.sun_w = 1000
    house.run(minutes=5)

    assert kept_a == 10.0
    assert house.limit_a("garage") == 0.0
    charged = {limits["garage"] for at_s, limits in house.history if at_s > 1010 and limits["garage"] > 0.0}
    assert min(charged) >= 10.0


def test_a_fuse_comes_before_a_person_s_least_current() -> None:
    house = House(base_a=PerPhase(12.0, 1.0, 1.0)).with_car("garage", mode=ChargeMode.FAST, fallback_a=0.0)
    house.goals["garage"] = Goal(mode=ChargeMode.FAST, min_a=10.0)
    house.run(minutes=3)
    assert 10.0 <= house.limit_a("garage") <= 11.8

    house.base_a = PerPhase(20.0, 1.0, 1.0)
    house.run(seconds=20)

    assert house.limit_a("garage") == 0.0
    assert house.reason("garage") is LimitReason.MAIN_FUSE


def test_more_sun_moves_it_to_three_phases_once_it_is_worth_the_contactor() -> None:
    house = switching_house(3000).run(minutes=5)
    house.sun_w = 9000
    house.run(seconds=60)
    soon = phases_of(house)
    house.run(minutes=3)

    assert soon == (1, 1)
    assert phases_of(house) == (3, 3)
    assert house.limit_a("garage") == pytest.approx((9000 - 690) / 690, abs=0.4)
    assert len(house.memory.timers_of("garage").switched_at_s) == 1


def test_less_sun_moves_it_back_to_one_phase_without_a_pause_in_between() -> None:
    house = switching_house(9000).run(minutes=5)
    house.sun_w = 3000
    began_s = house.now_s
    house.run(minutes=12)

    assert phases_of(house) == (1, 1)
    assert all(limits["garage"] >= 6.0 for at_s, limits in house.history if at_s > began_s)
    assert len(house.memory.timers_of("garage").switched_at_s) == 1


def test_a_change_of_phases_begins_at_the_minimum() -> None:
    house = switching_house(3000).run(minutes=5)
    house.sun_w = 9000
    while house.setpoint("garage").phases == 1:
        house.step()

    assert house.limit_a("garage") == 6.0


def test_a_cloud_of_two_minutes_moves_no_contactor() -> None:
    house = switching_house(9000).run(minutes=5)
    for _ in range(4):
        house.sun_w = 3500
        house.run(minutes=2)
        house.sun_w = 9000
        house.run(minutes=4)

    assert house.memory.timers_of("garage").switched_at_s == ()
    assert len(house.cars["garage"].switches_s) == 0


def test_a_change_across_a_pause_counts_once() -> None:
    house = switching_house(9000).run(minutes=5)
    house.sun_w = 0
    house.run(minutes=4)
    paused_a, while_paused = house.limit_a("garage"), house.memory.timers_of("garage").switched_at_s
    house.sun_w = 2500
    house.run(minutes=4)

    assert (paused_a, while_paused) == (0.0, ())
    assert phases_of(house) == (1, 1)
    assert len(house.memory.timers_of("garage").switched_at_s) == 1


def test_the_daily_ceiling_keeps_the_contactor_still_and_the_car_charging() -> None:
    house = switching_house(9000, Policy(phase_switches_per_day=1)).run(minutes=3)
    for sun_w in (2500, 9000, 2500, 9000):
        house.sun_w = sun_w
        house.run(minutes=15)

    assert len(house.memory.timers_of("garage").switched_at_s) == 1
    assert len(house.cars["garage"].switches_s) == 1
    assert phases_of(house) == (1, 1)
    assert house.limit_a("garage") == 16.0


def test_a_tight_fuse_on_the_second_phase_leaves_the_car_on_the_first() -> None:
    house = switching_house(3000)
    house.base_a = PerPhase(1.0, 19.5, 1.0)
    house.sun_w = 3000 + 18.5 * 230
    house.run(minutes=5)
    house.sun_w = 14_000
    house.base_a = PerPhase(5.0, 33.0, 5.0)
    house.run(minutes=15)

    assert phases_of(house) == (1, 1)
    assert house.limit_a("garage") > 6.0


def test_a_full_car_leaves_the_contactor_where_it_is() -> None:
    house = switching_house(3000).run(minutes=5)
    house.cars["garage"].appetite_a = 0.0
    full = house.state_of(house.stations[0])
    house.states["garage"] = replace(full, status=full.status.SUSPENDED_EV if full.status else None)
    house.sun_w = 9000
    house.run(minutes=10)

    assert phases_of(house) == (1, 1)
    assert house.memory.timers_of("garage").switched_at_s == ()


def test_a_car_in_a_hurry_gets_all_phases() -> None:
    house = switching_house(3000).run(minutes=5)
    house.goals["garage"] = Goal(mode=ChargeMode.FAST)
    house.run(minutes=2)

    assert phases_of(house) == (3, 3)
    assert house.limit_a("garage") == 16.0


def test_gains_outlive_a_stop_by_the_guard() -> None:
    house = switching_house(3000).run(minutes=5)
    house.sun_w = 8000
    house.run(seconds=40)
    gained = dict(house.memory.regrets.gained_wh or {})
    # As much sun as before for the whole house, and far too much on the phase of the car.
    house.base_a = PerPhase(48.0, 1.0, 1.0)
    house.sun_w = 8000 + 47 * 230
    house.run(seconds=8)
    stopped_a = house.limit_a("garage")
    after = house.memory.regrets.gained_wh

    assert stopped_a == 0.0
    assert house.memory.regrets.pattern == (1,)
    assert after is not None
    assert after[(3,)] >= gained[(3,)] > 5.0


@pytest.mark.parametrize("seed", [1, 2])
def test_forty_minutes_of_random_sun_and_loads_keep_every_law(seed: int) -> None:
    """Changes are cheap here, so that the ceiling has work to do."""
    dice = random.Random(seed)
    policy = Policy(start_wh=3.0, stop_wh=3.0, switch_wh=8.0, phase_switches_per_day=4)
    house = House(main_fuse_a=dice.choice([20.0, 25.0]), sun_w=9000, policy=policy)
    house.with_car("one", can_switch_phases=True, fallback_a=0.0, car=Car(dead_s=3, start_s=8, offset_a=0.3))
    house.with_car(
        "two",
        can_switch_phases=True,
        wiring=(Phase.L2, Phase.L3, Phase.L1),
        mode=dice.choice([ChargeMode.SOLAR, ChargeMode.MIN_SOLAR]),
    )
    for second in range(2400):
        if second % 60 == 0:
            house.sun_w = dice.choice([0, 0, 2500, 5000, 9000, 14_000])
        if second % 97 == 0:
            house.base_a = PerPhase(dice.choice([1, 8, 13]), dice.choice([1, 5, 12]), dice.choice([1, 2, 9]))
        house.step()

    assert all(limit_a == 0.0 or limit_a >= 6.0 for _, limits in house.history for limit_a in limits.values())
    assert all(len(house.memory.timers_of(name).switched_at_s) <= 4 for name in ("one", "two"))
    # The first start is from a contactor that nobody has heard of yet.
    assert all(len(car.switches_s) <= 4 + 1 for car in house.cars.values())
    assert sum(len(car.switches_s) for car in house.cars.values()) >= 2
    assert max(house.memory.thermal.values()) < 1.0


def next_timers(before: StationTimers, limit_a: float, phases: int, *, shed: bool = False) -> StationTimers:
    setpoint = Setpoint(station_id="a", limit_a=limit_a, phases=phases)
    return station_timers(before, setpoint, shed, look([STATION], [state()]))


ON_ONE = StationTimers(on_since_s=NOW_S - 300, off_since_s=NOW_S - 600, last_phases=1)


def test_timers_remember_a_start_a_stop_and_a_change_of_phases() -> None:
    started = next_timers(StationTimers(), 6.0, 1)
    changed = next_timers(ON_ONE, 6.0, 3)
    stopped = next_timers(changed, 0.0, 3)

    assert (started.on_since_s, started.last_phases, started.switched_at_s) == (NOW_S, 1, ())
    assert (changed.on_since_s, changed.last_phases, changed.switched_at_s) == (NOW_S - 300, 3, (NOW_S,))
    assert (stopped.on_since_s, stopped.off_since_s, stopped.last_phases) == (None, NOW_S, 3)
    assert stopped.switched_at_s == (NOW_S,)


def test_a_pause_changes_no_phases_until_it_ends() -> None:
    paused = next_timers(ON_ONE, 0.0, 3)
    still_paused = next_timers(paused, 0.0, 1)
    started = next_timers(still_paused, 6.0, 3)

    assert (paused.last_phases, paused.switched_at_s) == (1, ())
    assert still_paused is paused
    assert started.switched_at_s == (NOW_S,)
    assert next_timers(started, 8.0, 3) is started


def test_changes_of_yesterday_are_forgotten_at_the_next_one() -> None:
    old = replace(ON_ONE, switched_at_s=(NOW_S - DAY_S - 1, NOW_S - 3600))

    assert next_timers(old, 6.0, 3).switched_at_s == (NOW_S - 3600, NOW_S)


def test_same_phases_since_the_later_of_start_and_change() -> None:
    assert StationTimers().same_phases_since_s is None
    assert ON_ONE.same_phases_since_s == NOW_S - 300
    assert replace(ON_ONE, switched_at_s=(NOW_S - 900,)).same_phases_since_s == NOW_S - 300
    assert replace(ON_ONE, switched_at_s=(NOW_S - 900, NOW_S - 60)).same_phases_since_s == NOW_S - 60


def test_only_a_stop_by_the_guard_is_remembered_as_one() -> None:
    assert next_timers(ON_ONE, 0.0, 1).shed_at_s is None
    assert next_timers(ON_ONE, 0.0, 1, shed=True).shed_at_s == NOW_S


def test_the_reason_of_a_car_on_one_phase_is_still_the_sun() -> None:
    assert switching_house(3000).run(minutes=5).reason("garage") is LimitReason.SOLAR_SURPLUS


def test_a_car_that_takes_to_more_phases_than_it_was_seen_on_is_lowered_before_it_reports() -> None:
    house = House(main_fuse_a=25, base_a=PerPhase(1.0, 14.0, 1.0)).with_car(
        "garage", mode=ChargeMode.FAST, car=Car(phases=1, report_every_s=60)
    )
    house.run(minutes=5)
    measured = house.memory.learned["garage"].phases
    house.grid_max_a = PerPhase()

    house.cars["garage"].phases = 3
    house.run(seconds=8)
    after_a = house.grid_a()[Phase.L2]

    assert measured == 1
    assert after_a <= 25.0


def test_a_meter_that_is_lost_switches_no_car_to_more_phases() -> None:
    house = switching_house(3000).run(minutes=5)
    before = house.setpoint("garage")

    house.meter_works = False
    house.run(seconds=30)

    assert (before.phases, before.limit_a > 6.0) == (1, True)
    assert house.reason("garage") is LimitReason.METER_LOST
    assert house.setpoint("garage").phases == 1


def test_a_late_meter_switches_no_car_that_becomes_fast() -> None:
    house = switching_house(3000).run(minutes=5)

    house.meter_works = False
    house.run(seconds=4)
    house.goals["garage"] = Goal(mode=ChargeMode.FAST)
    house.run(seconds=1)

    assert house.setpoint("garage").phases == 1
