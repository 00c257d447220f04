"""Calm: shortest times, dead band, rounding."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.control.demand import Demand, demands
from ems.control.headroom import headroom
from ems.control.memory import Memory, StationTimers
from ems.control.settle import ROTATES_AFTER_S, calm, rounded_down, take_turns
from ems.control.sharing.rows import Share
from ems.model.decision import LimitReason, Reason, Setpoint
from ems.model.electrical import Phase
from ems.model.goals import ChargeMode, Goal
from ems.model.station import SentLimit, StationState
from tests.unit.control.scene import CALM, NOW_S, STATION, limit, look, state

SUNNY = replace(STATION, goal=Goal(mode=ChargeMode.SOLAR))
SUN = Reason(code=LimitReason.SOLAR_SURPLUS)
FUSE = Reason(code=LimitReason.MAIN_FUSE)


def timed(*, on_since_s: float | None = None, off_since_s: float | None = None) -> Memory:
    return replace(CALM, timers={"a": StationTimers(on_since_s=on_since_s, off_since_s=off_since_s)})


def turn(memory: Memory, known: StationState) -> tuple[bool, float]:
    """Whether the car counts as the one to keep, and how long it has waited."""
    seen = look([SUNNY], [known])
    candidate = take_turns(demands(seen, {}), memory, seen, headroom(seen, memory, {}))["a"].candidate
    assert candidate is not None
    return candidate.running, candidate.waited_s


def settled(wanted_a: float, *sent: SentLimit, reason: Reason = SUN, goal: Goal | None = None) -> Setpoint:
    seen = look([SUNNY], [state(sent=sent)], goals={} if goal is None else {"a": goal})
    return calm({"a": Share(station_id="a", limit_a=wanted_a, reason=reason)}, demands(seen, {}), seen)["a"]


def test_a_car_that_charges_is_the_one_to_keep_until_it_has_had_its_turn() -> None:
    charging = state(sent=[limit(8.0, ago_s=30)])

    assert turn(timed(on_since_s=NOW_S - ROTATES_AFTER_S + 1), charging) == (True, 0.0)
    assert turn(timed(on_since_s=NOW_S - ROTATES_AFTER_S - 1), charging) == (False, 0.0)


def test_a_paused_car_has_waited_since_its_pause() -> None:
    assert turn(timed(off_since_s=NOW_S - 61), state(sent=[limit(0.0, ago_s=30)])) == (False, 61.0)


def test_waiting_is_counted_from_the_start_where_nothing_else_is_known() -> None:
    assert turn(replace(CALM, timers={}), state()) == (False, 1000.0)


ROOMY = replace(CALM, room_since_s={("main", phase): NOW_S - 10.0 for phase in Phase})
ALMOST = replace(ROOMY, room_since_s={**ROOMY.room_since_s, ("main", Phase.L2): NOW_S - 9.0})


@pytest.mark.parametrize("mode", [ChargeMode.SOLAR, ChargeMode.MIN_SOLAR])
@pytest.mark.parametrize("memory", [CALM, ALMOST])
def test_a_car_that_waits_for_room_has_a_claim_on_its_minimum_and_on_no_sun(mode: ChargeMode, memory: Memory) -> None:
    wish = turned(mode, state(sent=[limit(0.0, ago_s=30)]), memory)

    assert wish.candidate is not None
    assert (wish.candidate.lo_a, wish.draws) == (wish.candidate.hi_a, False)
    assert STATION.min_a <= wish.candidate.lo_a < STATION.min_a + 0.5


def test_whoever_need_not_wait_counts_with_all_that_it_may_have() -> None:
    paused, charging = state(sent=[limit(0.0, ago_s=30)]), state(sent=[limit(8.0, ago_s=30)])
    for wish in (
        turned(ChargeMode.SOLAR, paused, ROOMY),
        turned(ChargeMode.SOLAR, charging, CALM),
        turned(ChargeMode.SOLAR, charging, timed(on_since_s=NOW_S - ROTATES_AFTER_S - 1)),
        turned(ChargeMode.SOLAR, state(), CALM),
        turned(ChargeMode.FAST, paused, CALM),
    ):
        assert wish.candidate is not None
        assert (wish.candidate.hi_a, wish.draws) == (STATION.max_a, True)


def turned(mode: ChargeMode, known: StationState, memory: Memory) -> Demand:
    seen = look([replace(STATION, goal=Goal(mode=mode))], [known])
    return take_turns(demands(seen, {}), memory, seen, headroom(seen, memory, {}))["a"]


def test_a_small_solar_change_is_not_worth_a_message() -> None:
    assert settled(10.2, limit(8.0, ago_s=60), limit(10.0, ago_s=10)).limit_a == 10.0
    assert settled(10.4, limit(10.0, ago_s=30)).limit_a == 10.4
    assert settled(9.6, limit(10.0, ago_s=30)).limit_a == 9.6


def test_a_small_solar_change_is_worth_a_message_once_it_has_lasted() -> None:
    assert settled(10.2, limit(8.0, ago_s=60), limit(10.0, ago_s=15)).limit_a == 10.2
    assert settled(10.04, limit(8.0, ago_s=60), limit(10.0, ago_s=30)).limit_a == 10.0


def test_solar_changes_come_no_closer_than_five_seconds() -> None:
    assert settled(12.0, limit(8.0, ago_s=40), limit(10.0, ago_s=4)).limit_a == 10.0
    assert settled(12.0, limit(8.0, ago_s=40), limit(10.0, ago_s=6)).limit_a == 12.0


def test_a_cloud_does_not_wait_for_the_five_seconds() -> None:
    assert settled(9.0, limit(8.0, ago_s=40), limit(10.0, ago_s=1)).limit_a == 9.0
    assert settled(9.1, limit(8.0, ago_s=40), limit(10.0, ago_s=1)).limit_a == 10.0


def test_a_fuse_does_not_wait_for_the_dead_band() -> None:
    assert settled(9.9, limit(8.0, ago_s=40), limit(10.0, ago_s=1), reason=FUSE).limit_a == 9.9


def test_starts_stops_and_changes_of_phases_do_not_wait() -> None:
    assert settled(6.0, limit(8.0, ago_s=40), limit(0.0, ago_s=1)).limit_a == 6.0
    assert settled(0.0, limit(8.0, ago_s=40), limit(6.0, ago_s=1)).limit_a == 0.0
    assert settled(6.1, limit(6.0, ago_s=1, phases=1)).limit_a == 6.1
    assert settled(7.0).limit_a == 7.0


def test_the_dead_band_keeps_no_limit_above_a_persons_own() -> None:
    assert (
        settled(8.8, limit(7.0, ago_s=60), limit(9.0, ago_s=10), goal=Goal(mode=ChargeMode.SOLAR, max_a=8.9)).limit_a
        == 8.9
    )


def test_a_station_without_a_share_rests() -> None:
    seen = look([SUNNY], [state(status=None)])
    setpoint = calm({}, demands(seen, {}), seen)["a"]

    assert (setpoint.limit_a, setpoint.reason.code) == (6.0, LimitReason.SETTLING)


@pytest.mark.parametrize(
    ("limit_a", "step_a", "expected_a"),
    [(8.3, 0.1, 8.3), (8.39, 0.1, 8.3), (8.99, 1.0, 8.0), (5.99, 0.1, 0.0), (6.0, 1.0, 6.0)],
)
def test_limits_are_rounded_down_to_the_stations_step(limit_a: float, step_a: float, expected_a: float) -> None:
    assert rounded_down(limit_a, replace(STATION, step_a=step_a)) == expected_a


@given(st.floats(0, 80), st.sampled_from([0.1, 1.0]), st.sampled_from([6.0, 8.0]))
def test_rounding_never_raises_nor_leaves_a_limit_below_the_minimum(
    limit_a: float, step_a: float, min_a: float
) -> None:
    rounded_a = rounded_down(limit_a, replace(STATION, step_a=step_a, min_a=min_a))

    assert rounded_a <= limit_a + 1e-6
    assert rounded_a == 0.0 or rounded_a >= min_a
    assert rounded_a == 0.0 or limit_a - rounded_a < step_a + 1e-6
