"""What a simulated device fills in, and what it cannot show."""

from __future__ import annotations

import pytest

from ems.devices.library import profile
from ems.devices.modbus.point_map import PointMap
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.modbus.register_types import WordOrder
from ems.devices.profile import parse_profile
from ems.sim.wire.register_image import CannotShow, Values, filled_in, image

PRODUCT = """
id: x
vendor: X
model: Y
kind: meter
transport: modbus
every_point: {function: input, type: float32}
points:
  voltage_l1: {address: 0}
  serial: {address: 10, type: string, length: 5}
parts:
  current_own: {address: 2}
derived:
  power_l1: {times: [voltage_l1, current_own]}
"""


def known(profile_id: str) -> ModbusProfile | HybridProfile:
    found = profile(profile_id)
    assert isinstance(found, ModbusProfile | HybridProfile)
    return found


def meter(profile_id: str) -> PointMap:
    return known(profile_id).maps["meter"]


def test_phases_add_up_and_currents_carry_their_power() -> None:
    told = filled_in(meter("eastron_sdm630"), {"power_l1": 2300.0, "power_l2": -460.0})

    assert (told["power"], told["power_l3"]) == (1840.0, 0.0)
    assert (told["current_l1"], told["current_l2"], told["current_l3"]) == (10.0, 2.0, 0.0)
    assert (told["voltage_l1"], told["frequency"], told["energy_import"]) == (230.0, 50.0, 0.0)


def test_a_current_that_has_a_sign_gets_one() -> None:
    assert filled_in(meter("huawei_sun2000"), {"power_l2": -460.0})["current_l2"] == -2.0


def test_a_total_alone_is_carried_by_the_only_phase() -> None:
    assert filled_in(meter("eastron_sdm120"), {"power": -460.0})["current_l1"] == 2.0


def test_what_is_stated_is_not_filled_in() -> None:
    told = filled_in(
        meter("eastron_sdm630"), {"power_l1": 2300.0, "power": 5.0, "current_l1": 1.0, "voltage_l1": 115.0}
    )

    assert (told["power"], told["current_l1"], told["voltage_l1"]) == (5.0, 1.0, 115.0)


def test_a_product_is_made_of_the_factor_that_nobody_tells() -> None:
    chosen = parse_profile(PRODUCT)
    assert isinstance(chosen, ModbusProfile)

    registers = image(chosen, {"meter": {"power_l1": 460.0, "voltage_l1": 230.0}})

    assert [registers["input", address] for address in range(4)] == [0x4366, 0, 0x4000, 0]
    assert registers["input", 10] == 0x5369


def test_registers_that_a_read_only_bridges_are_there_and_hold_nothing() -> None:
    registers = image(known("eastron_sdm630"), {})

    assert set(registers) == {("input", address) for address in range(76)}
    assert registers["input", 30] == 0


def test_the_word_order_is_told_where_the_device_tells_it() -> None:
    chosen = known("kostal_plenticore")

    assert [image(chosen, {}, order)["holding", 5] for order in (WordOrder.LITTLE, WordOrder.BIG)] == [0, 1]
    assert image(chosen, {})["holding", 5] == 0


@pytest.mark.parametrize(
    ("profile_id", "values", "words"),
    [
        ("eastron_sdm630", {"power_l4": 1.0}, "it does not tell power_l4; it tells voltage_l1, "),
        (
            "foxess_h3",
            {"power": 900.0, "power_l1": 500.0},
            r"power is power_l1 \+ power_l2 \+ power_l3, so it cannot be",
        ),
        ("solaredge", {"energy_import": -1.0}, "no power of ten"),
        ("foxess_h1_lan", {"power": 40_000.0}, "power cannot be 40000: "),
        ("foxess_h1_lan", {"power": None}, "cannot say that it has no power"),
    ],
)
def test_what_such_a_device_cannot_tell_is_refused(profile_id: str, values: Values, words: str) -> None:
    with pytest.raises(CannotShow, match=words):
        image(known(profile_id), {"meter": values})
