"""Meter values of all kinds of stations (scenarios M01 to M05)."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.csms.meter_values import MeterSample, normalise

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
SAMPLE = st.fixed_dictionaries(
    {},
    optional={
        "value": JSON | st.sampled_from(["", "NaN", "1e309", "-5", "16", " 7.5 ", "2147483647"]),
        "measurand": st.sampled_from(["Current.Import", "Power.Active.Import", "Voltage", "SoC", "Frequency"]) | JSON,
        "phase": st.sampled_from(["L1", "L2-N", "L3", "N", "L1-L2"]) | JSON,
        "unit": st.sampled_from(["A", "mA", "kW", "W", "Wh", "kWh", "Hz"]) | JSON,
        "context": st.sampled_from(["Transaction.Begin", "Transaction.End"]) | JSON,
    },
)
BLOCK = st.fixed_dictionaries(
    {}, optional={"timestamp": st.text(max_size=25) | JSON, "sampledValue": st.lists(SAMPLE, max_size=5) | JSON}
)


def sample(value: object, measurand: str | None = None, phase: str | None = None, unit: str | None = None) -> Any:
    named = {"value": value, "measurand": measurand, "phase": phase, "unit": unit}
    return {key: each for key, each in named.items() if each is not None}


def read(*samples: Any, phases: int = 3, active: int | None = None) -> MeterSample:
    (one,) = normalise([{"sampledValue": list(samples)}], phases=phases, active_phases=active)
    return one


AMPS = "Current.Import"
WATTS = "Power.Active.Import"


@given(JSON | st.lists(BLOCK, max_size=4), st.integers(1, 3), st.none() | st.integers(0, 4))
def test_no_json_can_make_it_fail(value: object, phases: int, active: int | None) -> None:
    for one in normalise(value, phases=phases, active_phases=active):
        assert one.current_a is None or len(one.current_a) == phases
        assert one.current_a is None or all(0.0 <= amps < 1e6 for amps in one.current_a)
        assert one.power_w is None or one.power_w >= 0.0


@pytest.mark.parametrize(
    ("samples", "phases", "current_a"),
    [
        ([sample("6", AMPS, "L1"), sample("7", AMPS, "L2"), sample("8", AMPS, "L3")], 3, (6, 7, 8)),
        ([sample("6", AMPS, "L1-N"), sample("8", AMPS, "L3-N")], 3, (6, 0, 8)),
        ([sample("6", AMPS, "N")], 1, (6,)),
        ([sample("6", AMPS, "N")], 3, None),
        ([sample("9", AMPS)], 1, (9,)),
        ([sample("9", AMPS)], 3, (3, 3, 3)),
        ([sample("10", AMPS), sample("6900", WATTS)], 3, (10, 10, 10)),
        ([sample("6.9", WATTS, unit="kW")], 3, (10, 10, 10)),
        ([sample("2.3", WATTS, unit="kW")], 1, (10,)),
        ([sample("2300", WATTS, "L1"), sample("1150", WATTS, "L2")], 3, (10, 5, 0)),
        ([sample("0", AMPS, "L1"), sample("13", AMPS, "L2")], 1, (13,)),
        ([sample("6000", AMPS, "L1", "mA")], 1, (6,)),
        ([sample("230", "Voltage", "L1-L2")], 3, None),
    ],
)
def test_currents_are_found_however_they_are_told(
    samples: list[Any], phases: int, current_a: tuple[float, ...] | None
) -> None:
    """M01."""
    found = read(*samples, phases=phases).current_a

    assert found == (current_a if current_a is None else pytest.approx(current_a))


def test_total_is_shared_among_the_phases_that_the_car_may_use() -> None:
    assert read(sample("10", AMPS), phases=3, active=1).current_a == (10, 0, 0)


def test_power_is_the_sum_over_phases_of_voltage_times_current() -> None:
    found = read(
        sample("10", AMPS, "L1"),
        sample("10", AMPS, "L2"),
        sample("240", "Voltage", "L1-N"),
        sample("0.1", "Voltage", "L2"),
    )

    assert found.power_w == pytest.approx(2400 + 2300)


@pytest.mark.parametrize(
    ("samples", "kwh"),
    [
        ([sample("1500")], 1.5),
        ([sample("1.5", unit="kWh")], 1.5),
        ([sample(1500, "Energy.Active.Import.Register", unit="Wh")], 1.5),
        ([sample(str(i * 500), None, f"L{i}") for i in (1, 2)], 1.5),
        ([{**sample("0"), "context": "Transaction.Begin"}], None),
    ],
)
def test_energy_without_measurand_or_unit_is_a_register_in_watt_hours(samples: list[Any], kwh: float | None) -> None:
    """M02."""
    assert read(*samples).energy_kwh == kwh


@pytest.mark.parametrize("value", ["", " ", "NaN", "inf", "1e309", "-3", "text", None, True, [], "1" * 5000])
def test_one_bad_value_does_not_spoil_the_others(value: object) -> None:
    """M03."""
    found = read(sample(value, AMPS, "L1"), sample("7", AMPS, "L2"))

    assert found.current_a == (0, 7, 0)


def test_unit_that_does_not_fit_drops_the_sample() -> None:
    assert read(sample("50", AMPS, unit="Hz")).current_a is None


def test_state_of_charge_is_a_fraction() -> None:
    assert read(sample("80", "SoC", unit="Percent")).soc == 0.8


def test_blocks_are_sorted_by_time_and_those_without_time_are_now() -> None:
    """M07."""
    later = {"timestamp": "2026-01-01T10:00:10Z", "sampledValue": [sample("2")]}
    earlier = {"timestamp": "2026-01-01T10:00:00Z", "sampledValue": [sample("1")]}
    now = {"sampledValue": [sample("3")]}

    found = normalise([now, later, earlier], phases=1)

    assert [one.energy_kwh for one in found] == [0.001, 0.002, 0.003]


def test_single_block_without_a_list_is_read() -> None:
    assert normalise({"sampledValue": sample("1000")}, phases=1)[0].energy_kwh == 1.0


def test_closing_values_are_known_as_such() -> None:
    assert read({**sample("1"), "context": "Transaction.End"}).closing


def test_numbers_of_json_beyond_all_bounds_are_dropped() -> None:
    assert read(json.loads('{"value": 1e400}')).energy_kwh is None
