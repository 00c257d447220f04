"""Which meter samples count, and when a meter is late or lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ems.control.memory import CarsThen, Memory, MeterTrust
from ems.control.seen.trust import (
    FROZEN_ALONE_REPEATS,
    FROZEN_REPEATS,
    Health,
    MeterView,
    flip_notices,
    is_frozen,
    judge_meters,
    judge_sample,
    worst_health,
)
from ems.model.decision import LimitReason, NoticeCode
from ems.model.electrical import PerPhase
from ems.model.readings import BatteryReading, GridReading, SolarReading
from ems.model.snapshot import Snapshot
from ems.model.station import StationState
from tests.unit.control.scene import CALM, MAIN, NOW_S, STATION, grid, limit, look, report, state, view

STILL = CarsThen(drawn_a=30.0, allowed_a=16.0)
STOPPED = CarsThen(drawn_a=0.0, allowed_a=16.0)
RAISED = CarsThen(drawn_a=30.0, allowed_a=20.0)
MOST_A = 75.0
NOTHING = MeterTrust()


def fed(*samples: GridReading, cars: CarsThen = STILL, known: MeterTrust = NOTHING) -> MeterTrust:
    for sample in samples:
        known = judge_sample(known, sample, MOST_A, cars)
    return known


def same(times: int, *, from_s: float = 0.0, volts: bool = False) -> list[GridReading]:
    """The same numbers once a second, oldest first."""
    sample = replace(grid(5.0, 5.0, 5.0), voltage_v=PerPhase(230.1, 231.2, 229.9) if volts else None)
    return [replace(sample, taken_at_s=NOW_S + from_s + i) for i in range(times)]


def trusted(taken_at_s: float = NOW_S, *, good_samples: int = 10) -> Memory:
    sample = replace(grid(5.0, 5.0, 5.0), taken_at_s=taken_at_s)
    return replace(CALM, trust={"main": MeterTrust(newest=sample, good=sample, good_samples=good_samples)})


def judged(
    memory: Memory, sample: GridReading | None = None, *states: StationState, period_s: float = 1.0
) -> MeterView:
    seen = look([STATION], states, meters={} if sample is None else {"main": sample})
    seen = replace(seen, site=replace(seen.site, meter_period_s={"main": period_s}))
    return judge_meters(seen, memory)[0]["main"]


def test_a_good_sample_counts() -> None:
    known = fed(grid(5.0, ago_s=1), grid(6.0))

    assert known.good == known.newest
    assert known.good_samples == 2


def test_a_sample_that_arrives_late_and_out_of_order_does_not_count() -> None:
    known = fed(grid(5.0), grid(9.0, ago_s=2), grid(5.0))

    assert known.good is not None
    assert known.good.current_a.l1 == 5.0
    assert known.good_samples == 1


@pytest.mark.parametrize("current_a", [76.0, -76.0, float("nan"), float("inf")])
def test_an_impossible_current_does_not_count(current_a: float) -> None:
    known = fed(grid(5.0, ago_s=1), grid(current_a))

    assert known.good is not None
    assert known.good.current_a.l1 == 5.0


def test_a_power_that_is_no_number_does_not_count() -> None:
    known = fed(grid(5.0, ago_s=1), replace(grid(6.0), power_w=float("nan")))

    assert known.good_samples == 1


def test_a_sample_from_the_future_does_not_count() -> None:
    future = replace(grid(5.0), taken_at_s=NOW_S + 1)

    assert judged(CALM, future).good is None


def test_the_same_numbers_are_frozen_once_cars_have_moved() -> None:
    known = fed(*same(5))
    moved = fed(*same(FROZEN_REPEATS + 15, from_s=5), cars=STOPPED, known=known)

    assert not is_frozen(fed(*same(40)), STILL)
    assert is_frozen(fed(*same(40)), STOPPED)
    assert not is_frozen(moved, STOPPED)
    assert moved.good == moved.newest


def test_a_car_may_report_its_change_a_while_after_the_meter_saw_it() -> None:
    changed = fed(*same(4))

    assert fed(*same(2, from_s=4), cars=STOPPED, known=changed).cars == STOPPED
    assert fed(*same(2, from_s=20), cars=STOPPED, known=changed).cars == STILL


def test_a_live_voltage_never_repeats_for_a_minute() -> None:
    assert is_frozen(fed(*same(FROZEN_ALONE_REPEATS + 1, volts=True)), STILL)
    assert not is_frozen(fed(*same(FROZEN_ALONE_REPEATS + 1)), STILL)


def test_frozen_samples_do_not_count_and_a_live_one_does() -> None:
    frozen = fed(*same(FROZEN_ALONE_REPEATS + 5, volts=True))
    alive = fed(replace(grid(5.1, 5.0, 5.0), taken_at_s=NOW_S + 100), known=frozen)

    assert frozen.good != frozen.newest
    assert alive.good == alive.newest


@pytest.mark.parametrize(
    ("age_s", "period_s", "health"),
    [
        (2.9, 1.0, Health.GOOD),
        (3.1, 1.0, Health.LATE),
        (5.1, 1.0, Health.LOST),
        (29.0, 10.0, Health.GOOD),
        (31.0, 10.0, Health.LATE),
        (51.0, 10.0, Health.LOST),
    ],
)
def test_late_after_three_periods_lost_after_five(age_s: float, period_s: float, health: Health) -> None:
    seen = judged(trusted(NOW_S - age_s), period_s=period_s)

    assert seen.health is health
    assert seen.fresh is (health is not Health.LOST)


def test_ten_good_samples_before_it_is_trusted_again() -> None:
    ninth = judged(trusted(NOW_S - 1, good_samples=8), grid(5.1))
    tenth = judged(trusted(NOW_S - 1, good_samples=9), grid(5.1))

    assert (ninth.health, ninth.samples_to_go) == (Health.LOST, 1)
    assert ninth.reason.samples_to_go == 1
    assert (tenth.health, tenth.samples_to_go) == (Health.GOOD, 0)


def test_a_lost_meter_starts_to_count_anew() -> None:
    seen = look([STATION], [], meters={})
    _, trust = judge_meters(seen, trusted(NOW_S - 6))

    assert trust["main"].good_samples == 0


def test_a_meter_that_never_spoke_is_lost() -> None:
    seen = judged(CALM)

    assert seen.health is Health.LOST
    assert seen.age_s is None
    assert seen.reason.code is LimitReason.METER_LOST


def test_numbers_that_do_not_move_although_limits_rose_allow_no_raise() -> None:
    sample = grid(5.0, 5.0, 5.0, ago_s=1)
    memory = replace(
        CALM,
        trust={"main": MeterTrust(newest=sample, good=sample, good_samples=20, repeats=2, same_since_s=NOW_S - 3)},
    )
    raised = state(sent=[limit(10.0, ago_s=2)], car=report(0.0, 0.0, 0.0))

    assert judged(memory, grid(5.0, 5.0, 5.0), raised).health is Health.LATE
    assert judged(memory, grid(5.1, 5.0, 5.0), raised).health is Health.GOOD
    assert judged(memory, grid(5.0, 5.0, 5.0)).health is Health.GOOD


def exporting(watts: float, times: int, *, sun_w: float | None, known: MeterTrust = NOTHING) -> MeterTrust:
    """A meter that shows export once a second, beside an inverter."""
    most_w = None if sun_w is None else 1.2 * sun_w + 1000.0
    for i in range(times):
        sample = grid(-watts / 230.0 - i / 1000, ago_s=times - 1 - i)
        known = judge_sample(known, sample, MOST_A, STILL, most_w)
    return known


def test_export_that_nobody_makes_counts_for_half_a_minute_only() -> None:
    assert exporting(3000.0, 30, sun_w=0.0).good_samples == 30
    assert exporting(3000.0, 40, sun_w=0.0).good_samples == 30


def test_export_of_sun_and_of_a_balcony_counts() -> None:
    assert exporting(5900.0, 100, sun_w=5000.0).good_samples == 100
    assert exporting(800.0, 100, sun_w=0.0).good_samples == 100


def test_without_a_word_of_the_sun_no_sign_is_proven_wrong_nor_right() -> None:
    assert exporting(9000.0, 100, sun_w=None).good_samples == 100
    flipped = exporting(3000.0, 40, sun_w=0.0)

    assert exporting(3000.0, 5, sun_w=None, known=replace(flipped, newest=None)).good_samples == 30


def behind_a_slow_inverter(every_s: int, *, until_it_tells: float, then: float) -> MeterTrust:
    """3 kW of export from the start on, for three minutes, beside an inverter that tells its power so often."""
    known, told_at_s = NOTHING, NOW_S - 1.0
    for second in range(180):
        at_s = NOW_S + second
        if second and second % every_s == 0:
            told_at_s = at_s
        sun_w = until_it_tells if told_at_s < NOW_S else then
        sample = replace(grid(-13.0 - second / 1000), taken_at_s=at_s)
        known = judge_sample(known, sample, MOST_A, STILL, 1.2 * sun_w + 1000.0, given_at_s=told_at_s)
    return known


@pytest.mark.parametrize("every_s", [1, 10, 30, 45])
def test_an_inverter_that_has_not_told_of_the_sun_yet_proves_no_flipped_meter(every_s: int) -> None:
    assert behind_a_slow_inverter(every_s, until_it_tells=0.0, then=4000.0).good_samples == 180


@pytest.mark.parametrize("every_s", [1, 10, 30, 45])
def test_a_flipped_meter_is_found_beside_a_slow_inverter_too(every_s: int) -> None:
    found = behind_a_slow_inverter(every_s, until_it_tells=0.0, then=0.0)

    assert found.good_samples <= 30 + every_s + 1


def test_a_flipped_meter_is_told_and_its_cars_fall_back() -> None:
    flipped = exporting(3000.0, 40, sun_w=0.0)
    seen = replace(look([STATION], [], meters={}), now_s=NOW_S + 0.5)
    views, trust = judge_meters(seen, replace(CALM, trust={"main": flipped}))

    assert views["main"].health is Health.LOST
    assert [notice.code for notice in flip_notices(trust)] == [NoticeCode.METER_FLIPPED]


@pytest.mark.parametrize(
    ("solar", "battery", "has_battery", "most_w"),
    [
        (SolarReading(power_w=5000.0, taken_at_s=NOW_S), None, False, 7000.0),
        (SolarReading(power_w=5000.0, taken_at_s=NOW_S, complete=False), None, False, None),
        (None, None, False, None),
        (SolarReading(power_w=5000.0, taken_at_s=NOW_S), None, True, None),
        (SolarReading(power_w=-5.0, taken_at_s=NOW_S), BatteryReading(power_w=500.0, taken_at_s=NOW_S), True, 1600.0),
    ],
)
def test_what_can_be_exported(
    solar: SolarReading | None, battery: BatteryReading | None, has_battery: bool, most_w: float | None
) -> None:
    seen = look([STATION], [], meters={"main": grid(-40.0)}, battery=battery)
    seen = replace(seen, solar=solar, site=replace(seen.site, has_battery=has_battery))
    trust = judge_meters(seen, CALM)[1]["main"]

    assert (trust.flipped_since_s is None) is (most_w is None or most_w >= 9200.0)


def test_a_circuit_without_a_meter_has_no_view() -> None:
    seen: Snapshot = look([STATION], [], circuits=(replace(MAIN, metered=False),))

    assert judge_meters(seen, CALM) == ({}, {})


def test_the_least_reliable_meter_above_a_station_decides() -> None:
    views = {"main": view(grid(1.0)), "garage": view(grid(1.0), "garage", health=Health.LATE)}

    assert worst_health(views, ("garage", "main")) is views["garage"]
    assert worst_health(views, ("main",)) is views["main"]
    assert worst_health(views, ("elsewhere",)) is None
