"""What people set reaches control, ends by itself, and never widens what the installer allows."""

from __future__ import annotations

from datetime import datetime

import pytest
from pydantic import ValidationError

from ems.api.errors import BelowMinimum, CannotSwitchPhases, NotYet, UnknownStation, WidensInstallerLimit
from ems.api.wire import (
    BoostWish,
    GoalWish,
    LimitWish,
    MinimumWish,
    PhasesWish,
    SettingsWish,
    SiteCondition,
    StationStatus,
)
from ems.model.decision import LimitReason
from ems.model.electrical import PerPhase, Phase
from ems.model.goals import ChargeMode
from tests.live import LiveBench, WatchedHouse

WHO = "anna"


def test_nothing_is_said_before_the_first_decision() -> None:
    with pytest.raises(NotYet):
        LiveBench().live.state()


def test_a_mode_counts_from_the_next_cycle_on() -> None:
    bench = LiveBench()
    bench.run(60)

    bench.live.set_mode("garage", ChargeMode.OFF, who=WHO)
    bench.run(5)

    assert bench.station("garage").limit_a == 0.0
    assert bench.station("garage").status is StationStatus.OFF
    assert bench.station("garage").reason is LimitReason.USER


def test_a_mode_is_shown_at_once() -> None:
    bench = LiveBench()
    bench.run(20)

    bench.live.set_mode("garage", ChargeMode.FAST, who=WHO)

    assert bench.station("garage").mode is ChargeMode.FAST


def test_wishes_survive_a_restart() -> None:
    bench = LiveBench()
    bench.run(20)
    bench.live.set_mode("garage", ChargeMode.FAST, who=WHO)
    bench.live.set_settings("garage", SettingsWish(max_a=10.0, priority=4, vehicle="city"), who=WHO)
    bench.live.set_limit("carport", LimitWish(limit_a=8.0, duration_s=600), who=WHO)

    bench.started()
    bench.run(2)

    garage = bench.station("garage")
    assert (garage.mode, garage.user_max_a, garage.priority, garage.vehicle) == (ChargeMode.FAST, 10.0, 4, "city")
    assert garage.user_vehicle == "city"
    assert bench.station("carport").temporary_limit is not None


def test_a_temporary_limit_ends_by_itself() -> None:
    bench = LiveBench()
    bench.live.set_mode("garage", ChargeMode.FAST, who=WHO)
    bench.live.set_limit("garage", LimitWish(limit_a=7.0, duration_s=100), who=WHO)

    bench.run(99)
    assert bench.station("garage").limit_a == 7.0

    bench.run(60)
    assert bench.station("garage").temporary_limit is None
    assert bench.station("garage").limit_a > 7.0


def test_a_temporary_limit_ends_although_the_wall_clock_was_set_back() -> None:
    bench = LiveBench()
    bench.live.set_limit("garage", LimitWish(limit_a=7.0, duration_s=100), who=WHO)
    bench.clock.jump_wall_clock(-86_400.0)

    bench.run(101)

    assert bench.station("garage").temporary_limit is None


def test_a_limit_of_a_run_that_ended_is_over_after_the_restart() -> None:
    bench = LiveBench()
    bench.live.set_limit("garage", LimitWish(limit_a=7.0, duration_s=100), who=WHO)
    bench.clock.jump_wall_clock(200.0)

    bench.started()
    bench.run(2)

    assert bench.station("garage").temporary_limit is None


def test_a_boost_charges_a_solar_car_from_the_grid_and_then_stops() -> None:
    bench = LiveBench()
    bench.house.sun_w = 0.0
    bench.run(120)
    assert bench.station("garage").limit_a == 0.0

    bench.live.boost("garage", BoostWish(duration_s=120), who=WHO)
    bench.run(110)
    boosted = bench.station("garage")
    bench.run(300)

    assert (boosted.limit_a, boosted.mode) == (16.0, ChargeMode.SOLAR)
    assert (bench.station("garage").limit_a, bench.station("garage").boost_until) == (0.0, None)


