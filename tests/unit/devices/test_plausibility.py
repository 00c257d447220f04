"""What cannot be true is no sample."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.devices.plausibility import (
    TRUST_COUNTER_AFTER,
    Bounds,
    Counter,
    check_battery,
    check_grid,
    check_solar,
    true_frequency,
)
from ems.errors import Nonsense
from ems.model.electrical import PHASES_OF, PerPhase, Phase
from ems.model.readings import BatteryReading, GridReading, SolarReading

HOUSE = Bounds(phases=PHASES_OF[3], fuse_a=25)
CALM = GridReading(
    current_a=PerPhase(4.0, -3.0, 6.0),
    power_w=1600.0,
    taken_at_s=1.0,
    voltage_v=PerPhase(231.0, 229.0, 233.0),
    frequency_hz=50.02,
)


def test_a_calm_house_is_plausible() -> None:
    check_grid(CALM, HOUSE)


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        (replace(CALM, current_a=PerPhase(math.nan, 0, 0)), "not finite"),
        (replace(CALM, current_a=PerPhase(0, math.inf, 0)), "not finite"),
        (replace(CALM, power_w=math.inf), "not finite"),
        (replace(CALM, voltage_v=PerPhase(math.nan, 230, 230)), "not finite"),
        (replace(CALM, current_a=PerPhase(0, 0, 76)), "76 A on L3"),
        (replace(CALM, current_a=PerPhase(-76, 0, 0)), "-76 A on L1"),
        (replace(CALM, voltage_v=PerPhase(230, 100, 230)), "100 V on L2"),
        (replace(CALM, voltage_v=PerPhase(230, 230, 400)), "400 V on L3"),
        (replace(CALM, frequency_hz=0.0), "0.0 Hz"),
        (replace(CALM, frequency_hz=math.nan), "nan Hz"),
        (replace(CALM, power_w=20_000.0), "20000 W"),
    ],
)
def test_the_impossible_is_nonsense(reading: GridReading, words: str) -> None:
    with pytest.raises(Nonsense, match=words):
        check_grid(reading, HOUSE)


def test_a_surge_below_three_times_the_fuse_counts() -> None:
    check_grid(replace(CALM, current_a=PerPhase(74, 0, 0), power_w=17_000.0), HOUSE)


def test_without_a_stated_fuse_only_the_largest_home_fuse_bounds_the_current() -> None:
    open_house = Bounds(phases=PHASES_OF[3])

    check_grid(replace(CALM, current_a=PerPhase(300, 0, 0)), open_house)
    with pytest.raises(Nonsense, match="more than 375 A"):
        check_grid(replace(CALM, current_a=PerPhase(380, 0, 0)), open_house)


def test_a_phase_the_house_does_not_have_is_not_judged() -> None:
    one_phase = Bounds(phases=(Phase.L1,), fuse_a=25)

    check_grid(replace(CALM, voltage_v=PerPhase(230, 0, 0), current_a=PerPhase(7, 0, 0)), one_phase)


def test_power_from_another_message_is_not_compared_with_the_currents() -> None:
    check_grid(replace(CALM, power_w=20_000.0), HOUSE, same_instant=False)


@given(st.lists(st.floats(-70, 70), min_size=3, max_size=3), st.floats(0, 1), st.floats(200, 250))
def test_every_real_load_passes_however_reactive(amps: list[float], power_factor: float, volts: float) -> None:
    reading = replace(
        CALM,
        current_a=PerPhase.of(amps),
        voltage_v=PerPhase(volts, volts, volts),
        power_w=sum(amps) * volts * power_factor,
    )

    check_grid(reading, HOUSE)


def test_tenfold_frequency_is_put_right() -> None:
    assert true_frequency(500.3) == pytest.approx(50.03)
    assert true_frequency(49.98) == 49.98


def test_more_sun_than_the_roof_can_give_is_nonsense() -> None:
    check_solar(SolarReading(power_w=9400, taken_at_s=0), peak_w=9000)
    with pytest.raises(Nonsense, match="of sun"):
        check_solar(SolarReading(power_w=90_000, taken_at_s=0), peak_w=9000)
    with pytest.raises(Nonsense, match="of sun"):
        check_solar(SolarReading(power_w=9e9, taken_at_s=0))


def test_a_battery_fuller_than_full_is_nonsense() -> None:
    check_battery(BatteryReading(power_w=-3000, taken_at_s=0, soc=1.0))
    with pytest.raises(Nonsense, match="120 %"):
        check_battery(BatteryReading(power_w=-3000, taken_at_s=0, soc=1.2))
    with pytest.raises(Nonsense, match="not finite"):
        check_battery(BatteryReading(power_w=math.nan, taken_at_s=0))
    with pytest.raises(Nonsense, match="impossible"):
        check_battery(BatteryReading(power_w=1e7, taken_at_s=0))


def test_a_counter_that_runs_backwards_says_nothing() -> None:
    memory, first_kwh = Counter().seen(1200.0)
    memory, backwards_kwh = memory.seen(3.0)
    _, later_kwh = memory.seen(1200.5)

    assert (first_kwh, backwards_kwh, later_kwh) == (1200.0, None, 1200.5)


def test_a_counter_that_stays_lower_was_changed_and_is_believed_again() -> None:
    memory, _ = Counter().seen(1200.0)
    for _ in range(TRUST_COUNTER_AFTER):
        memory, refused_kwh = memory.seen(3.0)
        assert refused_kwh is None

    _, believed_kwh = memory.seen(3.1)

    assert believed_kwh == 3.1


@given(st.lists(st.none() | st.floats(allow_nan=True), max_size=TRUST_COUNTER_AFTER))
def test_believed_counts_never_fall(values: list[float | None]) -> None:
    memory, believed = Counter(), [0.0]
    for value in values:
        memory, count = memory.seen(value)
        believed += [] if count is None else [count]

    assert believed == sorted(believed)
