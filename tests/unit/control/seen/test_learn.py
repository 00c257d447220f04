"""What a car teaches while it charges: its distance to the limit, where it stops rising, and the phases it uses."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.control.seen.learn import NOTHING, OVERDRAWS_BY_A, Learned, learn
from ems.model.site import Station
from ems.model.station import CarReading, ConnectorStatus, SendOutcome, SentLimit
from tests.house import House
from tests.plant import Car
from tests.unit.control.scene import NOW_S, STATION, limit, look, report, state

LONG_AGO_S = NOW_S - 500


def learnt(
    *sent: SentLimit,
    car: CarReading | None,
    known: Learned = NOTHING,
    since_s: float = LONG_AGO_S,
    station: Station = STATION,
    status: ConnectorStatus = ConnectorStatus.CHARGING,
    connected: bool = True,
) -> Learned:
    """What is known after one look at the car."""
    seen = look([station], [state(sent=sent, car=car, status=status, connected=connected)])
    return learn(seen, {"a": known}, {"a": since_s}).get("a", NOTHING)


TEN = limit(10.0, ago_s=50)


def after_reports(limit_a: float, *drawn_a: float, known: Learned = NOTHING) -> Learned:
    """After reports of these currents under a limit that has been the same for long."""
    for amps in drawn_a:
        fresh = replace(report(amps, amps, amps), taken_at_s=max(known.reported_at_s, NOW_S - 20) + 0.1)
        known = learnt(limit(limit_a, ago_s=50), car=fresh, known=known)
    return known


@given(st.floats(-1.0, 1.5), st.floats(6.0, 32.0))
def test_the_offset_converges_to_the_true_one(offset_a: float, limit_a: float) -> None:
    learned = after_reports(limit_a, *[limit_a - offset_a] * 15)

    assert learned.offset_a == pytest.approx(offset_a, abs=0.01)
    assert learned.takes_a is None


def test_one_odd_report_moves_the_offset_by_less_than_a_third_of_it() -> None:
    known = after_reports(10.0, *[9.7] * 15)

    assert after_reports(10.0, 8.7, known=known).offset_a == pytest.approx(0.3 + 0.3 * 1.0, abs=0.02)


@given(st.lists(st.floats(1.0, 40.0), min_size=1, max_size=10), st.floats(6.0, 32.0))
def test_the_offset_stays_within_what_is_believable(drawn_a: list[float], limit_a: float) -> None:
    assert -OVERDRAWS_BY_A <= after_reports(limit_a, *drawn_a).offset_a <= 1.5


def test_a_car_that_stops_rising_is_found_and_one_that_rises_again_released() -> None:
    stuck = after_reports(16.0, 10.0)
    same = after_reports(11.0, 10.0, known=stuck)
    hungry = after_reports(11.0, 10.8, known=same)

    assert (stuck.takes_a, same.takes_a) == (10.0, 10.0)
    assert hungry.takes_a is None


def test_a_car_near_the_end_of_its_charge_is_followed_down() -> None:
    tapering = after_reports(16.0, 10.0)
    for limit_a, drawn_a in ((11.0, 9.0), (10.0, 8.0), (9.0, 7.0)):
        tapering = after_reports(limit_a, drawn_a, known=tapering)

    assert tapering.takes_a == 7.0
    assert tapering.offset_a == 0.0


def test_a_limit_below_what_it_takes_says_nothing_about_it() -> None:
    stuck = after_reports(16.0, 10.0)

    assert after_reports(8.0, 6.2, known=stuck).takes_a == 10.0


def test_nothing_of_the_distance_is_learnt_while_a_car_still_follows_a_change() -> None:
    just_changed = learnt(TEN, limit(14.0, ago_s=8), car=report(10.0, 10.0, 10.0, ago_s=0.1))
    arrived = learnt(TEN, limit(14.0, ago_s=9), car=report(13.6, 13.6, 13.6, ago_s=0.5))

    assert (just_changed.offset_a, just_changed.takes_a) == (0.0, None)
    assert arrived.offset_a == pytest.approx(0.3 * 0.4)


@pytest.mark.parametrize(("amps", "phases"), [((9.7, 0.0, 0.0), 1), ((9.7, 9.6, 0.1), 2), ((9.7, 9.6, 9.8), 3)])
def test_phases_are_known_after_half_a_minute_on_all_of_them(amps: tuple[float, ...], phases: int) -> None:
    early = learnt(TEN, car=report(*amps, ago_s=1), since_s=NOW_S - 30)
    late = learnt(TEN, car=report(*amps, ago_s=1), since_s=NOW_S - 31)

    assert early.phases is None
    assert late.phases == phases


def test_a_trickle_says_nothing_about_phases() -> None:
    assert learnt(TEN, car=report(1.2, 0.9, 0.9)).phases is None
    assert learnt(TEN, car=report(1.2, 0.9, 0.9), known=Learned(phases=3)).phases == 3


def test_a_limit_for_one_phase_says_nothing_about_the_phases_it_could_use() -> None:
    one = limit(10.0, ago_s=50, phases=1)

    assert learnt(one, car=report(9.7, 0.0, 0.0), station=replace(STATION, can_switch_phases=True)).phases is None
    assert learnt(one, car=report(9.7, 0.0, 0.0), known=Learned(phases=3)).phases == 3


def test_all_is_forgotten_when_the_car_leaves_and_its_phases_when_another_may_have_come() -> None:
    known = Learned(offset_a=0.4, phases=1, takes_a=9.0, reported_at_s=NOW_S - 20)

    assert learnt(TEN, car=report(0.0, 0.0, 0.0), known=known, status=ConnectorStatus.AVAILABLE) == NOTHING
    silent = learnt(TEN, car=report(9.0, 9.0, 9.0, ago_s=20), known=known, connected=False)
    assert silent == replace(known, phases=None)


def test_the_same_report_teaches_once() -> None:
    once = learnt(TEN, car=report(9.0, 9.0, 9.0))

    assert learnt(TEN, car=report(9.0, 9.0, 9.0), known=once) is once


@pytest.mark.parametrize(
    ("sent", "drawn_a"),
    [
        ((limit(0.0, ago_s=50),), 9.0),
        ((limit(10.0, ago_s=70),), 9.0),
        ((limit(10.0, ago_s=50, outcome=SendOutcome.REJECTED),), 9.0),
        ((TEN,), 0.4),
    ],
    ids=["paused", "lease over", "refused", "idle"],
)
def test_without_a_limit_that_it_charges_under_a_car_teaches_nothing(
    sent: tuple[SentLimit, ...], drawn_a: float
) -> None:
    assert learnt(*sent, car=report(drawn_a, drawn_a, drawn_a)) == NOTHING


def test_in_a_house_the_sun_is_used_up_although_the_car_stays_below_its_limit() -> None:
    house = House(sun_w=8000).with_car("garage", car=Car(offset_a=0.5)).run(minutes=5)

    assert house.memory.learned["garage"].offset_a == pytest.approx(0.5, abs=0.05)
    assert house.memory.learned["garage"].phases == 3
    assert house.grid_a().total == pytest.approx(0.0, abs=1.2)


def test_in_a_house_what_a_car_does_not_take_goes_to_the_next() -> None:
    house = House(sun_w=12_000).with_car("small", car=Car(appetite_a=7.0)).with_car("large", fallback_a=0.0)
    house.run(minutes=6)

    assert house.memory.learned["small"].takes_a == pytest.approx(7.0)
    assert house.cars["large"].drawn_a > 8.0


def test_in_a_house_unplugging_clears_what_was_learnt() -> None:
    house = House(sun_w=8000).with_car("garage", car=Car(offset_a=0.5)).run(minutes=5)
    house.unplug("garage")
    house.run(seconds=3)

    assert "garage" not in house.memory.learned
