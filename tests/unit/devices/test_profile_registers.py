"""Registers as the makers mean them, written down by hand, and what our profiles make of them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ems.devices.library import profile
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.modbus.register_map import decode_block, plan
from ems.devices.modbus.register_types import WordOrder
from ems.devices.profile_parts import Kind

Words = Mapping[int, tuple[int, ...]]


def told(profile_id: str, kind: Kind, words: Words, order: WordOrder | None = None) -> dict[str, float]:
    """What a device with these words from these addresses on tells; all other registers hold 0."""
    found = profile(profile_id)
    assert isinstance(found, ModbusProfile | HybridProfile)
    registers = {address + place: word for address, each in words.items() for place, word in enumerate(each)}
    numbers: dict[str, float] = {}
    points = found.maps[kind].numbers
    for block in plan(points):
        answer = [registers.get(block.address + place, 0) for place in range(block.count)]
        numbers |= decode_block(block, answer, points, order or found.word_order)
    return found.maps[kind].sample(numbers)


@pytest.mark.parametrize(
    ("profile_id", "kind", "words", "name", "value"),
    [
        pytest.param("huawei_sun2000", "meter", {37113: (0, 2000)}, "power", -2000, id="Huawei counts feed-in"),
        pytest.param("huawei_sun2000", "meter", {37107: (0xFFFF, 0xFC18)}, "current_l1", 10.0, id="its currents too"),
        pytest.param("huawei_sun2000", "battery", {37765: (0, 1500)}, "power", -1500, id="and charging"),
        pytest.param("huawei_sun2000", "battery", {37760: (555,)}, "soc", 0.555, id="in tenths of a percent"),
        pytest.param("chint_dtsu666h", "meter", {2126: (0xC4BB, 0x8000)}, "power", -1500, id="DTSU666-H in W"),
        pytest.param("huawei_emma", "meter", {31657: (0, 2000)}, "power", 2000, id="its EMMA counts import"),
        pytest.param("sungrow_sh", "meter", {5600: (1500, 0)}, "power", 1500, id="Sungrow has the low word first"),
        pytest.param("sungrow_sh", "meter", {5602: (0xFC18, 0xFFFF)}, "power_l1", -1000, id="and counts import"),
        pytest.param("sungrow_sh", "battery", {5213: (0xFC18, 0xFFFF)}, "power", -1000, id="and discharge"),
        pytest.param("sungrow_sh_old", "battery", {13000: (0b100,), 13021: (700,)}, "power", 700, id="a bit says out"),
        pytest.param("sungrow_sh_old", "battery", {13000: (0b010,), 13021: (700,)}, "power", -700, id="or in"),
        pytest.param("solaredge", "meter", {40206: (345,), 40210: (1,)}, "power", -3450, id="SolarEdge counts export"),
        pytest.param("solaredge", "inverter", {40083: (4321,), 40084: (0xFFFF,)}, "power", 432.1, id="power of ten"),
        pytest.param("solaredge", "inverter", {40083: (0x8000,), 40084: (0x8000,)}, "power", 0.0, id="asleep"),
        pytest.param(
            "solaredge", "battery", {57716: (0x8000, 0x44BB)}, "power", -1500, id="counts charging, low first"
        ),
        pytest.param(
            "kostal_plenticore", "meter", {252: (0x5000, 0x449A)}, "power", 1234.5, id="Kostal low word first"
        ),
        pytest.param("kostal_plenticore", "battery", {582: (0xFC18,)}, "power", -1000, id="and discharge"),
        pytest.param("kostal_ksem", "meter", {2: (0, 5000)}, "power", -500, id="two registers, one of them 0"),
        pytest.param("deye_3p_hybrid", "meter", {625: (0xFC18,), 690: (0xFFFF,)}, "power", -1000, id="words apart"),
        pytest.param(
            "deye_1p_hybrid", "meter", {78: (1,), 79: (5000,), 80: (1,)}, "energy_import", 6553.7, id="one between"
        ),
        pytest.param("sma", "inverter", {30775: (0x8000, 0), 30977: (0x8000, 0)}, "power", 0.0, id="SMA at night"),
        pytest.param("sma", "meter", {30867: (0, 800)}, "power", -800, id="SMA exports"),
        pytest.param("sma", "battery", {31393: (0, 900)}, "power", -900, id="SMA charges"),
        pytest.param("solis_hybrid", "battery", {33135: (1,), 33149: (0, 600)}, "power", 600, id="Solis says out"),
        pytest.param("solis_hybrid", "battery", {33135: (0,), 33149: (0, 600)}, "power", -600, id="or in"),
        pytest.param("solis_hybrid", "meter", {33263: (0, 600)}, "power", -600, id="and counts export"),
        pytest.param("growatt_sph", "meter", {1029: (0, 7000)}, "power", -700, id="Growatt exports"),
        pytest.param("goodwe_et", "meter", {36025: (0, 800)}, "power", -800, id="GoodWe counts export"),
        pytest.param(
            "goodwe_et", "inverter", {35105: (0, 900), 35109: (0xFFFF, 0xFFFF)}, "power", 900, id="one string"
        ),
        pytest.param("victron_gx", "battery", {842: (0xFE0C,)}, "power", 500, id="Victron counts charging"),
        pytest.param(
            "victron_gx", "meter", {820: (100,), 821: (200,), 822: (0xFFCE,)}, "power", 250, id="and its phases"
        ),
        pytest.param("e3dc", "battery", {40069: (500, 0)}, "power", -500, id="E3/DC counts charging"),
        pytest.param(
            "e3dc", "inverter", {40067: (900, 0), 40075: (0xFF38, 0xFFFF)}, "power", 1100, id="and others' sun"
        ),
        pytest.param("sofar_g3", "meter", {1160: (50,)}, "power", -500, id="Sofar in steps of 10 W, counts export"),
        pytest.param("solax_x3_hybrid", "meter", {70: (800, 0)}, "power", -800, id="SolaX counts export"),
        pytest.param(
            "foxess_h3", "meter", {31026: (100,), 31027: (200,), 31028: (0xFFCE,)}, "power", -250, id="FoxESS too"
        ),
        pytest.param("sigenergy", "battery", {30037: (0, 500)}, "power", -500, id="Sigenergy counts charging"),
        pytest.param("inepro_pro380", "meter", {20498: (0xBFC0, 0)}, "power", -1500, id="Inepro in kW"),
        pytest.param(
            "carlogavazzi_em24_ethernet", "meter", {40: (0xD8F0, 0xFFFF)}, "power", -1000, id="Gavazzi low first"
        ),
        pytest.param("abb_b23", "meter", {23316: (0xFFFE, 0x7960)}, "power", -1000, id="ABB in hundredths"),
        pytest.param("schneider_iem3000", "meter", {3059: (0x3FC0, 0)}, "power", 1500, id="Schneider in kW"),
        pytest.param("socomec_countis", "meter", {50536: (0, 150)}, "power", 1500, id="Socomec in steps of 10 W"),
    ],
)
def test_registers_mean_what_the_maker_says(profile_id: str, kind: Kind, words: Words, name: str, value: float) -> None:
    assert told(profile_id, kind, words)[name] == pytest.approx(value)


def test_a_kostal_with_the_other_word_order_is_read_in_it() -> None:
    assert told("kostal_plenticore", "meter", {252: (0x449A, 0x5000)}, WordOrder.BIG)["power"] == 1234.5


@pytest.mark.parametrize(
    ("profile_id", "kind", "words", "lacking"),
    [
        ("abb_b23", "meter", {23318: (0x7FFF, 0xFFFF)}, "power_l1"),
        ("sungrow_sh", "meter", {5600: (0xFFFF, 0x7FFF)}, "power"),
        ("sma", "meter", {30865: (0xFFFF, 0xFFFF)}, "power"),
        ("solaredge", "battery", {57716: (0xFFFF, 0xFF7F)}, "power"),
        ("eastron_sdm630", "meter", {12: (0x7FC0, 0)}, "power_l1"),
    ],
)
def test_what_is_not_there_is_unknown(profile_id: str, kind: Kind, words: Words, lacking: str) -> None:
    assert lacking not in told(profile_id, kind, words)
