"""The station's clock as seen from here (scenario B11, quirk Q14)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.clock import VirtualClock
from ems.csms.station_clock import StationClock, format_timestamp, parse_timestamp

NOON = datetime(2026, 6, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-21T12:00:00Z",
        "2026-06-21T12:00:00.000z",
        "2026-06-21T12:00:00",
        "2026-06-21 12:00:00",
        "2026-06-21T14:00:00+02",
        "2026-06-21T14:00:00+0200",
        " 2026-06-21T14:00:00+02:00 ",
    ],
)
def test_timestamps_are_read_leniently(text: str) -> None:
    assert parse_timestamp(text) == NOON


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "1970-01-01T00:00:00Z",
        "1999-12-31T23:59:59Z",
        "0001-01-01T00:00:00+02:00",
        "2100-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-12:00",
        None,
        7,
    ],
)
def test_unusable_timestamps_are_none(text: object) -> None:
    assert parse_timestamp(text) is None


@given(st.text())
def test_no_text_breaks_the_parser(text: str) -> None:
    parse_timestamp(text)


def test_our_timestamps_have_whole_seconds_and_a_z() -> None:
    assert format_timestamp(NOON.replace(microsecond=999_999)) == "2026-06-21T12:00:00Z"


def hear(station: StationClock, clock: VirtualClock, *, slow_s: float, every_s: float, times: int = 3) -> None:
    for _ in range(times):
        station.heard(clock.utc_now() - timedelta(seconds=slow_s))
        clock.advance(every_s)


def test_steady_difference_is_believed_and_so_is_its_correction() -> None:
    clock = VirtualClock()
    station = StationClock(clock)
    hear(station, clock, slow_s=7200, every_s=10)
    assert station.skew_s == pytest.approx(-7200)
    assert (station.now() - clock.utc_now()).total_seconds() == pytest.approx(-7200)

    hear(station, clock, slow_s=0, every_s=10)
    assert station.skew_s == pytest.approx(0)


def test_one_odd_timestamp_changes_nothing() -> None:
    clock = VirtualClock()
    station = StationClock(clock)
    hear(station, clock, slow_s=0, every_s=10)
    station.heard(clock.utc_now() + timedelta(days=900))
    station.heard(None)

    assert station.skew_s == pytest.approx(0, abs=0.001)


def test_backlog_is_not_taken_for_a_slow_clock() -> None:
    clock = VirtualClock()
    station = StationClock(clock)
    begin = clock.utc_now() - timedelta(hours=1)
    for i in range(60):
        station.heard(begin + timedelta(seconds=10 * i))
        clock.advance(0.2)

    assert station.skew_s == pytest.approx(0, abs=0.001)
    assert station.age_s(begin) > 3500
    assert station.age_s(None) == 0.0


def test_two_messages_at_once_prove_nothing() -> None:
    clock = VirtualClock()
    station = StationClock(clock)
    hear(station, clock, slow_s=3600, every_s=0.1)

    assert station.skew_s == pytest.approx(0, abs=0.001)


def test_seconds_cut_off_are_no_difference() -> None:
    clock = VirtualClock()
    station = StationClock(clock)
    hear(station, clock, slow_s=1.0, every_s=10)

    assert station.skew_s == pytest.approx(0, abs=0.001)


def test_difference_is_found_though_messages_dawdle() -> None:
    clock = VirtualClock()
    station = StationClock(clock)
    for dawdle_s in (0, 7, 2, 8, 1, 6):
        station.heard(clock.utc_now() - timedelta(hours=2, seconds=dawdle_s))
        clock.advance(10)

    assert station.skew_s == pytest.approx(-7200, abs=10)


@given(st.lists(st.tuples(st.datetimes(timezones=st.just(UTC)), st.floats(0, 1e6)), max_size=12))
def test_no_timestamp_makes_the_clock_fail_or_leave_the_years_of_charging_stations(
    heard: list[tuple[datetime, float]],
) -> None:
    clock = VirtualClock()
    station = StationClock(clock)
    for stamp, wait_s in heard:
        station.heard(stamp)
        clock.advance(wait_s)
        station.stepped(15.0)
        assert 2000 <= station.now().year <= 2101


def test_step_of_our_wall_clock_leaves_the_stations_clock_alone() -> None:
    clock = VirtualClock()
    station = StationClock(clock)
    hear(station, clock, slow_s=0, every_s=10)
    assert not station.stepped(15.0)
    expected = station.now()
    clock.jump_wall_clock(3600)

    assert station.now() == expected
    assert station.stepped(15.0)
    assert not station.stepped(15.0)


def test_station_without_a_timestamp_has_our_time() -> None:
    clock = VirtualClock()
    station = StationClock(clock)
    clock.jump_wall_clock(-7 * 86_400)

    assert station.now() == clock.utc_now()
    assert station.stepped(15.0)


def test_station_that_takes_our_new_time_shows_it_with_its_next_timestamp() -> None:
    clock = VirtualClock()
    station = StationClock(clock)
    hear(station, clock, slow_s=0, every_s=10)
    clock.jump_wall_clock(3600)
    assert station.stepped(15.0)
    station.told()
    station.heard(clock.utc_now() - timedelta(seconds=2))

    assert station.skew_s == pytest.approx(0, abs=0.001)
    assert station.stepped(15.0)


def test_station_clock_that_steps_by_itself_is_found() -> None:
    clock = VirtualClock()
    station = StationClock(clock)
    hear(station, clock, slow_s=0, every_s=10)
    hear(station, clock, slow_s=10, every_s=10)
    assert not station.stepped(15.0)
    hear(station, clock, slow_s=3600, every_s=10)

    assert station.stepped(15.0)
