"""Whatever a station takes, its limit is obeyed while it is renewed, and ends in the fallback when it is not.

The stations are `ems.sim.charging_profiles`, the standard's rules as values, narrowed to what odd ones can do.
"""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ems.clock import VirtualClock, run_virtual
from ems.config.schema_quirks import QuirkSection
from ems.csms.capabilities import Capabilities, RateUnit
from ems.csms.charging_profiles import Moment, Profile
from ems.csms.constructions import Form, Purpose, constructions
from ems.csms.lane import Answer
from ems.csms.limits import Limits
from ems.csms.messages import Dialect
from ems.csms.ports import LeasedLimit
from ems.errors import StationError, StationRefused
from ems.sim import schedules as sim
from ems.sim.charging_profiles import Answer as Word
from ems.sim.charging_profiles import Filter, Firmware, Profiles

LEASE_S: Final = 60.0
GUARD_S: Final = 30.0
HARDWARE_A: Final = 32.0
PURPOSES: Final = {
    Purpose.STATION_MAX: sim.Purpose.CHARGE_POINT_MAX,
    Purpose.TX_DEFAULT: sim.Purpose.TX_DEFAULT,
    Purpose.TX: sim.Purpose.TX,
}


@dataclass
class Car:
    """A car on a station's cable, and what the station holds."""

    firmware: Firmware
    skew_s: float = 0.0
    believed_skew_s: float | None = None
    charges: bool = True

    def __post_init__(self) -> None:
        self.clock = VirtualClock()
        self.holds = Profiles(firmware=self.firmware)
        self.highest_a: list[float] = []
        self.asked: list[Profile] = []
        self.limits = Limits("garage", self.clock, whole_amps=False, max_a=HARDWARE_A, phases=3)
        self.transaction = sim.Transaction(started=self.now, transaction_id=7) if self.charges else None

    @property
    def now(self) -> Any:
        """Station time."""
        return self.clock.utc_now() + timedelta(seconds=self.skew_s)

    @property
    def allowed_a(self) -> float:
        return self.holds.limit_at(self.now, self.transaction).limit_a

    async def install(self, profile: Profile) -> Answer:
        self.asked.append(profile)
        self.holds, word = self.holds.install(profile.connector, as_simulated(profile), self.now, self.transaction)
        self.highest_a.append(self.allowed_a)
        if word is not Word.ACCEPTED:
            raise StationRefused(word)
        now_s = self.clock.monotonic_s()
        return Answer(message_id="m", payload={}, sent_at_s=now_s, answered_at_s=now_s)

    async def told(self, limit_a: float, fallback_a: float, phases: int = 3) -> None:
        lease = LeasedLimit(limit_a=limit_a, phases=phases, fallback_a=fallback_a, lease_s=LEASE_S)
        await self.limits.install(lease, cast("Dialect", self), self._moment)
        for profile_id in self.limits.losers:
            self.holds, _ = self.holds.clear(Filter(profile_id=profile_id))
            self.limits.cleared(profile_id)
        self.highest_a.append(self.allowed_a)

    def _moment(self) -> Moment:
        believed_s = self.skew_s if self.believed_skew_s is None else self.believed_skew_s
        charging_s = 0.0 if self.transaction is None else (self.now - self.transaction.started).total_seconds()
        return Moment(
            station_now=self.clock.utc_now() + timedelta(seconds=believed_s),
            guard_s=GUARD_S,
            transaction_id=None if self.transaction is None else self.transaction.transaction_id,
            charging_for_s=charging_s,
            drawing_phases=3,
        )

    def run(self, story: Coroutine[Any, Any, None]) -> None:
        run_virtual(story, self.clock)