def test_a_boost_can_be_taken_back() -> None:
    bench = LiveBench()
    bench.live.boost("garage", BoostWish(duration_s=600), who=WHO)
    bench.live.boost("garage", None, who=WHO)

    bench.run(2)

    assert bench.station("garage").boost_until is None


def test_a_car_pauses_once_the_wanted_energy_is_in() -> None:
    bench = LiveBench()
    bench.live.set_mode("garage", ChargeMode.FAST, who=WHO)
    bench.live.set_goal("garage", GoalWish(energy_kwh=10.0), who=WHO)
    bench.ledger.charged("garage", 9.9)
    bench.run(60)
    assert bench.station("garage").status is StationStatus.CHARGING

    bench.ledger.charged("garage", 10.0)
    bench.run(5)

    done = bench.station("garage")
    assert (done.limit_a, done.status, done.reason) == (0.0, StationStatus.FINISHED, LimitReason.PLAN)
    assert done.because.numbers["energy_kwh"] == 10.0


def test_a_goal_is_for_one_stay() -> None:
    bench = LiveBench()
    bench.live.set_goal("garage", GoalWish(energy_kwh=10.0), who=WHO)
    bench.run(20)
    assert bench.station("garage").goal is not None

    bench.house.unplug("garage")
    bench.run(5)

    assert bench.station("garage").goal is None


def test_a_time_without_a_zone_is_no_wish_and_holds_nothing_up() -> None:
    bench = LiveBench()
    bench.live.boost("garage", BoostWish(duration_s=30), who=WHO)

    with pytest.raises(ValidationError):
        GoalWish.model_validate({"ready_by": "2026-06-22T07:00:00"})
    unchecked = GoalWish.model_construct(ready_by=datetime.fromisoformat("2026-06-22T07:00:00"))
    with pytest.raises(ValidationError):
        bench.live.set_goal("garage", unchecked, who=WHO)
    bench.run(40)

    assert (bench.station("garage").goal, bench.station("garage").boost_until) == (None, None)


def test_without_optimisation_every_car_gets_its_fallback_current() -> None:
    bench = LiveBench()
    bench.live.set_mode("garage", ChargeMode.FAST, who=WHO)
    bench.run(60)

    bench.live.set_optimising(optimising=False, who=WHO)
    state = bench.run(60)

    assert (bench.station("garage").limit_a, bench.station("carport").limit_a) == (6.0, 0.0)
    assert state.condition is SiteCondition.PAUSED
    assert not state.optimising


def test_the_fuse_is_guarded_without_optimisation_too() -> None:
    bench = LiveBench()
    bench.live.set_optimising(optimising=False, who=WHO)
    bench.run(60)

    bench.house.sun_w, bench.house.base_a = 0.0, PerPhase(22.0, 22.0, 22.0)
    bench.run(30)

    assert bench.station("garage").limit_a == 0.0
    assert bench.station("garage").reason is LimitReason.MAIN_FUSE


def test_nobody_widens_what_the_installer_set() -> None:
    bench = LiveBench()

    with pytest.raises(WidensInstallerLimit):
        bench.live.set_settings("garage", SettingsWish(max_a=20.0), who=WHO)
    with pytest.raises(WidensInstallerLimit):
        bench.live.set_limit("garage", LimitWish(limit_a=16.1, duration_s=60), who=WHO)


def test_a_person_s_least_current_stays_inside_the_station_s_range() -> None:
    bench = LiveBench()

    with pytest.raises(BelowMinimum):
        bench.live.set_minimum("garage", MinimumWish.model_construct(min_a=5.0), who=WHO)
    with pytest.raises(WidensInstallerLimit):
        bench.live.set_minimum("garage", MinimumWish(min_a=16.1), who=WHO)
    bench.live.set_minimum("garage", MinimumWish(min_a=10.0), who=WHO)
    bench.run(5)

    assert bench.station("garage").user_min_a == 10.0
    bench.started()
    bench.run(5)
    assert bench.station("garage").user_min_a == 10.0
    bench.live.set_minimum("garage", MinimumWish(min_a=None), who=WHO)
    assert bench.station("garage").user_min_a is None
    assert bench.diary.notes[0][2] == "garage: charges from 10.0 A on"


