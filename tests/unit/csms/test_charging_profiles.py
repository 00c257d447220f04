"""Leases in all constructions (smart charging §4)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.csms.capabilities import UNKNOWN, Capabilities, RateUnit, capabilities
from ems.csms.charging_profiles import (
    Construction,
    Form,
    Moment,
    Profile,
    Purpose,
    constructions,
    profiles,
    resident_id,
    rounded_down,
    still_possible,
    working_id,
)
from ems.csms.constructions import FALLBACK_FORMS
from ems.csms.ports import LeasedLimit

NOW = datetime(2026, 6, 21, 12, 0, tzinfo=UTC)
MOMENT = Moment(station_now=NOW, guard_s=30.0, transaction_id=7, charging_for_s=100.0)

CAN = st.builds(
    Capabilities,
    units=st.sampled_from([(), (RateUnit.AMPERE,), (RateUnit.WATT,), tuple(RateUnit)]),
    max_stack_level=st.none() | st.integers(0, 20),
    max_periods=st.none() | st.integers(1, 5),
    max_installed=st.none() | st.integers(1, 5),
)
LEASES = st.builds(
    LeasedLimit,
    limit_a=st.floats(0, 80, allow_nan=False),
    phases=st.sampled_from([1, 2, 3]),
    fallback_a=st.floats(0, 32, allow_nan=False),
    lease_s=st.floats(15, 300, allow_nan=False),
)


def in_force_a(installed: list[Profile], at: datetime, phases: int) -> float | None:
    """What a station with these profiles of one purpose allows; None when nothing defines a limit."""
    found: tuple[int, float] | None = None
    for profile in installed:
        begin = profile.start or NOW - timedelta(seconds=MOMENT.charging_for_s)
        since_s = (at - begin).total_seconds()
        if since_s < 0 or (profile.duration_s is not None and since_s >= profile.duration_s):
            continue
        limit = [period.limit for period in profile.periods if period.start_s <= since_s][-1]
        if found is None or profile.level > found[0] or profile.purpose is Purpose.TX:
            found = (profile.level, limit if profile.unit is RateUnit.AMPERE else limit / 230 / phases)
    return None if found is None else found[1]


@given(CAN, LEASES, st.booleans(), st.sampled_from([None, 7]))
def test_every_construction_gives_the_limit_now_and_the_fallback_for_ever_after(
    can: Capabilities, lease: LeasedLimit, whole_amps: bool, transaction_id: int | None
) -> None:
    moment = Moment(
        station_now=NOW,
        guard_s=30.0,
        transaction_id=transaction_id,
        charging_for_s=100.0,
        drawing_phases=lease.phases,
    )
    for way in constructions(can):
        plan = profiles(way, lease, moment, whole_amps=whole_amps)
        installed = [each for each in (plan.resident, plan.working) if each is not None]
        limit_a = rounded_down(lease.limit_a, whole_amps=whole_amps)
        fallback_a = rounded_down(lease.fallback_a, whole_amps=whole_amps)

        now_a = in_force_a(installed, NOW, lease.phases)
        after_a = in_force_a(installed, NOW + timedelta(seconds=lease.lease_s), lease.phases)
        much_later_a = in_force_a(installed, NOW + timedelta(days=300), lease.phases)

        if not installed:
            assert way.needs_transaction
            assert transaction_id is None
            continue
        leased = plan.working is not None and way.form not in FALLBACK_FORMS
        expected_a = limit_a if leased else min(limit_a, fallback_a)
        assert now_a == pytest.approx(expected_a, abs=0.01)
        assert after_a is not None
        assert after_a <= fallback_a + 1e-9
        assert much_later_a == pytest.approx(after_a, abs=0.01)


@given(CAN, LEASES)
def test_no_construction_asks_for_more_than_the_station_can(can: Capabilities, lease: LeasedLimit) -> None:
    for way in constructions(can):
        assert still_possible(way, can)
        plan = profiles(way, lease, MOMENT)
        for profile in (plan.resident, plan.working):
            if profile is not None:
                assert not can.units or profile.unit in can.units
                assert can.max_stack_level is None or profile.level <= can.max_stack_level
                assert can.max_periods is None or len(profile.periods) <= can.max_periods
        if can.max_installed == 1:
            assert None in (plan.resident, plan.working)


@given(st.floats(allow_nan=True), st.booleans())
def test_limits_round_down_and_skip_what_is_undefined(limit_a: float, whole_amps: bool) -> None:
    if limit_a != limit_a or abs(limit_a) > 1e6:
        limit_a = 0.05
    sent = rounded_down(limit_a, whole_amps=whole_amps)

    assert sent <= max(limit_a, 0.0) + 1e-6
    assert sent == 0.0 or sent >= 6.0
    assert abs(sent * 10 - round(sent * 10)) < 1e-6


@given(LEASES, st.sampled_from([1, 2, 3]))
def test_a_limit_in_watts_never_gives_one_phase_more_amps_than_the_limit(lease: LeasedLimit, drawing: int) -> None:
    moment = Moment(station_now=NOW, guard_s=30.0, drawing_phases=drawing)
    for way in constructions(Capabilities(units=(RateUnit.WATT,))):
        for each in (profiles(way, lease, moment).resident, profiles(way, lease, moment).working):
            per_phase_a = (
                [] if each is None else [period.limit / 230 / min(drawing, lease.phases) for period in each.periods]
            )
            assert all(amps <= max(lease.limit_a, lease.fallback_a) + 0.01 for amps in per_phase_a)


@given(LEASES)
def test_fallback_in_watts_holds_a_one_phase_car_that_nobody_has_measured(lease: LeasedLimit) -> None:
    moment = Moment(station_now=NOW, guard_s=30.0, transaction_id=7)
    for way in constructions(Capabilities(units=(RateUnit.WATT,))):
        plan = profiles(way, lease, moment)
        lasting = [each for each in (plan.resident, plan.working) if each is not None and each.duration_s is None]
        for each in lasting:
            assert each.periods[-1].limit / 230 <= lease.fallback_a + 0.01
        if plan.working is not None:
            assert plan.working.periods[0].limit / 230 / lease.phases <= lease.limit_a + 0.01


def test_nan_is_a_pause() -> None:
    assert rounded_down(float("nan"), whole_amps=False) == 0.0


@pytest.mark.parametrize(
    ("can", "first"),
    [
        (UNKNOWN, Form.TWO_PERIODS_OVER_FALLBACK),
        (Capabilities(max_stack_level=0), Form.TWO_PERIODS),
        (Capabilities(max_installed=1), Form.TWO_PERIODS),
        (Capabilities(max_periods=1), Form.ENDING_OVER_FALLBACK),
        (Capabilities(max_periods=1, max_stack_level=0), Form.TRANSACTION_OVER_FALLBACK),
    ],
)
def test_best_construction_comes_first(can: Capabilities, first: Form) -> None:
    ways = constructions(can)

    assert ways[0].form is first
    assert len(ways) == len(set(ways))


def test_station_that_holds_one_profile_of_one_period_is_told_its_fallback_alone() -> None:
    ways = constructions(Capabilities(max_periods=1, max_installed=1))

    assert {way.form for way in ways} == FALLBACK_FORMS


def test_level_stays_one_below_a_maximum_that_may_be_exclusive() -> None:
    assert constructions(Capabilities(max_stack_level=9))[0].level == 8
    assert constructions(Capabilities(max_stack_level=1))[0].level == 1


def test_relative_schedule_counts_from_the_start_of_charging() -> None:
    way = Construction(form=Form.RELATIVE, purpose=Purpose.TX_DEFAULT, connector=1, unit=RateUnit.AMPERE, level=0)
    plan = profiles(way, LeasedLimit(limit_a=10, phases=3, fallback_a=6, lease_s=60), MOMENT)

    assert plan.working is not None
    assert plan.working.start is None
    assert plan.working.valid_from is None
    assert [period.start_s for period in plan.working.periods] == [0, 160]


def test_fallback_holds_even_when_the_station_clock_steps_back_by_hours() -> None:
    plan = profiles(constructions(UNKNOWN)[0], LeasedLimit(limit_a=10, phases=3, fallback_a=6, lease_s=60), MOMENT)

    assert plan.resident is not None
    assert plan.resident.start == NOW - timedelta(days=2)


def test_ids_are_fixed_and_tell_purposes_and_connectors_apart() -> None:
    ids = {
        make(purpose, connector) for make in (resident_id, working_id) for purpose in Purpose for connector in (0, 1)
    }

    assert len(ids) == 12


@pytest.mark.parametrize(
    ("can", "possible"),
    [
        (UNKNOWN, True),
        (Capabilities(units=(RateUnit.WATT,)), False),
        (Capabilities(max_stack_level=0), False),
        (Capabilities(max_installed=1), False),
        (Capabilities(max_periods=1), False),
    ],
)
def test_construction_is_left_when_the_station_says_it_cannot(can: Capabilities, possible: bool) -> None:
    assert still_possible(constructions(UNKNOWN)[0], can) is possible


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("ChargingScheduleAllowedChargingRateUnit", "Current,Power", Capabilities(units=tuple(RateUnit))),
        ("ChargingScheduleAllowedChargingRateUnit", "power", Capabilities(units=(RateUnit.WATT,))),
        ("ChargingScheduleAllowedChargingRateUnit", " Amp ", Capabilities(units=(RateUnit.AMPERE,))),
        ("ChargingScheduleAllowedChargingRateUnit", "Volt", UNKNOWN),
        ("ChargeProfileMaxStackLevel", "8", Capabilities(max_stack_level=8)),
        ("ChargeProfileMaxStackLevel", "-1", UNKNOWN),
        ("ChargeProfileMaxStackLevel", "9999999999", UNKNOWN),
        ("ChargingScheduleMaxPeriods", "0", UNKNOWN),
        ("MaxChargingProfilesInstalled", "", UNKNOWN),
        ("ConnectorSwitch3to1PhaseSupported", "TRUE", Capabilities(phase_switching=True)),
        ("ConnectorSwitch3to1PhaseSupported", "maybe", UNKNOWN),
        ("SupportedFeatureProfiles", "Core, SmartCharging", Capabilities(smart_charging=True)),
        ("SupportedFeatureProfiles", "Core", Capabilities(smart_charging=False)),
    ],
)
def test_configuration_is_read_as_stations_write_it(key: str, value: str, found: Capabilities) -> None:
    assert capabilities({key: value}) == found