def as_simulated(profile: Profile) -> sim.Profile:
    """Our profile as a station reads it."""
    unit = sim.RateUnit(profile.unit.value)
    periods = tuple(
        sim.Period(start_s=each.start_s, limit=each.limit, phases=profile.phases) for each in profile.periods
    )
    return sim.Profile(
        profile_id=profile.profile_id,
        stack_level=profile.level,
        purpose=PURPOSES[profile.purpose],
        kind=sim.Kind.RELATIVE if profile.start is None else sim.Kind.ABSOLUTE,
        schedule=sim.Schedule(unit=unit, periods=periods, duration_s=profile.duration_s, start=profile.start),
        valid_from=profile.valid_from,
        transaction_id=None if profile.transaction_id is None else int(profile.transaction_id),
    )


def some_of(kinds: Any) -> st.SearchStrategy[frozenset[Any]]:
    return st.frozensets(st.sampled_from(list(kinds)), min_size=1)


FIRMWARES: Final = st.builds(
    Firmware,
    hardware_max_a=st.just(HARDWARE_A),
    units=some_of(sim.RateUnit),
    purposes=some_of(sim.Purpose),
    kinds=some_of([sim.Kind.ABSOLUTE, sim.Kind.RELATIVE]),
    max_stack_level=st.integers(0, 3),
    max_periods=st.sampled_from([1, 2, 24]),
    max_installed=st.sampled_from([1, 2, 10]),
    ignores_start=st.booleans(),
)
AMPS: Final = st.sampled_from([0.0, 6.0, 6.04, 7.3, 10.0, 15.99, 16.0, 31.9])
FALLBACKS: Final = st.sampled_from([0.0, 6.0, 8.0])


@st.composite
def quirk_sections(draw: st.DrawFn) -> QuirkSection:
    """Whatever somebody may say of a station, true or not."""
    return QuirkSection(
        purposes=draw(st.none() | st.permutations(["station_max", "tx_default", "tx"]).map(lambda p: tuple(p[:2]))),
        kind=draw(st.sampled_from([None, "absolute", "relative"])),
        stack=draw(st.sampled_from([None, 0, 1, 2, 10, "max", "max-1"])),
        unit=draw(st.sampled_from([None, "A", "W"])),
        connector_for_station=draw(st.sampled_from([None, 0, 1])),
        step_amps=draw(st.sampled_from([None, (1.0,), (0.5,), (4.0,), (6.0, 8.0, 10.0, 13.0, 16.0)])),
        send_twice_after_zero=draw(st.sampled_from([None, True])),
        periods_max=draw(st.sampled_from([None, 1, 2])),
    )


def told_by(firmware: Firmware) -> Capabilities:
    """A station that tells what it can."""
    return Capabilities(
        units=tuple(RateUnit(unit.value) for unit in sorted(firmware.units)),
        max_stack_level=firmware.max_stack_level,
        max_periods=firmware.max_periods,
        max_installed=firmware.max_installed,
    )


@settings(max_examples=150)
@given(FIRMWARES, st.booleans(), AMPS, AMPS, FALLBACKS, st.booleans(), quirk_sections(), st.floats(-300.0, 300.0))
def test_what_a_station_takes_holds_and_ends(
    firmware: Firmware,
    tells: bool,
    first_a: float,
    then_a: float,
    fallback_a: float,
    charges: bool,
    quirks: QuirkSection,
    skew_s: float,
) -> None:
    """S06, S07, S09, S11, S12 and S24 on every station that the rules allow."""
    car = Car(firmware, skew_s=round(skew_s), charges=charges)
    if tells:
        car.limits.can = told_by(firmware)
    car.limits.search.quirks = quirks

    async def story() -> None:
        try:
            await car.told(first_a, fallback_a)
        except StationError:
            return
        relative = car.limits.way is not None and car.limits.way.is_relative
        if relative and not charges:
            return
        assert car.allowed_a <= first_a
        await car.clock.sleep(LEASE_S / 3)
        car.highest_a.clear()
        await car.told(first_a, fallback_a)
        assert max(car.highest_a) <= first_a
        await car.clock.sleep(LEASE_S / 3)
        car.highest_a.clear()
        await car.told(then_a, fallback_a)
        assert max(car.highest_a) <= max(first_a, then_a)
        assert car.allowed_a <= then_a
        on_transaction = car.limits.way is not None and car.limits.way.purpose is Purpose.TX
        # Where a station does not look at the start of a transaction's own profile, it takes the guard for lease.
        await car.clock.sleep(LEASE_S + (GUARD_S if firmware.ignores_start and on_transaction else 0.0))
        assert car.allowed_a <= fallback_a
        await car.clock.sleep(86_400.0)
        assert car.allowed_a <= fallback_a

    car.run(story())
    for each in car.asked:
        if each.unit is RateUnit.AMPERE:
            assert all(period.limit == 0.0 or period.limit >= 6.0 for period in each.periods)


