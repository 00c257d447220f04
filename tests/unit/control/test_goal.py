"""Energy by a time: the car follows its mode until its latest start, and charges from then on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ems.control.cycle import decide
from ems.control.explain import explain
from ems.control.memory import Memory
from ems.control.pace import RELEASE_S, Pace, Pull, needed_s, paced
from ems.model.decision import LimitReason, NoticeCode
from ems.model.electrical import PerPhase, Phase
from ems.model.explanation_sentences import chain
from ems.model.goals import ChargeMode, Deadline, Goal, still_to_come_kwh
from ems.model.sentences import notice_sentence, sentence
from ems.model.snapshot import Snapshot
from ems.model.words import Language
from tests.house import House
from tests.plant import VOLTS
from tests.strategies import looks

MIDNIGHT_UTC_S = 1_781_992_800.0
"""2026-06-20 22:00 UTC, midnight in Berlin."""

SUMMER_TIME_S = 7200.0
HOUR_S = 3600.0


@dataclass
class Night:
    """A house at night, and a car in its garage that is to have so much by then."""

    energy_kwh: float
    by_hours: float
    mode: ChargeMode = ChargeMode.SOLAR
    car_phases: int = 3
    main_fuse_a: float = 25.0
    base_a: PerPhase = PerPhase(1.0, 1.0, 1.0)
    at_hours: float = 0.0
    in_car_kwh: float = 0.0

    def __post_init__(self) -> None:
        self.house = House(
            main_fuse_a=self.main_fuse_a, base_a=self.base_a, utc_s=MIDNIGHT_UTC_S + self.at_hours * HOUR_S
        )
        self.house.with_car("garage", mode=self.mode, car_phases=self.car_phases)
        self.began_at_h: list[float] = []
        """When the car was let charge; the first second is that of a service that knows nothing yet."""

    @property
    def goal(self) -> Goal:
        deadline = Deadline(
            by_utc_s=MIDNIGHT_UTC_S + self.by_hours * HOUR_S,
            left_kwh=still_to_come_kwh(self.energy_kwh, self.in_car_kwh),
            utc_offset_s=SUMMER_TIME_S,
        )
        fulfilled = self.in_car_kwh >= self.energy_kwh
        return Goal(mode=self.mode, energy_kwh=self.energy_kwh, fulfilled=fulfilled, deadline=deadline)

    @property
    def now_h(self) -> float:
        assert self.house.utc_s is not None
        return (self.house.utc_s - MIDNIGHT_UTC_S) / HOUR_S

    @property
    def pace(self) -> Pace:
        return self.house.memory.paces["garage"]

    def until(self, hours: float) -> Night:
        """Live on until that time."""
        while self.now_h < hours:
            self.house.goals["garage"] = self.goal
            before_a = self.house.history[-1][1]["garage"] if self.house.history else 0.0
            self.house.step()
            if self.house.limit_a("garage") > 0.0 and before_a == 0.0:
                self.began_at_h.append(self.now_h)
            self.in_car_kwh += self.house.car_a(self.house.site.station("garage")).total * VOLTS / 3.6e6
        return self

    def skipped_to(self, hours: float) -> Night:
        """So much later, without living the time between."""
        assert self.house.utc_s is not None
        self.house.utc_s = MIDNIGHT_UTC_S + hours * HOUR_S
        return self

    def says(self, language: Language = Language.ENGLISH) -> str:
        return sentence(self.house.setpoint("garage").reason, language)


def test_a_solar_car_waits_until_its_latest_start_and_then_charges() -> None:
    night = Night(energy_kwh=3.0, by_hours=1.1, car_phases=1).until(0.05)
    # 3 kWh on one phase, as long as nobody knows better: 49 min and 10 min more.
    assert night.house.limit_a("garage") == 0.0
    assert night.house.reason("garage") is LimitReason.SOLAR_SURPLUS

    night.until(0.2)

    assert night.house.limit_a("garage") > 6.0


def test_the_reason_says_what_for_and_when_it_had_to_begin() -> None:
    night = Night(energy_kwh=3.0, by_hours=7.0, car_phases=1, at_hours=6.0).until(6.2)

    assert night.house.reason("garage") is LimitReason.PLAN
    assert night.says() == "charges now to have 3.0 kWh by 07:00; the latest start was 06:01"
    assert night.says(Language.GERMAN) == (
        "lädt jetzt, damit bis 07:00 3,0 kWh im Auto sind; spätester Beginn war 06:01"
    )


def test_a_car_that_turns_out_to_use_three_phases_has_time_again() -> None:
    night = Night(energy_kwh=3.0, by_hours=1.0).until(0.2)
    assert night.house.memory.learned["garage"].phases == 3

    night.until(0.3)

    # 3 kWh on three phases: 16 min and 10 min more.
    assert night.house.limit_a("garage") == 0.0
    assert night.pace.latest_start_utc_s > MIDNIGHT_UTC_S + 0.5 * HOUR_S


def test_once_begun_it_charges_to_the_end() -> None:
    night = Night(energy_kwh=3.0, by_hours=1.0, car_phases=1).until(1.0)

    assert [hours for hours in night.began_at_h if hours > 0.01] == [pytest.approx(0.018, abs=0.002)]
    assert night.in_car_kwh >= 3.0
    assert night.house.memory.paces == {}


def test_sun_that_comes_before_puts_the_start_off() -> None:
    night = Night(energy_kwh=3.0, by_hours=4.0, car_phases=1)
    latest_h = (night.until(0.1).pace.latest_start_utc_s - MIDNIGHT_UTC_S) / HOUR_S
    night.in_car_kwh = 2.0

    later_h = (night.until(0.11).pace.latest_start_utc_s - MIDNIGHT_UTC_S) / HOUR_S

    assert latest_h == pytest.approx(3.02, abs=0.02)
    assert later_h == pytest.approx(3.56, abs=0.02)


def test_off_stays_off_and_says_so() -> None:
    night = Night(energy_kwh=3.0, by_hours=1.0, mode=ChargeMode.OFF).until(0.02).skipped_to(0.9).until(0.92)

    assert night.house.limit_a("garage") == 0.0
    assert night.says() == "off, as set by a person, although 3.0 kWh are wanted by 01:00"
    assert night.pace.at_risk
    assert not night.pace.due


def test_a_goal_without_enough_time_says_what_will_be_in() -> None:
    night = Night(energy_kwh=12.3, by_hours=1.0, car_phases=1, at_hours=0.5).until(0.6)

    assert night.says() == "charges now, but the goal will be missed: about 1.5 of 12.3 kWh by 01:00"
    (notice,) = night.house.decision.notices if night.house.decision else ()
    assert notice.code is NoticeCode.GOAL_AT_RISK
    assert notice_sentence(notice) == "garage: the goal will be missed, about 1.5 of 12.3 kWh by 01:00"


def test_a_car_that_is_late_charges_until_its_energy_is_in() -> None:
    night = Night(energy_kwh=3.0, by_hours=1.0, at_hours=1.1).until(1.15)

    assert night.says() == "charges now, since 3.0 kWh were wanted by 01:00"


def test_without_a_wall_clock_nothing_is_planned() -> None:
    night = Night(energy_kwh=3.0, by_hours=1.0, at_hours=0.9)
    night.house.utc_s = None
    night.house.goals["garage"] = night.goal

    night.house.run(60)

    assert night.house.memory.paces == {}
    assert night.house.limit_a("garage") == 0.0


def test_the_house_counts_in_what_a_car_will_get() -> None:
    alone = Night(energy_kwh=3.0, by_hours=5.0).until(0.05).pace
    beside = Night(energy_kwh=3.0, by_hours=5.0, base_a=PerPhase(12.0, 1.0, 1.0)).until(0.05).pace

    # 25 A breaker, 0.95 of it, less 12 A: 11.75 A on L1.
    assert alone.pull.now_w == pytest.approx(16 * VOLTS)
    assert beside.pull.now_w == pytest.approx(11.75 * VOLTS, rel=0.05)
    assert beside.latest_start_utc_s < alone.latest_start_utc_s


@pytest.mark.parametrize("whose", ["outside_a", "upstream_a"])
def test_a_limit_of_others_counts_in_the_plan(whose: str) -> None:
    night = Night(energy_kwh=3.0, by_hours=5.0)
    state = night.house.state_of(night.house.site.station("garage"))
    night.house.states["garage"] = replace(state, **{whose: 8.0})  # type: ignore[arg-type]

    assert night.until(0.05).pace.pull.now_w == pytest.approx(8.0 * VOLTS)


def test_two_cars_with_goals_share_a_fuse_in_the_sum_too() -> None:
    night = Night(energy_kwh=3.0, by_hours=5.0)
    night.house.with_car("carport", mode=ChargeMode.FAST, wiring=tuple(Phase))
    night.until(0.05)

    assert night.pace.pull.now_w == pytest.approx((23.75 - 1.0) / 2 * VOLTS, rel=0.01)


def test_a_bound_for_a_while_does_not_count_beyond_its_end() -> None:
    by_utc_s = MIDNIGHT_UTC_S + 7 * HOUR_S
    eased = Pull(now_w=0.0, later_w=3680.0, eases_utc_s=MIDNIGHT_UTC_S + HOUR_S)

    assert eased.latest_start(10.0, by_utc_s) == Pull(now_w=3680.0, later_w=3680.0).latest_start(10.0, by_utc_s)
    assert eased.takes_kwh(MIDNIGHT_UTC_S, MIDNIGHT_UTC_S + 2 * HOUR_S) == pytest.approx(3.68)


def test_the_explanation_names_the_latest_start_of_a_car_that_waits() -> None:
    night = Night(energy_kwh=3.0, by_hours=5.0).until(0.05)

    told = chain(explain(night.house.snapshot(), night.house.memory, "garage"))

    assert any("must begin by 04:01 to have 3.0 kWh by 05:00" in step for step in told), told


KWH = st.floats(0.1, 80.0)
WATTS = st.floats(1000.0, 22_000.0)


@given(KWH, KWH, WATTS, WATTS)
def test_more_energy_or_less_power_never_starts_later(
    one_kwh: float, two_kwh: float, one_w: float, two_w: float
) -> None:
    less_kwh, more_kwh = sorted([one_kwh, two_kwh])
    weak_w, strong_w = sorted([one_w, two_w])

    assert needed_s(less_kwh, strong_w) <= needed_s(more_kwh, weak_w)


@given(energy_kwh=st.floats(0.5, 60.0), power_w=WATTS, hours=st.floats(0.1, 20.0), drops=st.floats(0.0, 1.0))
def test_hurrying_alone_never_ends_the_hurry(energy_kwh: float, power_w: float, hours: float, drops: float) -> None:
    """Charging at full power gains the margin at most, and that is no reason to pause."""
    pull = Pull(now_w=power_w, later_w=power_w)
    start_utc_s = pull.latest_start(energy_kwh, by_utc_s := MIDNIGHT_UTC_S + hours * HOUR_S)
    wanted = {"energy_kwh": energy_kwh, "by_utc_s": by_utc_s}
    began = paced(None, left_kwh=energy_kwh, now_utc_s=start_utc_s, sure=pull, best=pull, **wanted)
    pure_s = energy_kwh * 3.6e6 / power_w

    left_kwh = energy_kwh * (1.0 - drops)
    later = paced(began, left_kwh=left_kwh, now_utc_s=start_utc_s + pure_s * drops, sure=pull, best=pull, **wanted)

    assert began.due
    assert later.due == (left_kwh > 0.0)
    assert later.latest_start_utc_s - (start_utc_s + pure_s * drops) <= began.spare_s + RELEASE_S


@settings(max_examples=6, deadline=None)
@given(
    energy_kwh=st.floats(0.3, 1.2),
    by_minutes=st.integers(25, 40),
    phases=st.sampled_from([1, 3]),
    base_a=st.floats(0.0, 8.0),
    mode=st.sampled_from([ChargeMode.SOLAR, ChargeMode.MIN_SOLAR, ChargeMode.FAST]),
)
def test_a_goal_that_can_be_reached_is_reached_and_no_fuse_minds(
    energy_kwh: float, by_minutes: int, phases: int, base_a: float, mode: ChargeMode
) -> None:
    base = PerPhase(base_a, base_a, base_a)
    night = Night(energy_kwh=energy_kwh, by_hours=by_minutes / 60, car_phases=phases, base_a=base, mode=mode)
    night.until(by_minutes / 60)
    reachable_kwh = min(16.0, 0.95 * 25.0 - base_a) * VOLTS * phases * (by_minutes * 60 - 600) / 3.6e6

    assert night.in_car_kwh >= min(energy_kwh, reachable_kwh) - 0.01
    assert max(night.house.grid_max_a) <= 0.95 * 25.0 + 0.1
    assert all(limits["garage"] <= 16.0 for _, limits in night.house.history)


def test_another_goal_begins_anew() -> None:
    pull = Pull(now_w=3680.0, later_w=3680.0)
    due = paced(None, energy_kwh=9.0, by_utc_s=10_000.0, left_kwh=9.0, now_utc_s=5_000.0, sure=pull, best=pull)
    smaller = paced(due, energy_kwh=1.0, by_utc_s=10_000.0, left_kwh=1.0, now_utc_s=5_000.0, sure=pull, best=pull)

    assert (due.due, smaller.due) == (True, False)
    assert replace(smaller, due=True).is_of(1.0, 10_000.0, None)


def test_the_energy_to_a_target_that_the_car_tells_a_little_otherwise_is_no_other_goal() -> None:
    pull = Pull(now_w=3680.0, later_w=3680.0)
    latest_s = 10_000.0 - needed_s(4.0, 3680.0)
    begins = partial(paced, by_utc_s=10_000.0, sure=pull, best=pull)
    begun = begins(None, energy_kwh=9.0, left_kwh=4.0, now_utc_s=latest_s, target_soc=0.8)
    # In a quarter of an hour 0.9 kWh went in, and the car tells that 0.3 kWh less are missing than was counted.
    goes_on = partial(begins, begun, energy_kwh=8.7, left_kwh=2.8, now_utc_s=latest_s + 900.0)

    told, other = goes_on(target_soc=0.8), goes_on(target_soc=0.7)

    assert (begun.due, told.due, other.due) == (True, True, False)
    assert told.began_utc_s == begun.began_utc_s


GOALS = [
    Goal(mode=mode, max_a=max_a, min_a=min_a, energy_kwh=20.0, deadline=Deadline(by_utc_s=by_utc_s, left_kwh=left_kwh))
    for mode in ChargeMode
    for max_a, min_a in ((None, None), (8.0, None), (None, 10.0))
    for by_utc_s, left_kwh in ((MIDNIGHT_UTC_S - 60.0, 5.0), (MIDNIGHT_UTC_S + HOUR_S, 20.0))
]


@given(looks(), st.sampled_from(GOALS))
def test_hurrying_lifts_no_limit_of_anybody(case: tuple[Snapshot, Memory], goal: Goal) -> None:
    look, memory = case
    look = replace(look, utc_s=MIDNIGHT_UTC_S, goals={s.station_id: goal for s in look.site.stations})
    hurry = decide(look, memory).decision
    fast = replace(goal, mode=ChargeMode.FAST, deadline=None)
    as_fast = decide(replace(look, goals=dict.fromkeys(look.goals, fast)), memory).decision

    for station in look.site.stations:
        limit_a = hurry.setpoints[station.station_id].limit_a
        assert limit_a <= station.max_a
        if goal.mode is ChargeMode.OFF:
            assert limit_a <= station.fallback_a
        else:
            assert limit_a == as_fast.setpoints[station.station_id].limit_a
