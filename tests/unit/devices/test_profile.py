"""Profiles: what ships, and what is refused."""

from __future__ import annotations

from importlib.resources import files

import pytest

from ems.devices.catalog import DeviceConfigError, profile, profiles
from ems.devices.profile import ModbusProfile, MqttProfile, SunSpecProfile, parse_profile
from ems.devices.register_map import plan
from ems.devices.register_types import WordOrder

HEAD = "{id: x, vendor: X, model: Y, transport: modbus, kind: meter, points: {power: {function: input, address: 0, "
MQTT_HEAD = "{id: x, vendor: X, model: Y, transport: mqtt, kind: meter, points: {power: {"


def test_the_three_first_profiles_ship() -> None:
    assert [each.id for each in profiles()] == ["eastron_sdm630", "shelly_pro3em", "sunspec"]


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


def test_sunspec_serves_meters_and_inverters() -> None:
    assert isinstance(profile("sunspec"), SunSpecProfile)
    assert profile("sunspec").kinds == ("meter", "inverter")


def test_an_unknown_profile_names_the_known_ones() -> None:
    with pytest.raises(DeviceConfigError, match="no device profile nothing: take one of eastron_sdm630, "):
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


@pytest.mark.parametrize(
    ("text", "words"),
    [
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
