"""Samples become readings in our units and signs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.devices.plausibility import Bounds
from ems.devices.sample import Sample
from ems.devices.views import BatteryView, GridView, Mounting, SolarView
from ems.errors import Nonsense
from ems.model.electrical import PHASES_OF, PerPhase, Phase
from ems.model.readings import GridReading

THREE = Bounds(phases=PHASES_OF[3], fuse_a=35)
FULL = {
    "current_l1": 10.0,
    "current_l2": 5.0,
    "current_l3": 2.0,
    "power_l1": 2300.0,
    "power_l2": -1150.0,
    "power_l3": 0.0,
    "voltage_l1": 230.0,
    "voltage_l2": 230.0,
    "voltage_l3": 230.0,
    "power": 1150.0,
    "frequency": 50.0,
    "energy_import": 100.0,
    "energy_export": 40.0,
}


HOUSE = Mounting(bounds=THREE)


def reading_of(values: Mapping[str, float], mounting: Mounting = HOUSE) -> GridReading:
    return GridView(mounting).reading(Sample(taken_at_s=7.0, values=values))


def without(*names: str) -> dict[str, float]:
    return {name: value for name, value in FULL.items() if not name.startswith(names)}


def test_magnitudes_take_the_direction_of_their_phase_power() -> None:
    reading = reading_of(FULL)

    assert reading.current_a == PerPhase(10.0, -5.0, 2.0)
    assert reading.power_w == 1150.0
    assert reading.voltage_v == PerPhase(230.0, 230.0, 230.0)
    assert (reading.frequency_hz, reading.energy_import_kwh, reading.energy_export_kwh) == (50.0, 100.0, 40.0)
    assert reading.taken_at_s == 7.0


def test_an_import_is_no_less_than_its_power_needs_where_a_meter_tells_whole_amperes() -> None:
    told = {**FULL, "current_l1": 9.0, "current_l2": 4.0, "current_l3": 3.0}

    assert reading_of(told).current_a == PerPhase(10.0, -4.0, 3.0)


def test_numbers_of_several_moments_are_not_held_against_each_other() -> None:
    told = Sample(taken_at_s=7.0, values={**FULL, "current_l1": 9.0}, same_instant=False)

    assert GridView(HOUSE).reading(told).current_a == PerPhase(9.0, -5.0, 2.0)


@given(
    amps=st.floats(0, 90),
    watts=st.floats(0, 20_000),
    volts=st.floats(116, 290),
)
def test_a_phase_never_carries_less_than_its_import(amps: float, watts: float, volts: float) -> None:
    told = {"current_l1": amps, "power_l1": watts, "voltage_l1": volts}
    mounting = Mounting(bounds=Bounds(phases=PHASES_OF[1], fuse_a=100))
    try:
        carried_a = reading_of(told, mounting).current_a.l1
    except Nonsense:
        return
    assert carried_a >= max(amps, watts / volts)


def test_a_current_that_signs_itself_is_left_alone() -> None:
    values = {**FULL, "current_l1": -10.0}

    assert reading_of(values, replace(HOUSE, signed=frozenset({"current_l1"}))).current_a.l1 == -10.0


def test_where_only_powers_are_known_the_voltage_gives_the_current() -> None:
    assert reading_of(without("current")).current_a == PerPhase(10.0, -5.0, 0.0)
    assert reading_of(without("current", "voltage")).current_a == PerPhase(10.0, -5.0, 0.0)


def test_a_current_without_direction_counts_as_import() -> None:
    assert reading_of(without("power_l")).current_a == PerPhase(10.0, 5.0, 2.0)


def test_total_power_is_summed_where_the_device_does_not_tell_it() -> None:
    phases_only = {name: value for name, value in FULL.items() if name != "power"}

    assert reading_of(phases_only).power_w == 1150.0
    assert reading_of(without("power", "voltage")).power_w == pytest.approx(17 * 230.0)


def test_a_phase_that_nobody_tells_is_nonsense() -> None:
    values = {name: value for name, value in FULL.items() if name not in {"current_l2", "power_l2"}}

    with pytest.raises(Nonsense, match="neither current nor power for L2"):
        reading_of(values)


def test_a_reversed_meter_is_turned_with_its_counters() -> None:
    reading = reading_of(FULL, replace(HOUSE, invert=True))

    assert reading.current_a == PerPhase(-10.0, 5.0, -2.0)
    assert reading.power_w == -1150.0
    assert (reading.energy_import_kwh, reading.energy_export_kwh) == (40.0, 100.0)


def test_a_makers_sign_is_turned_without_the_counters() -> None:
    reading = reading_of(FULL, replace(HOUSE, invert=True, invert_swaps_counters=False))

    assert reading.power_w == -1150.0
    assert (reading.energy_import_kwh, reading.energy_export_kwh) == (100.0, 40.0)


def test_a_one_phase_meter_on_l2_fills_l2() -> None:
    mounting = Mounting(bounds=Bounds(phases=(Phase.L2,), fuse_a=20))

    reading = reading_of({"power": -1380.0, "current": 6.0, "voltage": 230.0}, mounting)

    assert reading.current_a == PerPhase(0.0, -6.0, 0.0)
    assert reading.voltage_v == PerPhase(0.0, 230.0, 0.0)


def test_the_other_phases_of_a_meter_are_ignored_in_a_one_phase_house() -> None:
    mounting = Mounting(bounds=Bounds(phases=PHASES_OF[1], fuse_a=35))

    reading = reading_of({**FULL, "power": 2300.0}, mounting)

    assert reading.current_a == PerPhase(10.0, 0.0, 0.0)


def test_an_unknown_voltage_is_none_and_not_zero() -> None:
    assert reading_of(without("voltage_l2")).voltage_v is None


@given(st.lists(st.floats(-100, 100), min_size=3, max_size=3), st.booleans())
def test_inverting_twice_changes_nothing(watts: list[float], invert: bool) -> None:
    values = {f"power_l{number}": each * 230 for number, each in enumerate(watts, start=1)}
    negated = {name: -value for name, value in values.items()}

    turned, straight = replace(HOUSE, invert=not invert), replace(HOUSE, invert=invert)

    assert reading_of(negated, turned).current_a == reading_of(values, straight).current_a


def test_sun_has_one_sign_on_all_phases() -> None:
    values = {"power": 6900.0, "current_l1": 10.0, "current_l2": 10.0, "current_l3": 10.0, "energy": 12.5}

    reading = SolarView().reading(Sample(taken_at_s=1.0, values=values))

    assert (reading.power_w, reading.current_a, reading.energy_kwh) == (6900.0, PerPhase(10.0, 10.0, 10.0), 12.5)


def test_sun_without_phases_has_no_phases() -> None:
    assert SolarView().reading(Sample(taken_at_s=1.0, values={"power": 0.0})).current_a is None


def test_sun_without_power_is_nonsense() -> None:
    with pytest.raises(Nonsense, match="no power"):
        SolarView().reading(Sample(taken_at_s=1.0, values={"energy": 3.0}))


def test_a_battery_may_be_turned_round() -> None:
    sample = Sample(taken_at_s=1.0, values={"power": 2000.0, "soc": 0.6})

    assert BatteryView().reading(sample).power_w == 2000.0
    assert BatteryView(invert=True).reading(sample).power_w == -2000.0
    assert BatteryView().reading(sample).soc == 0.6
