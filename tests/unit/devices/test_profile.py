"""Profiles: what ships, and what is refused."""

from __future__ import annotations

from importlib.resources import files

import pytest

from ems.devices.config_error import DeviceConfigError
from ems.devices.library import profile, profiles
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.modbus.register_map import plan
from ems.devices.modbus.register_types import WordOrder
from ems.devices.mqtt.profile import MqttProfile
from ems.devices.profile import ProfileError, SunSpecProfile, parse_profile

HEAD = "{id: x, vendor: X, model: Y, transport: modbus, kind: meter, points: {power: {function: input, address: 0, "
MQTT_HEAD = "{id: x, vendor: X, model: Y, transport: mqtt, kind: meter, points: {power: {"


def test_the_three_first_profiles_ship() -> None:
    assert {"eastron_sdm630", "shelly_pro3em", "sunspec"} <= {each.id for each in profiles()}


@pytest.mark.parametrize("name", [each.id for each in profiles()])
def test_a_profile_is_named_like_its_file(name: str) -> None:
    text = (files("ems.devices") / "profiles" / f"{name}.yaml").read_text(encoding="utf-8")

    assert parse_profile(text).id == name


def test_an_sdm630_sample_is_one_read() -> None:
    meter = profile("eastron_sdm630")
    assert isinstance(meter, ModbusProfile)
    limits = meter.limits

    blocks = plan(meter.numbers, max_registers=limits.max_registers_per_read, max_gap=limits.max_gap_registers)

    assert [(block.function, block.address, block.count) for block in blocks] == [("input", 0, 76)]
    assert limits.request_gap_ms == 100


def test_a_shelly_has_a_prefix_and_a_last_will() -> None:
    meter = profile("shelly_pro3em")
    assert isinstance(meter, MqttProfile)
    assert meter.availability is not None

    assert meter.points["current_l2"].under("a/b").topic == "a/b/status/em:0"
    assert meter.availability.under("a/b").topic == "a/b/online"
    assert meter.points["current_l2"].steps == ("b_current",)


def test_sunspec_serves_meters_inverters_and_batteries() -> None:
    assert isinstance(profile("sunspec"), SunSpecProfile)
    assert profile("sunspec").kinds == ("meter", "inverter", "battery")


def test_an_unknown_profile_names_the_known_ones() -> None:
    with pytest.raises(DeviceConfigError, match="no device profile nothing: take one of `ems devices list`"):
        profile("nothing")


def test_a_point_may_have_its_own_word_order() -> None:
    parsed = parse_profile(HEAD + "type: int32, word_order: little}}}")

    assert isinstance(parsed, ModbusProfile)
    assert parsed.word_order is WordOrder.BIG
    assert parsed.points["power"].word_order is WordOrder.LITTLE


def test_a_text_point_is_no_number() -> None:
    parsed = parse_profile(HEAD + "type: int16}, serial: {function: holding, address: 9, type: string, length: 8}}}")

    assert isinstance(parsed, ModbusProfile)
    assert set(parsed.numbers) == {"power"}


HYBRID = """
id: x
vendor: X
model: Y
transport: modbus
every_point: {function: holding, type: uint32}
uses:
  meter:
    parts:
      power_import: {address: 0}
      power_export: {address: 2}
    derived:
      power: {plus: [power_import], minus: [power_export]}
  battery:
    points: {power: {address: 4, type: int16, sign: -1}, soc: {address: 5, type: uint16, scale: 0.01}}
"""


def test_a_hybrid_has_a_map_for_each_use() -> None:
    parsed = parse_profile(HYBRID)

    assert isinstance(parsed, HybridProfile)
    assert parsed.kinds == ("meter", "battery")
    assert parsed.maps["meter"].told == ("power",)
    assert parsed.maps["meter"].parts["power_export"].type == "uint32"
    assert parsed.maps["battery"].points["power"].type == "int16"


def test_what_is_said_of_every_point_may_be_said_otherwise_of_one() -> None:
    with pytest.raises(ProfileError, match="every_point has adress, which no point has"):
        parse_profile(HYBRID.replace("type: uint32}", "type: uint32, adress: 1}"))


def test_a_profile_error_names_the_profile_and_every_wrong_key() -> None:
    wrong = HYBRID.replace("address: 2", "address: -2").replace("sign: -1", "sign: 2")

    with pytest.raises(ProfileError) as caught:
        parse_profile(wrong)

    said = str(caught.value)
    assert said.startswith("profile x: ")
    assert "uses.meter.parts.power_export.address: Input should be greater than or equal to 0" in said
    assert "uses.battery.points.power.sign: Input should be 1 or -1" in said


def test_a_single_source_of_power_makes_a_profile_experimental() -> None:
    alone = HYBRID.replace("address: 4,", "address: 4, status: single,")

    with pytest.raises(ProfileError, match=r"uses\.battery: a power or current comes from a single source"):
        parse_profile(alone)

    said = parse_profile(alone.replace("  battery:", "  battery:\n    experimental: Only one project reads it so."))
    assert isinstance(said, HybridProfile)
    assert said.maps["battery"].vouched == "single"
    assert said.maps["meter"].vouched == "verified"
    assert said.status == "single"
    assert said.experimental_as == {"battery": "Only one project reads it so."}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- a\n b: {", "no YAML"),
        (HYBRID.replace("minus: [power_export]", "minus: [power_sent]"), "power_sent, which is not read before it"),
        (HYBRID.replace(", minus: [power_export]", ""), "parts power_export are in nothing"),
        (
            HYBRID.replace("plus: [power_import], minus", "times: [power_import], minus"),
            "give plus and minus, or times",
        ),
        (HYBRID.replace("      power: {plus", "      power_import: {plus"), "power_import: a name stands once"),
        (HYBRID.replace("power_", "part_"), "derived from no power or current"),
        (HYBRID.replace("soc:", "state:"), "unknown points state"),
        (HYBRID.replace("power: {address: 4", "power: {words: [4, 5]"), "words needs 1 different registers"),
        (HEAD + "type: uint32, exponent_at: 200}}}", "its registers lie 201 apart"),
        (HEAD + "type: string, length: 2}}}", "at least one point"),
        (HEAD + "type: int24}}}", "type"),
        (HEAD + "type: int16, adress: 3}}}", "adress"),
        (HEAD + "type: int16}, powr: {function: input, address: 2, type: int16}}}", "unknown points powr"),
        (HEAD + "type: int16}}, kinds: [meter]}", "kinds"),
        (HEAD.replace("power:", "frequency:") + "type: int16}}}", "at least one point with power or current"),
        (HEAD + "type: float64}}, limits: {max_registers_per_read: 2}}", "longer than one read"),
        (HEAD.replace("modbus", "carrier-pigeon") + "type: int16}}}", "carrier-pigeon"),
        (MQTT_HEAD + "topic: 'a/#'}}}", "without wildcards"),
        (MQTT_HEAD + "topic: a, path: 'x..y'}}}", "empty or broken step"),
        ("[]", "valid dictionary"),
        ("{id: X, vendor: X, model: Y, transport: sunspec, kinds: [meter]}", "id"),
    ],
)
def test_a_wrong_profile_is_refused_with_the_reason(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_profile(text)


def test_a_wrong_file_is_told_in_plain_words_wherever_a_device_cannot_be_built() -> None:
    text = "id: some\nvendor: A\nmodel: B\nkind: meter\ntransport: modbus\npoints: {power: {adress: 100}}\n"

    with pytest.raises(DeviceConfigError) as caught:
        parse_profile(text)

    assert "points.power.adress: is not a known key" in str(caught.value)
    assert "Extra inputs" not in str(caught.value)