@settings(max_examples=60)
@given(FIRMWARES, quirk_sections(), AMPS, FALLBACKS)
def test_no_quirk_keeps_a_station_from_a_limit_that_it_would_take(
    firmware: Firmware, quirks: QuirkSection, limit_a: float, fallback_a: float
) -> None:
    """Hearsay orders the attempts; it never makes a station uncontrolled that is controlled without it."""
    plain, told = Car(firmware), Car(firmware)
    told.limits.search.quirks = quirks
    took: list[bool] = []
    for car in (plain, told):

        async def story(car: Car = car) -> None:
            try:
                await car.told(limit_a, fallback_a)
            except StationError:
                took.append(False)
            else:
                took.append(True)

        car.run(story())
    assert took[1] or not took[0]


@given(FIRMWARES, quirk_sections())
def test_every_form_without_quirks_is_there_with_them(firmware: Firmware, quirks: QuirkSection) -> None:
    can = told_by(firmware)

    assert set(constructions(can)) <= set(constructions(can, quirks))
    assert len(set(constructions(can, quirks))) == len(constructions(can, quirks))


@pytest.mark.parametrize(
    ("firmware", "form"),
    [
        (Firmware(units=frozenset({sim.RateUnit.WATT})), Form.TWO_PERIODS_OVER_FALLBACK),
        (Firmware(max_stack_level=0), Form.TWO_PERIODS),
        (Firmware(max_installed=1), Form.TWO_PERIODS),
        (Firmware(max_periods=1), Form.ENDING_OVER_FALLBACK),
        (Firmware(max_periods=1, max_installed=1), Form.FALLBACK),
        (Firmware(max_periods=1, max_stack_level=0), Form.TRANSACTION_OVER_FALLBACK),
        (Firmware(purposes=frozenset({sim.Purpose.TX})), Form.TRANSACTION_TWO_PERIODS),
        (Firmware(kinds=frozenset({sim.Kind.RELATIVE})), Form.RELATIVE),
        (Firmware(kinds=frozenset({sim.Kind.RELATIVE}), max_periods=1), Form.RELATIVE_ENDING_OVER_FALLBACK),
        (
            Firmware(kinds=frozenset({sim.Kind.RELATIVE}), max_periods=1, max_installed=1),
            Form.RELATIVE_FALLBACK,
        ),
    ],
)
def test_odd_station_finds_its_form(firmware: Firmware, form: Form) -> None:
    """S09: watts alone, one level, one profile, one period, transactions alone, the start of charging alone."""
    car = Car(firmware)

    async def story() -> None:
        await car.told(10.0, 6.0)

    car.run(story())
    assert car.limits.way is not None
    assert car.limits.way.form is form


def test_station_that_tells_nothing_and_takes_nothing_is_refused() -> None:
    """S04: in the end there is nothing left to try."""
    car = Car(Firmware(smart_charging=False))

    async def story() -> None:
        with pytest.raises(StationRefused, match="in every form"):
            await car.told(10.0, 6.0)

    car.run(story())


def test_slow_clock_that_nobody_knows_of_leaves_a_station_with_two_levels_at_its_fallback() -> None:
    """S24: five minutes slow, and no timestamp of it was heard yet."""
    car = Car(Firmware(), skew_s=-300.0, believed_skew_s=0.0)

    async def story() -> None:
        await car.told(10.0, 6.0)

    car.run(story())
    assert car.allowed_a == 6.0
