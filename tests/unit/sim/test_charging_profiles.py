"""The rules of OCPP 1.6 smart charging, each as one promise."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.sim.charging_profiles import Answer, Filter, Firmware, Profiles, in_unit
from ems.sim.schedules import (
    Kind,
    Limit,
    Period,
    Profile,
    Purpose,
    RateUnit,
    Recurrency,
    Schedule,
    Transaction,
)

NOON = datetime(2026, 6, 21, 10, tzinfo=UTC)
CHARGING = Transaction(started=NOON - timedelta(minutes=5), transaction_id=77)
GOOD = Firmware(hardware_max_a=32)
EMPTY = Profiles(firmware=GOOD)
CAP, DEFAULT, TX = Purpose.CHARGE_POINT_MAX, Purpose.TX_DEFAULT, Purpose.TX


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def profile(
    *steps: tuple[int, float],
    purpose: Purpose = DEFAULT,
    profile_id: int = 1,
    level: int = 0,
    kind: Kind = Kind.ABSOLUTE,
    start: datetime | None = NOON,
    duration_s: int | None = None,
    unit: RateUnit = RateUnit.AMPERE,
    phases: int | None = None,
    recurrency: Recurrency | None = None,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
    transaction_id: int | None = None,
) -> Profile:
    periods = tuple(Period(start_s=start_s, limit=limit, phases=phases) for start_s, limit in steps)
    return Profile(
        profile_id=profile_id,
        stack_level=level,
        purpose=purpose,
        kind=kind,
        schedule=Schedule(unit=unit, periods=periods, duration_s=duration_s, start=start),
        recurrency=recurrency,
        valid_from=valid_from,
        valid_to=valid_to,
        transaction_id=transaction_id,
    )


def connector(each: Profile) -> int:
    return 0 if each.purpose is CAP else 1


def holding(*profiles: Profile, firmware: Firmware = GOOD) -> Profiles:
    store = Profiles(firmware=firmware)
    for each in profiles:
        store, answer = store.install(connector(each), each, NOON, CHARGING)
        assert answer is Answer.ACCEPTED
    return store


def answer_to(each: Profile, firmware: Firmware = GOOD, transaction: Transaction | None = CHARGING) -> Answer:
    return Profiles(firmware=firmware).install(connector(each), each, NOON, transaction)[1]


def amps(store: Profiles, seconds: float, transaction: Transaction | None = CHARGING) -> float:
    return store.limit_at(later(seconds), transaction).limit_a


class TestExpiry:
    def test_without_any_profile_the_hardware_is_the_limit(self) -> None:
        assert EMPTY.limit_at(NOON, CHARGING) == Limit(limit_a=32, phases=3)

    @pytest.mark.parametrize("purpose", [CAP, DEFAULT, TX])
    def test_two_period_lease_falls_by_itself_and_stays_down(self, purpose: Purpose) -> None:
        store = holding(profile((0, 16), (90, 6), purpose=purpose))

        assert [amps(store, s) for s in (0, 89.9, 90, 1e6)] == [16, 16, 6, 6]

    def test_absolute_schedule_that_has_not_begun_limits_nothing(self) -> None:
        store = holding(profile((0, 6), start=later(30)))

        assert [amps(store, s) for s in (29.9, 30)] == [32, 6]

    def test_after_its_duration_a_schedule_alone_leaves_the_station_unlimited(self) -> None:
        store = holding(profile((0, 6), duration_s=60))

        assert [amps(store, s) for s in (59.9, 60)] == [6, 32]

    def test_when_the_upper_level_lapses_the_lower_one_takes_over(self) -> None:
        store = holding(profile((0, 6)), profile((0, 20), profile_id=2, level=1, duration_s=60))

        assert [amps(store, s) for s in (0, 59.9, 60)] == [20, 20, 6]

    def test_transaction_profile_that_ends_uncovers_the_default(self) -> None:
        store = holding(profile((0, 6)), profile((0, 20), purpose=TX, profile_id=2, duration_s=60))

        assert [amps(store, s) for s in (0, 60)] == [20, 6]

    def test_validity_bounds_are_from_inclusive_to_exclusive(self) -> None:
        store = holding(profile((0, 6), valid_from=later(10), valid_to=later(20)))

        assert [amps(store, s) for s in (9.9, 10, 19.9, 20)] == [32, 6, 6, 32]

    def test_lease_outlives_a_reboot_unless_it_belonged_to_the_transaction(self) -> None:
        lease = holding(profile((0, 16), (90, 6), purpose=CAP)).rebooted()
        own = holding(profile((0, 16), (90, 6), purpose=TX)).rebooted()

        assert amps(lease, 100) == 6
        assert amps(own, 100) == 32


class TestStacking:
    def test_highest_level_wins_whatever_came_last(self) -> None:
        store = holding(profile((0, 20), level=3), profile((0, 8), profile_id=2, level=1))

        assert amps(store, 0) == 20

    def test_transaction_profile_replaces_the_default_even_upwards(self) -> None:
        store = holding(profile((0, 6), level=5), profile((0, 20), profile_id=2, purpose=TX))

        assert amps(store, 0) == 20

    def test_station_maximum_caps_whatever_the_others_say(self) -> None:
        store = holding(
            profile((0, 10), purpose=CAP),
            profile((0, 20), profile_id=2, purpose=TX),
            profile((0, 6), profile_id=3),
        )

        assert amps(store, 0) == 10

    def test_connectors_own_default_goes_before_the_general_one_of_the_same_level(self) -> None:
        store, _ = EMPTY.install(1, profile((0, 8)), NOON, None)
        store, _ = store.install(0, profile((0, 20), profile_id=2), NOON, None)

        assert amps(store, 0) == 8

    def test_default_also_counts_before_a_transaction(self) -> None:
        assert amps(holding(profile((0, 8))), 0, transaction=None) == 8


class TestKinds:
    def test_relative_counts_from_the_start_of_charging(self) -> None:
        store = holding(profile((0, 16), (310, 6), kind=Kind.RELATIVE, start=None))

        assert [amps(store, s) for s in (9.9, 10)] == [16, 6]
        assert amps(store, 0, transaction=None) == 32

    def test_absolute_without_start_counts_from_the_start_of_charging(self) -> None:
        store = holding(profile((0, 16), (310, 6), start=None))

        assert [amps(store, s) for s in (9.9, 10)] == [16, 6]

    def test_daily_schedule_repeats_and_keeps_its_duration(self) -> None:
        store = holding(profile((0, 10), (60, 6), kind=Kind.RECURRING, recurrency=Recurrency.DAILY, duration_s=120))

        day_s = 86_400
        assert [amps(store, s) for s in (0, 60, 120, day_s, day_s + 60, day_s + 120)] == [10, 6, 32, 10, 6, 32]

    def test_weekly_schedule_repeats_after_seven_days(self) -> None:
        store = holding(profile((0, 6), kind=Kind.RECURRING, recurrency=Recurrency.WEEKLY, duration_s=60))

        assert [amps(store, days * 86_400 + 1) for days in (0, 1, 6, 7)] == [6, 32, 32, 6]

    def test_longer_duration_than_its_cycle_is_cut_at_the_cycle(self) -> None:
        store = holding(
            profile((0, 10), (86_399, 6), kind=Kind.RECURRING, recurrency=Recurrency.DAILY, duration_s=200_000)
        )

        assert [amps(store, s) for s in (86_399, 86_400)] == [6, 10]


class TestUnitsAndPhases:
    def test_watts_are_shared_over_the_phases(self) -> None:
        firmware = replace(GOOD, units=frozenset(RateUnit))

        assert amps(holding(profile((0, 6900), unit=RateUnit.WATT), firmware=firmware), 0) == pytest.approx(10)

    def test_watts_on_a_one_phase_station_all_flow_on_that_phase(self) -> None:
        firmware = replace(GOOD, units=frozenset(RateUnit), wired_phases=1)

        assert amps(holding(profile((0, 2300), unit=RateUnit.WATT), firmware=firmware), 0) == pytest.approx(10)

    def test_number_of_phases_counts_only_where_the_station_switches(self) -> None:
        one = profile((0, 10), phases=1)

        assert holding(one).limit_at(NOON, CHARGING).phases == 3
        switching = replace(GOOD, switches_phases=True)
        assert holding(one, firmware=switching).limit_at(NOON, CHARGING) == Limit(limit_a=10, phases=1)

    def test_number_of_phases_left_out_means_all_three(self) -> None:
        switching = replace(GOOD, switches_phases=True)

        assert holding(profile((0, 10)), firmware=switching).limit_at(NOON, CHARGING).phases == 3

    def test_whole_ampere_station_rounds_down(self) -> None:
        assert amps(holding(profile((0, 9.9)), firmware=replace(GOOD, whole_amps=True)), 0) == 9


class TestInstalling:
    def test_same_id_replaces(self) -> None:
        store = holding(profile((0, 10)), profile((0, 8), level=4))

        assert len(store.installed) == 1
        assert amps(store, 0) == 8

    def test_same_purpose_and_level_replaces(self) -> None:
        store = holding(profile((0, 10)), profile((0, 8), profile_id=2))

        assert [each.profile.profile_id for each in store.installed] == [2]

    def test_same_level_of_another_purpose_is_added(self) -> None:
        assert len(holding(profile((0, 10)), profile((0, 8), profile_id=2, purpose=CAP)).installed) == 2

    def test_one_more_than_fit_is_rejected_and_changes_nothing(self) -> None:
        firmware = replace(GOOD, max_installed=1)
        store = holding(profile((0, 10)), firmware=firmware)

        after, answer = store.install(1, profile((0, 8), profile_id=2, level=1), NOON, CHARGING)

        assert (after, answer) == (store, Answer.REJECTED)

    def test_replacing_is_possible_when_the_memory_is_full(self) -> None:
        firmware = replace(GOOD, max_installed=1)

        assert amps(holding(profile((0, 10)), profile((0, 8)), firmware=firmware), 0) == 8

    @pytest.mark.parametrize(
        "wrong",
        [
            pytest.param(profile((0, 10), level=9), id="level above the maximum"),
            pytest.param(profile((0, 10), level=-1), id="negative level"),
            pytest.param(profile(), id="no period"),
            pytest.param(profile((5, 10)), id="first period not at 0"),
            pytest.param(profile((0, 10), (60, 8), (30, 6)), id="periods out of order"),
            pytest.param(profile((0, 10), (0, 8)), id="two periods at once"),
            pytest.param(profile((0, 10.05)), id="two decimals"),
            pytest.param(profile((0, -1)), id="negative limit"),
            pytest.param(profile((0, float("nan"))), id="limit that is no number"),
            pytest.param(profile((0, 10), phases=4), id="four phases"),
            pytest.param(profile((0, 10), duration_s=0), id="no duration"),
            pytest.param(profile((0, 2300), unit=RateUnit.WATT), id="unit not allowed"),
            pytest.param(profile((0, 10), valid_to=NOON), id="validity over"),
            pytest.param(profile((0, 10), valid_from=later(9), valid_to=later(5)), id="validity backwards"),
            pytest.param(profile((0, 10), purpose=TX, valid_to=later(60)), id="validity on a TxProfile"),
            pytest.param(profile((0, 10), kind=Kind.RELATIVE), id="relative with a start"),
            pytest.param(profile((0, 10), kind=Kind.RECURRING), id="recurring without a cycle"),
            pytest.param(
                profile((0, 10), kind=Kind.RECURRING, recurrency=Recurrency.DAILY, start=None),
                id="recurring without a start",
            ),
            pytest.param(profile((0, 10), transaction_id=77), id="transaction on a TxDefaultProfile"),
            pytest.param(profile((0, 10), purpose=TX, transaction_id=78), id="another transaction"),
        ],
    )
    def test_wrong_profile_is_rejected(self, wrong: Profile) -> None:
        assert answer_to(wrong) is Answer.REJECTED

    @pytest.mark.parametrize(("purpose", "connector_id"), [(CAP, 1), (TX, 0), (TX, 2), (DEFAULT, 2), (DEFAULT, -1)])
    def test_wrong_connector_is_rejected(self, purpose: Purpose, connector_id: int) -> None:
        store, answer = EMPTY.install(connector_id, profile((0, 10), purpose=purpose), NOON, CHARGING)

        assert (store, answer) == (EMPTY, Answer.REJECTED)

    def test_transaction_profile_without_transaction_is_rejected(self) -> None:
        assert answer_to(profile((0, 10), purpose=TX), transaction=None) is Answer.REJECTED

    def test_station_without_smart_charging_says_so(self) -> None:
        assert answer_to(profile((0, 10)), replace(GOOD, smart_charging=False)) is Answer.NOT_SUPPORTED

    @pytest.mark.parametrize(
        "firmware",
        [
            pytest.param(replace(GOOD, units=frozenset({RateUnit.WATT})), id="watts only"),
            pytest.param(replace(GOOD, max_periods=1), id="one period only"),
            pytest.param(replace(GOOD, max_stack_level=0), id="single stack level"),
            pytest.param(replace(GOOD, purposes=frozenset({TX})), id="one purpose only"),
            pytest.param(replace(GOOD, kinds=frozenset({Kind.RELATIVE})), id="relative only"),
        ],
    )
    def test_limited_firmware_rejects_what_it_cannot_do(self, firmware: Firmware) -> None:
        assert answer_to(profile((0, 16), (60, 6), level=1), firmware) is Answer.REJECTED

    def test_firmware_that_ignores_the_start_counts_from_the_validity(self) -> None:
        firmware = replace(GOOD, ignores_start=True)
        lease = profile((0, 16), (90, 6), start=later(-60))

        assert amps(holding(lease, firmware=firmware), 0, transaction=CHARGING) == 6
        assert amps(holding(replace(lease, valid_from=later(-60)), firmware=firmware), 29.9) == 16


class TestClearing:
    FULL = holding(
        profile((0, 10), purpose=CAP),
        profile((0, 9), profile_id=2, level=1),
        profile((0, 8), profile_id=3, purpose=TX),
    )

    @pytest.mark.parametrize(
        ("which", "left"),
        [
            (Filter(), set()),
            (Filter(profile_id=2), {1, 3}),
            (Filter(profile_id=2, purpose=CAP, stack_level=7), {1, 3}),
            (Filter(purpose=CAP), {2, 3}),
            (Filter(connector_id=1), {1}),
            (Filter(connector_id=0), {2, 3}),
            (Filter(connector_id=1, stack_level=0), {1, 2}),
        ],
    )
    def test_filters_are_combined_and_an_id_stands_alone(self, which: Filter, left: set[int]) -> None:
        store, found = self.FULL.clear(which)

        assert {each.profile.profile_id for each in store.installed} == left
        assert found

    def test_clearing_what_is_not_there_says_so(self) -> None:
        assert self.FULL.clear(Filter(profile_id=9)) == (self.FULL, False)

    def test_end_of_the_transaction_drops_only_its_own_profiles(self) -> None:
        assert {each.profile.profile_id for each in self.FULL.transaction_ended().installed} == {1, 2}


class TestComposite:
    def test_shows_the_coming_fall_of_a_lease(self) -> None:
        store = holding(profile((0, 16), (90, 6), start=later(-30)))

        assert [(p.start_s, p.limit) for p in store.composite(NOON, 300, CHARGING)] == [(0, 16), (60, 6)]

    def test_fall_after_its_end_is_not_shown(self) -> None:
        store = holding(profile((0, 16), (90, 6)))

        assert [(p.start_s, p.limit) for p in store.composite(NOON, 90, CHARGING)] == [(0, 16)]

    def test_watts_have_all_phases_in_them(self) -> None:
        assert in_unit(Period(start_s=0, limit=10, phases=3), RateUnit.WATT, 3).limit == 6900


SECONDS = st.integers(min_value=-200, max_value=400)
STEPS = st.lists(
    st.tuples(st.integers(1, 200), st.sampled_from([0.0, 6.0, 8.5, 16.0, 32.0])), min_size=0, max_size=3
).map(lambda tail: ((0, 10.0), *sorted({start: (start, limit) for start, limit in tail}.values())))


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    purpose = draw(st.sampled_from(Purpose))
    kind = draw(st.sampled_from(Kind))
    start = None if kind is Kind.RELATIVE else later(draw(SECONDS))
    valid_from = None if purpose is TX else draw(st.none() | SECONDS.map(later))
    return profile(
        *draw(STEPS),
        purpose=purpose,
        profile_id=draw(st.integers(1, 4)),
        level=draw(st.integers(0, 3)),
        kind=kind,
        start=start,
        duration_s=draw(st.none() | st.integers(1, 300)),
        recurrency=draw(st.sampled_from(Recurrency)) if kind is Kind.RECURRING else None,
        valid_from=valid_from,
        phases=draw(st.sampled_from([None, 1, 3])),
    )


def after_all(given_profiles: list[Profile], firmware: Firmware = GOOD) -> Profiles:
    store = Profiles(firmware=firmware)
    for each in given_profiles:
        store, _ = store.install(connector(each), each, NOON, CHARGING)
    return store


MANY = st.lists(profiles(), max_size=6)


@given(MANY, SECONDS)
def test_limit_never_exceeds_hardware_nor_any_cap_in_force(many: list[Profile], at: int) -> None:
    store = after_all(many)
    caps = holding(*[e.profile for e in store.installed if e.profile.purpose is CAP])

    limit = store.limit_at(later(at), CHARGING)

    assert 0 <= limit.limit_a <= min(GOOD.hardware_max_a, amps(caps, at))


@given(MANY, st.integers(1, 300))
def test_composite_says_what_will_be_in_force_at_every_second(many: list[Profile], duration_s: int) -> None:
    store = after_all(many, replace(GOOD, switches_phases=True))
    plan = store.composite(NOON, duration_s, CHARGING)

    for second in range(duration_s):
        planned = [period for period in plan if period.start_s <= second][-1]
        real = store.limit_at(later(second), CHARGING)
        assert (planned.limit, planned.phases) == (real.limit_a, real.phases)


@given(MANY, profiles())
def test_refused_profile_changes_nothing_and_accepted_one_is_there_once(many: list[Profile], new: Profile) -> None:
    before = after_all(many)

    after, answer = before.install(connector(new), new, NOON, CHARGING)

    if answer is not Answer.ACCEPTED:
        assert after == before
    assert [e.profile.profile_id for e in after.installed].count(new.profile_id) <= 1
    assert (new in [e.profile for e in after.installed]) or answer is not Answer.ACCEPTED


@given(MANY)
def test_one_place_holds_one_profile(many: list[Profile]) -> None:
    places = [(e.connector_id, e.profile.purpose, e.profile.stack_level) for e in after_all(many).installed]

    assert len(places) == len(set(places))


@given(MANY, SECONDS)
def test_installing_the_same_profile_again_changes_no_limit(many: list[Profile], at: int) -> None:
    once, twice = after_all(many), after_all([*many, *many[-1:]])

    assert once.limit_at(later(at), CHARGING) == twice.limit_at(later(at), CHARGING)


@given(MANY)
def test_clearing_everything_leaves_the_hardware_limit(many: list[Profile]) -> None:
    store, _ = after_all(many).clear(Filter())

    assert store.limit_at(NOON, CHARGING) == GOOD.hardware
