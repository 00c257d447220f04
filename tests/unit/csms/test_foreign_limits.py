"""S16 in OCPP 1.6: a limit of somebody else shows in what a station says that it will allow."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.clock import VirtualClock
from ems.csms.capabilities import RateUnit
from ems.csms.certificate_words import CertificateAsked, SecurityTold
from ems.csms.charging_profiles import Period
from ems.csms.energy_words import EnergyBook
from ems.csms.foreign_limits import (
    CONFIRM_AFTER_S,
    FIRST_LOOK_S,
    FORGOTTEN_AFTER_S,
    LOOK_EVERY_S,
    ForeignLimits,
    Look,
    amps_now,
)
from ems.csms.messages import CompositeSchedule


@dataclass
class Noted:
    """Keeps what is suspicious."""

    about: list[str] = field(default_factory=list)

    def certificate_asked(self, asked: CertificateAsked) -> bool:
        return bool(asked) and False

    def security_told(self, told: SecurityTold) -> None:
        """Not of interest here."""

    def foreign_profile(self, about: str) -> None:
        self.about.append(about)


class Bench:
    """One connection, its looks a while apart."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.noted = Noted()
        self.energy = EnergyBook(lambda: None, lambda: None)
        self.foreign = ForeignLimits("garage", self.energy, self.noted, self.clock)

    def look(self, said_a: float, told_a: float = 16.0, drawn_a: float = 9.8) -> Bench:
        self.clock.advance(CONFIRM_AFTER_S)
        self.foreign.judge(Look(said_a=said_a, told_a=told_a, drawn_a=drawn_a, most_a=32.0))
        return self

    @property
    def outside_a(self) -> float | None:
        return self.energy.outside_a(self.clock.utc_now())


def test_lower_limit_that_is_seen_twice_is_told_and_planned_with() -> None:
    bench = Bench().look(10.0)
    assert (bench.noted.about, bench.outside_a) == ([], None)

    bench.look(10.0)
    assert bench.outside_a == 10.0
    assert bench.noted.about == ["it allows 10.0 A and was told 16.0 A"]


def test_limit_that_an_earlier_connection_found_has_to_be_found_again() -> None:
    bench = Bench().look(10.0).look(10.0)

    ForeignLimits("garage", bench.energy, bench.noted, bench.clock)

    assert bench.outside_a is None


def test_higher_limit_is_told_and_raises_nothing() -> None:
    bench = Bench().look(32.0, told_a=10.0).look(32.0, told_a=10.0)

    assert len(bench.noted.about) == 1
    assert bench.outside_a is None


@pytest.mark.parametrize(
    ("said_a", "drawn_a"),
    [
        (48.0, 10.0),  # a default that no such hardware carries
        (10.0, 16.0),  # the car draws more than it says
        (10.0, 0.0),  # nothing flows, so nothing is shown
        (15.0, 14.8),  # whole amperes
        (16.0, 16.0),
    ],
)
def test_what_cannot_be_believed_or_says_nothing_new_is_passed_over(said_a: float, drawn_a: float) -> None:
    """S14."""
    bench = Bench()
    for _ in range(3):
        bench.look(said_a, drawn_a=drawn_a)

    assert (bench.noted.about, bench.outside_a) == ([], None)


def test_two_looks_that_say_different_things_prove_nothing() -> None:
    bench = Bench().look(10.0).look(7.0, drawn_a=6.5).look(12.0)

    assert (bench.noted.about, bench.outside_a) == ([], None)


def test_car_under_6_a_is_told_and_not_planned_with() -> None:
    bench = Bench().look(4.0, drawn_a=3.9).look(4.0, drawn_a=3.9)

    assert len(bench.noted.about) == 1
    assert bench.outside_a is None


def test_limit_that_is_gone_is_planned_with_no_more() -> None:
    bench = Bench().look(10.0).look(10.0).look(16.0, told_a=10.0, drawn_a=10.0)

    assert bench.outside_a is None


def test_limit_that_we_keep_to_ourselves_is_looked_for_again_after_an_hour() -> None:
    bench = Bench().look(10.0).look(10.0).look(10.0, told_a=10.0)
    assert bench.outside_a == 10.0

    bench.clock.advance(FORGOTTEN_AFTER_S)
    bench.look(10.0, told_a=10.0)

    assert bench.outside_a is None


def test_looks_are_far_apart_and_end_where_a_station_does_not_tell() -> None:
    bench = Bench()
    looks = []
    for _ in range(3600):
        bench.clock.advance(1.0)
        if bench.foreign.is_due():
            looks.append(bench.clock.monotonic_s())
    assert len(looks) == 1 + int((3600 - FIRST_LOOK_S) // LOOK_EVERY_S)

    bench.foreign.give_up()
    bench.clock.advance(LOOK_EVERY_S)
    assert not bench.foreign.is_due()


@pytest.mark.parametrize(
    ("unit", "periods", "amps"),
    [
        (RateUnit.AMPERE, (Period(start_s=0, limit=10.0), Period(start_s=30, limit=6.0)), 10.0),
        (RateUnit.AMPERE, (), None),
        (RateUnit.AMPERE, (Period(start_s=5, limit=10.0),), None),
        (RateUnit.WATT, (Period(start_s=0, limit=2300.0),), None),
        (None, (Period(start_s=0, limit=10.0),), None),
    ],
)
def test_only_amperes_of_now_are_read(unit: RateUnit | None, periods: tuple[Period, ...], amps: float | None) -> None:
    assert amps_now(CompositeSchedule(start=None, unit=unit, periods=periods)) == amps


@given(st.lists(st.tuples(st.floats(0.0, 100.0), st.floats(0.0, 32.0), st.floats(0.0, 32.0)), max_size=12))
def test_what_a_station_says_only_ever_lowers(looks: list[tuple[float, float, float]]) -> None:
    bench = Bench()
    for said_a, told_a, drawn_a in looks:
        bench.look(said_a, told_a, drawn_a)

    outside_a = bench.outside_a
    assert outside_a is None or 6.0 <= outside_a <= max(told_a for _, told_a, _ in looks)
