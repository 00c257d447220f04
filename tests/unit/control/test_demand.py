"""What each car may and wants to draw."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ems.control.demand import Demand, demand, demands, highest_allowed, keep_minimum_add_sun, phases_used
from ems.control.seen.blind import without_sight
from ems.control.seen.learn import NOTHING, Learned
from ems.control.seen.trust import Health
from ems.model.decision import LimitReason
from ems.model.goals import ChargeMode, Goal
from ems.model.site import Station
from ems.model.station import ConnectorStatus, StationState
from tests.unit.control.scene import STATION, grid, limit, look, state, view


def wish(known: StationState, station: Station = STATION, goal: Goal | None = None) -> Demand:
    return demand(station, look([station], [known], goals={} if goal is None else {"a": goal}))


def test_a_fast_car_must_charge_and_takes_all_it_may() -> None:
    fast = wish(state(sent=[limit(10.0, ago_s=5)])).candidate

    assert fast is not None
    assert (fast.must, fast.lo_a, fast.hi_a, fast.running) == (True, 6.0, 16.0, True)


@pytest.mark.parametrize(
    ("mode", "must", "follows_sun"), [(ChargeMode.SOLAR, False, True), (ChargeMode.MIN_SOLAR, True, True)]
)
def test_modes_of_the_sun(mode: ChargeMode, *, must: bool, follows_sun: bool) -> None:
    found = wish(state(), goal=Goal(mode=mode))

    assert found.candidate is not None
    assert (found.candidate.must, found.follows_sun) == (must, follows_sun)


def test_off_is_off() -> None:
    off = wish(state(), goal=Goal(mode=ChargeMode.OFF))

    assert off.candidate is None
    assert off.why_not.code is LimitReason.USER


def test_a_car_with_all_that_was_asked_for_pauses_for_the_plan() -> None:
    full = wish(state(), goal=Goal(mode=ChargeMode.FAST, energy_kwh=10.0, fulfilled=True))

    assert full.candidate is None
    assert (full.why_not.code, full.why_not.energy_kwh) == (LimitReason.PLAN, 10.0)


def test_a_car_that_still_lacks_energy_charges_in_its_mode() -> None:
    assert wish(state(), goal=Goal(mode=ChargeMode.FAST, energy_kwh=10.0)).candidate is not None


def test_no_car_no_wish() -> None:
    free = wish(state(status=ConnectorStatus.AVAILABLE))

    assert (free.candidate, free.rest_a, free.why_not.code) == (None, 0.0, LimitReason.CAR)


def test_a_lost_station_has_no_wish() -> None:
    assert wish(state(connected=False)).why_not.code is LimitReason.STATION_SILENT


def test_a_station_of_unknown_state_rests_where_it_is_but_not_above_its_fallback() -> None:
    assert wish(state(status=None)).rest_a == 6.0
    assert wish(state(status=None, sent=[limit(0.0, ago_s=5)])).rest_a == 0.0
    assert wish(state(status=None, sent=[limit(16.0, ago_s=5)])).rest_a == 6.0


@pytest.mark.parametrize(
    ("station", "goal", "most_a", "code"),
    [
        (STATION, None, 16.0, LimitReason.INSTALLER_LIMIT),
        (replace(STATION, hardware_max_a=13.0), None, 13.0, LimitReason.STATION_MAX),
        (replace(STATION, vehicle_max_a=10.0), None, 10.0, LimitReason.CAR),
        (STATION, Goal(mode=ChargeMode.FAST, max_a=8.0), 8.0, LimitReason.USER),
    ],
)
def test_the_tightest_bound_is_named(station: Station, goal: Goal | None, most_a: float, code: LimitReason) -> None:
    found = wish(state(), station, goal).candidate

    assert found is not None
    assert (found.hi_a, found.hi_reason.code) == (most_a, code)


def test_a_ceiling_below_the_minimum_leaves_no_wish() -> None:
    assert wish(state(), goal=Goal(mode=ChargeMode.FAST, max_a=5.0)).why_not.code is LimitReason.USER


def test_a_car_that_has_enough_keeps_its_minimum_and_takes_no_sun() -> None:
    full = wish(state(status=ConnectorStatus.SUSPENDED_EV))

    assert full.candidate is not None
    assert full.candidate.hi_a == full.candidate.lo_a == 6.0
    assert not full.draws


def test_phases_in_use_are_measured_or_known_or_assumed() -> None:
    one_phase = replace(STATION, vehicle_phases=1)

    assert phases_used(STATION, 3, NOTHING) == 3
    assert phases_used(STATION, 3, Learned(phases=2)) == 2
    assert phases_used(STATION, 1, Learned(phases=2)) == 1
    assert phases_used(one_phase, 3, NOTHING) == 1
    assert phases_used(one_phase, 3, Learned(phases=3)) == 3


def test_a_car_that_takes_less_than_it_may_keeps_a_little_room_to_rise() -> None:
    assert highest_allowed(STATION, STATION.goal, 9.0)[0] == 10.0
    assert highest_allowed(STATION, STATION.goal, 2.0)[0] == STATION.min_a


def test_a_wish_without_a_candidate_stays_without() -> None:
    assert keep_minimum_add_sun(Demand(station_id="a", phases=3)).candidate is None


def test_behind_a_lost_meter_stations_go_to_their_fallback_and_paused_ones_stay_paused() -> None:
    states = [
        state("a", sent=[limit(16.0, ago_s=5)]),
        state("b", sent=[limit(0.0, ago_s=5)]),
        state("c"),
    ]
    seen = look([replace(STATION, station_id=each.station_id) for each in states], states)
    blind = without_sight(demands(seen, {}), {"main": view(grid(1.0), health=Health.LOST)}, seen)

    assert [blind[name].rest_a for name in ("a", "b", "c")] == [6.0, 0.0, 6.0]
    assert all(each.candidate is None and each.why_not.code is LimitReason.METER_LOST for each in blind.values())


def test_a_late_meter_or_none_at_all_leaves_wishes_alone() -> None:
    seen = look([STATION], [state()])

    assert (
        without_sight(demands(seen, {}), {"main": view(grid(1.0), health=Health.LATE)}, seen)["a"].candidate is not None
    )
    assert without_sight(demands(seen, {}), {}, seen)["a"].candidate is not None


def test_a_lost_station_is_shown_at_its_fallback() -> None:
    seen = look([STATION], [state(connected=False)])

    assert without_sight(demands(seen, {}), {}, seen)["a"].rest_a == 6.0


@pytest.mark.parametrize(("switches", "wanted", "given"), [(True, 1, 1), (True, 9, 3), (True, None, 3), (False, 1, 3)])
def test_a_goal_may_ask_for_fewer_phases_where_the_station_can_change_them(
    *, switches: bool, wanted: int | None, given: int
) -> None:
    station = replace(STATION, can_switch_phases=switches)

    assert wish(state(), station, Goal(mode=ChargeMode.FAST, phases=wanted)).phases == given


def test_what_others_limit_the_station_to_is_planned_with() -> None:
    """S17."""
    found = wish(replace(state(), outside_a=10.0))

    assert found.candidate is not None
    assert (found.candidate.hi_a, found.candidate.hi_reason.code) == (10.0, LimitReason.STATION_MAX)
    assert wish(replace(state(), outside_a=4.0)).candidate is None


@pytest.mark.parametrize(
    ("mode", "must"), [(ChargeMode.SOLAR, True), (ChargeMode.MIN_SOLAR, True), (ChargeMode.OFF, None)]
)
def test_priority_at_the_station_puts_the_sun_aside(mode: ChargeMode, *, must: bool | None) -> None:
    """S20: the breaker does not ask for modes."""
    found = wish(replace(state(), hurried=True), goal=Goal(mode=mode, max_a=12.0))

    assert not found.follows_sun
    assert (None if found.candidate is None else found.candidate.must) is must
    assert found.candidate is None or found.candidate.hi_a == 12.0
