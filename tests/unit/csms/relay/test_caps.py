"""A second central system's charging profiles, read as a cap."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ems.csms.capabilities import RateUnit
from ems.csms.charging_profiles import Period, Purpose
from ems.csms.relay.cap_book import CapBook
from ems.csms.relay.caps import CapProfile, Kind, Running, cap_a, segments
from ems.csms.relay.profiles import MOST_PERIODS, read_profile

NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)
RUNNING = Running(transaction_id=7, began=NOON - timedelta(minutes=10))


def profile(
    *amps: float,
    purpose: Purpose = Purpose.TX_DEFAULT,
    level: int = 0,
    kind: Kind = Kind.ABSOLUTE,
    unit: RateUnit = RateUnit.AMPERE,
    start: datetime = NOON,
    profile_id: int = 1,
    **more: Any,
) -> CapProfile:
    """One limit for each hour."""
    periods = tuple(Period(start_s=3600 * hour, limit=limit) for hour, limit in enumerate(amps))
    facts: dict[str, Any] = {"connector": 1, **more}
    return CapProfile(
        profile_id=profile_id, purpose=purpose, level=level, kind=kind, unit=unit, periods=periods, start=start, **facts
    )


def at(hours: float, *profiles: CapProfile, running: Running | None = RUNNING, phases: int = 3) -> float | None:
    return cap_a(profiles, NOON + timedelta(hours=hours), running, phases=phases)


def test_periods_follow_each_other_and_the_last_one_lasts() -> None:
    steps = profile(16, 10, 6)

    assert [at(hours, steps) for hours in (0, 0.9, 1, 2, 50)] == [16, 16, 10, 6, 6]


def test_nothing_caps_before_a_schedule_or_after_its_duration() -> None:
    hour = profile(10, duration_s=3600)

    assert [at(hours, hour) for hours in (-0.1, 0, 0.9, 1)] == [None, 10, 10, None]


def test_nothing_caps_outside_a_profile_s_validity() -> None:
    valid = profile(10, start=NOON - timedelta(days=1), valid_from=NOON, valid_to=NOON + timedelta(hours=1))

    assert [at(hours, valid) for hours in (-0.1, 0, 0.9, 1)] == [None, 10, 10, None]


def test_a_daily_schedule_begins_again() -> None:
    evenings = profile(8, kind=Kind.DAILY, duration_s=3600)

    assert [at(hours, evenings) for hours in (0.5, 1.5, 24.5, 25.5, 240.5)] == [8, None, 8, None, 8]


def test_a_relative_schedule_counts_from_the_session() -> None:
    relative = profile(16, 6, kind=Kind.RELATIVE)

    assert at(0.5, relative) == 16
    assert at(0.9, relative) == 6
    assert at(0.9, relative, running=None) == 16


def test_the_lower_of_station_maximum_and_default_holds() -> None:
    station = profile(12, purpose=Purpose.STATION_MAX, connector=0)

    assert at(0, station, profile(10)) == 10
    assert at(0, station, profile(16)) == 12


def test_a_session_s_own_profile_takes_the_place_of_the_default() -> None:
    own = profile(14, purpose=Purpose.TX, transaction_id=7)

    assert at(0, own, profile(10)) == 14
    assert at(0, own, profile(10), running=None) == 10
    assert at(0, profile(14, purpose=Purpose.TX, transaction_id=8), profile(10)) == 10


def test_the_highest_stack_level_that_says_anything_counts() -> None:
    low, high = profile(10, level=1), profile(6, level=2, duration_s=3600)

    assert at(0, low, high) == 6
    assert at(2, low, high) == 10


def test_the_connector_s_default_goes_before_the_station_s() -> None:
    assert at(0, profile(16), profile(8, connector=0)) == 16


def test_watts_are_those_of_all_wired_phases() -> None:
    watts = profile(11_040, unit=RateUnit.WATT)

    assert at(0, watts) == 16
    assert at(0, watts, phases=1) == 48


def test_caps_are_rounded_down() -> None:
    assert at(0, profile(9.99)) == 9.9


@st.composite
def profiles(draw: st.DrawFn) -> list[CapProfile]:
    def one(number: int) -> CapProfile:
        starts = draw(st.lists(st.integers(1, 40_000), max_size=4, unique=True))
        limits = draw(st.lists(st.floats(0, 40), min_size=len(starts) + 1, max_size=len(starts) + 1))
        return CapProfile(
            profile_id=number,
            connector=draw(st.sampled_from([0, 1])),
            purpose=draw(st.sampled_from(Purpose)),
            level=draw(st.integers(0, 3)),
            kind=draw(st.sampled_from(Kind)),
            unit=draw(st.sampled_from(RateUnit)),
            periods=tuple(
                Period(start_s=start_s, limit=limit)
                for start_s, limit in zip([0, *sorted(starts)], limits, strict=True)
            ),
            start=NOON + timedelta(seconds=draw(st.integers(-100_000, 100_000))),
            duration_s=draw(st.none() | st.integers(1, 90_000)),
            valid_from=draw(st.none() | st.just(NOON + timedelta(hours=2))),
            valid_to=draw(st.none() | st.just(NOON + timedelta(hours=9))),
            transaction_id=draw(st.sampled_from([None, 7, 8])),
        )

    return [one(number) for number in range(draw(st.integers(0, 3)))]


@settings(max_examples=60)
@given(profiles(), st.integers(0, 86_399))
def test_the_caps_ahead_are_the_caps_of_their_instants(held: list[CapProfile], offset_s: int) -> None:
    ahead = segments(held, NOON, 86_400, RUNNING, phases=3)
    covering = [each for each in ahead if each.start_s <= offset_s][-1]

    assert ahead[0].start_s == 0
    assert covering.limit_a == cap_a(held, NOON + timedelta(seconds=offset_s), RUNNING, phases=3)


@settings(max_examples=60)
@given(profiles(), profiles())
def test_a_station_maximum_never_raises_a_cap(held: list[CapProfile], more: list[CapProfile]) -> None:
    own = [each for each in held if each.purpose is not Purpose.STATION_MAX]
    maximums = [replace(each, purpose=Purpose.STATION_MAX) for each in more]
    before = cap_a(own, NOON, RUNNING, phases=3)
    after = cap_a([*own, *maximums], NOON, RUNNING, phases=3)

    assert before is None or (after is not None and after <= before)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=20,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        name: JSON
        | st.sampled_from(
            ["TxProfile", "TxDefaultProfile", "Absolute", "Recurring", "Daily", 1, "2026-06-21T12:00:00Z"]
        )
        for name in (
            "chargingProfileId",
            "stackLevel",
            "chargingProfilePurpose",
            "chargingProfileKind",
            "recurrencyKind",
            "validFrom",
            "validTo",
            "transactionId",
        )
    }
    | {
        "chargingSchedule": JSON
        | st.fixed_dictionaries(
            {"chargingRateUnit": st.sampled_from(["A", "W", "x"]), "chargingSchedulePeriod": JSON},
            optional={"duration": JSON, "startSchedule": JSON},
        )
    },
)


@settings(max_examples=60)
@given(FIELDS, st.integers(0, 2))
def test_whatever_comes_is_a_profile_within_bounds_or_none(payload: dict[str, object], connector: int) -> None:
    found = read_profile(payload, connector, NOON)

    assert found is None or (0 < len(found.periods) <= MOST_PERIODS and found.periods[0].start_s == 0)


def payload(purpose: str = "TxDefaultProfile", profile_id: int = 1, **more: object) -> dict[str, object]:
    return {
        "chargingProfileId": profile_id,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8.0}]},
        **more,
    }


def book() -> tuple[CapBook, dict[str, str]]:
    facts: dict[str, str] = {}

    def keep(name: str, body: str | None) -> None:
        if body is None:
            facts.pop(name, None)
        else:
            facts[name] = body

    return CapBook(keep, phases=3), facts


def test_profiles_outlive_a_restart() -> None:
    caps, facts = book()
    assert caps.set(payload(), 1, NOON, None)

    again, _ = book()
    again.recall(facts)

    assert again.cap_a(NOON + timedelta(hours=1), None) == 8.0


def test_one_place_holds_one_profile() -> None:
    caps, facts = book()
    for number in range(40):
        assert caps.set(payload(profile_id=number), 1, NOON, None)

    assert len(caps) == 1
    assert len(facts) == 1


def test_no_more_profiles_are_taken_than_a_station_would() -> None:
    caps, _ = book()

    taken = [caps.set(payload(profile_id=number, stackLevel=number), 1, NOON, None) for number in range(20)]

    assert taken == [True] * 16 + [False] * 4


def test_a_session_s_own_profile_needs_its_session_and_goes_with_it() -> None:
    caps, facts = book()

    assert not caps.set(payload("TxProfile"), 1, NOON, None)
    assert not caps.set(payload("TxProfile", transactionId=8), 1, NOON, RUNNING)
    assert caps.set(payload("TxProfile"), 1, NOON, RUNNING)
    assert caps.cap_a(NOON, RUNNING) == 8.0

    caps.prune(NOON, frozenset())

    assert caps.cap_a(NOON, RUNNING) is None
    assert not facts


@pytest.mark.parametrize(
    ("wanted", "cleared"),
    [({}, True), ({"profile_id": 1}, True), ({"profile_id": 2}, False), ({"purpose": Purpose.TX}, False)],
)
def test_what_matches_is_cleared(wanted: dict[str, Any], cleared: bool) -> None:
    caps, facts = book()
    caps.set(payload(), 1, NOON, None)

    assert caps.clear(**wanted) is cleared
    assert len(caps) == len(facts) == (0 if cleared else 1)