def test_phases_are_chosen_where_the_station_can_change_them() -> None:
    house = WatchedHouse(sun_w=9000.0)
    house.with_car("garage", can_switch_phases=True).with_car("carport", wiring=(Phase.L2,), car_phases=1)
    bench = LiveBench(house)

    with pytest.raises(CannotSwitchPhases):
        bench.live.set_phases("carport", PhasesWish(phases=1), who=WHO)
    bench.live.set_phases("garage", PhasesWish(phases=1), who=WHO)
    bench.started()
    bench.run(120)

    assert (bench.station("garage").user_phases, bench.station("garage").phases) == (1, 1)
    bench.live.set_phases("garage", PhasesWish(phases=None), who=WHO)
    assert bench.station("garage").user_phases is None


def test_a_kept_choice_that_the_station_no_longer_has_is_forgotten() -> None:
    bench = LiveBench()
    bench.shelf.keep("wishes", {"stations": {"garage": {"phases": 1, "min_a": 20.0, "mode": "fast"}}})

    bench.started()
    bench.run(5)

    garage = bench.station("garage")
    assert (garage.user_phases, garage.user_min_a, garage.mode) == (None, None, ChargeMode.FAST)


def test_a_kept_bound_above_the_installers_is_forgotten() -> None:
    bench = LiveBench()
    bench.shelf.keep("wishes", {"stations": {"garage": {"max_a": 32.0, "mode": "fast"}}})

    bench.started()
    bench.run(2)

    assert (bench.station("garage").user_max_a, bench.station("garage").mode) == (None, ChargeMode.FAST)


@pytest.mark.parametrize("kept", [17, "x", {"stations": []}, {"stations": {"garage": {"mode": "hover"}}}])
def test_a_shelf_full_of_nonsense_stops_nobody(kept: object) -> None:
    bench = LiveBench()
    bench.shelf.keep("wishes", kept)

    bench.started()

    assert bench.run(2).optimising


def test_a_bound_that_would_only_pause_is_refused() -> None:
    bench = LiveBench()
    bench.house.stations[0] = bench.house.site.station("garage")

    with pytest.raises(BelowMinimum):
        bench.live.set_settings("garage", SettingsWish.model_construct(max_a=5.0), who=WHO)


def test_unknown_stations_are_named() -> None:
    bench = LiveBench()

    with pytest.raises(UnknownStation, match="attic"):
        bench.live.set_mode("attic", ChargeMode.OFF, who=WHO)


async def test_any_car_may_be_named_and_is_offered_after_those_of_the_site_file() -> None:
    bench = LiveBench()
    bench.live.set_settings("garage", SettingsWish(vehicle="Oma's Zoë"), who=WHO)

    assert bench.ledger.vehicles["garage"] == "Oma's Zoë"
    assert await bench.live.vehicles() == ["family", "city", "Oma's Zoë"]


@pytest.mark.parametrize("name", ["", " ", "a" * 49, "two\nlines", "\x1b[2J"])
def test_a_cars_name_is_one_short_line(name: str) -> None:
    with pytest.raises(ValidationError):
        SettingsWish(vehicle=name)


def test_every_change_is_noted_with_who_made_it() -> None:
    bench = LiveBench()
    bench.live.set_mode("garage", ChargeMode.FAST, who=WHO)
    bench.live.set_optimising(optimising=False, who="max")

    assert bench.diary.notes == [("wish", WHO, "garage: mode fast"), ("wish", "max", "optimisation off")]


def test_the_present_limit_can_be_explained() -> None:
    bench = LiveBench()
    bench.run(60)

    told = bench.live.explain("garage")

    assert told.setpoint.limit_a == bench.station("garage").limit_a
    assert told.steps


async def test_whoever_waits_gets_the_next_state() -> None:
    bench = LiveBench()
    first = bench.run(5)

    bench.live.set_mode("garage", ChargeMode.FAST, who=WHO)
    second = await bench.live.next_state(first.sequence)

    assert second.sequence > first.sequence
