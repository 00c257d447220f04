"""What a device does not tell as we want it is worked out from its parts."""

from __future__ import annotations

import math

import pytest

from ems.devices.modbus.point_map import Derived, PointMap
from ems.devices.modbus.register_map import decode_point, plan
from ems.devices.modbus.register_point import RegisterPoint
from ems.devices.modbus.register_types import WordOrder


def rule(**content: object) -> Derived:
    return Derived.model_validate(content)


def points(*names: str) -> dict[str, object]:
    return {name: {"function": "input", "address": at, "type": "int16"} for at, name in enumerate(names)}


@pytest.mark.parametrize(
    ("numbers", "power_w"),
    [
        ({"power_import": 300.0, "power_export": 0.0}, 300.0),
        ({"power_import": 0.0, "power_export": 800.0}, -800.0),
        ({"power_import": 300.0}, None),
        ({}, None),
    ],
)
def test_import_and_export_apart_make_one_signed_power(numbers: dict[str, float], power_w: float | None) -> None:
    assert rule(plus=["power_import"], minus=["power_export"]).value(numbers) == power_w


def test_strings_that_are_not_there_count_nothing() -> None:
    strings = rule(plus=["power_1", "power_2"], partly=True)

    assert strings.value({"power_1": 900.0}) == 900.0
    assert strings.value({}) is None


def test_power_is_voltage_times_current() -> None:
    assert rule(times=["voltage", "current"]).value({"voltage": 230.0, "current": -2.0}) == -460.0


@pytest.mark.parametrize(("state", "power_w"), [(0, -500.0), (1, 500.0)])
def test_a_magnitude_takes_its_direction_from_a_state(state: int, power_w: float) -> None:
    battery = rule(magnitude="power_size", positive_when={"of": "power_state", "equals": 1})

    assert battery.value({"power_size": 500.0, "power_state": state}) == power_w
    assert battery.value({"power_size": -500.0, "power_state": state}) == power_w


@pytest.mark.parametrize(("state", "power_w"), [(0b0010, -500.0), (0b0110, 500.0)])
def test_a_magnitude_takes_its_direction_from_a_bit(state: int, power_w: float) -> None:
    battery = rule(magnitude="power_size", positive_when={"of": "power_state", "bit": 2})

    assert battery.value({"power_size": 500.0, "power_state": state}) == power_w


@pytest.mark.parametrize("content", [{"of": "power_state"}, {"of": "power_state", "equals": 1, "bit": 2}])
def test_a_direction_has_one_rule(content: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="either equals or bit"):
        rule(magnitude="power_size", positive_when=content)


def test_a_sample_has_our_numbers_alone() -> None:
    meter = PointMap.model_validate(
        {
            "points": points("voltage"),
            "parts": points("power_import", "power_export"),
            "derived": {"power": {"plus": ["power_import"], "minus": ["power_export"]}},
        }
    )

    assert meter.sample({"voltage": 230.0, "power_import": 5.0, "power_export": 1.0}) == {
        "voltage": 230.0,
        "power": 4.0,
    }
    assert meter.sample({"voltage": 230.0, "power_import": 5.0}) == {"voltage": 230.0}


def test_an_inverter_without_a_value_rests_at_night() -> None:
    inverter = PointMap.model_validate({"points": points("power", "energy", "current_l1"), "rests_at_night": True})

    assert inverter.sample({"energy": 77.0}) == {"energy": 77.0, "power": 0.0}
    assert inverter.sample({"current_l1": 0.0}) == {"current_l1": 0.0, "power": 0.0}
    assert inverter.sample({"current_l1": 4.0}) == {"current_l1": 4.0}


def point(**content: object) -> RegisterPoint:
    return RegisterPoint.model_validate({"function": "holding", **content})


def test_words_that_are_not_side_by_side_come_in_one_read() -> None:
    chosen = {"power": point(type="int32", words=[625, 690]), "power_l1": point(type="int32", words=[622, 687])}
    registers = [0] * 69
    registers[3], registers[68] = 0xFFFE, 0xFFFF
    (block,) = plan(chosen, max_gap=70)

    assert (block.address, block.count) == (622, 69)
    assert decode_point(chosen["power"], registers, 622, WordOrder.LITTLE) == -2
    assert decode_point(chosen["power_l1"], registers, 622, WordOrder.LITTLE) == 0


@pytest.mark.parametrize(
    ("exponent", "power_w"), [(0, 1234.0), (1, 12340.0), (0xFFFE, 12.34), (0x8000, None), (11, None)]
)
def test_the_power_of_ten_is_read_with_the_number(exponent: int, power_w: float | None) -> None:
    power = point(type="int16", address=100, exponent_at=104)
    (block,) = plan({"power": power})

    found = decode_point(power, [1234, 0, 0, 0, exponent], 100)

    assert (block.address, block.count) == (100, 5)
    assert found == power_w if power_w is None else math.isclose(found, power_w)  # type: ignore[arg-type]
