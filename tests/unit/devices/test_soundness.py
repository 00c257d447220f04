"""What an installer is told when numbers do not fit together."""

from __future__ import annotations

import pytest

from ems.devices.inspection.soundness import doubts
from ems.devices.profile_parts import Kind

HOUSE = {
    "power": 1840.0,
    "power_l1": 2300.0,
    "power_l2": -1150.0,
    "power_l3": 690.0,
    "current_l1": 10.0,
    "current_l2": 5.0,
    "current_l3": 3.0,
    "voltage_l1": 230.0,
    "voltage_l2": 231.0,
    "voltage_l3": 229.0,
    "frequency": 50.0,
}


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("meter", HOUSE),
        ("meter", {}),
        ("meter", HOUSE | {"frequency": 499.9}),
        ("meter", {"power_l1": 100.0, "current_l1": 3.0}),
        ("inverter", {"power": -20.0}),
        ("battery", {"power": -3000.0, "soc": 1.0}),
    ],
)
def test_numbers_that_fit_raise_no_doubt(kind: Kind, values: dict[str, float]) -> None:
    assert doubts(kind, values) == ()


@pytest.mark.parametrize(
    ("kind", "wrong", "words"),
    [
        ("meter", {"frequency": 12.0}, "12 Hz is not one of a grid"),
        ("meter", {"voltage_l3": 400.0}, "voltage_l3 is 400 V"),
        ("meter", {"power_l1": 6000.0, "power": 5540.0}, "L1 has 6000 W with 10 A, which carry 2300 VA"),
        ("meter", {"power_l1": 2.3, "power": -457.7}, "L1 has only 2.3 W with 10 A"),
        ("meter", {"power": 4140.0}, "add up to 1840 W, and the total is 4140 W: a sign is wrong"),
        ("inverter", {"power": -4000.0}, "an inverter that draws 4000 W"),
        ("battery", {"soc": 55.0}, "a state of charge of 5500 %"),
        ("battery", {"power": 1e9}, "more than any house"),
        ("battery", {"power": 2.5e-41}, "power is 2.5e-41, which nothing measures"),
    ],
)
def test_what_does_not_fit_is_said(kind: Kind, wrong: dict[str, float], words: str) -> None:
    (doubt,) = doubts(kind, {**(HOUSE if kind == "meter" else {}), **wrong})

    assert words in doubt


def test_a_meter_that_measures_nothing_at_all_is_doubted_and_an_inverter_at_night_is_not() -> None:
    assert doubts("meter", {"power": 0.0, "energy_import": 0.0}) == (
        "everything it measures is 0: it may not be connected, or be another model",
    )
    assert doubts("meter", {"power": 0.0, "energy_import": 7.0}) == ()
    assert doubts("inverter", {"power": 0.0}) == ()
