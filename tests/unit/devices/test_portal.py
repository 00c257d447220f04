"""A number that a device says of itself in its topics, and what an entry may say in its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.config.schema import DeviceEntry
from ems.devices.config_error import DeviceConfigError
from ems.devices.library import profile
from ems.devices.mqtt.entry_topics import keepalive_of, portal_topic_of, topics_of
from ems.devices.mqtt.portal import Portals, split_portal, with_portal
from ems.devices.mqtt.profile import MqttProfile

WORDS = st.text(alphabet="abcN0123456789", min_size=1, max_size=12)


@given(WORDS, WORDS, WORDS)
def test_a_number_taken_out_of_a_topic_fits_back_in(first: str, number: str, rest: str) -> None:
    topic = f"{first}/{number}/{rest}"

    assert split_portal(topic) == (number, f"{first}/+/{rest}")
    assert with_portal(f"{first}/+/{rest}", number) == topic


@given(st.text(max_size=80))
def test_any_topic_is_taken_apart_without_a_crash(topic: str) -> None:
    number, there = split_portal(topic)

    assert (there == topic) if not number else (with_portal(there, number) == topic)


def test_one_number_is_the_device_and_two_are_nobody() -> None:
    nobody, one, two = Portals(), Portals(), Portals()
    one.heard("a")
    one.heard("a")
    two.heard("a")
    two.heard("b\n")

    assert [each.only for each in (nobody, one, two)] == [None, "a", None]
    assert [each.several for each in (nobody, one)] == [None, None]
    assert two.several == "several devices publish at this broker (a, b): say which by mqtt.prefix"


def entry(profile_id: str, **mqtt: object) -> tuple[DeviceEntry, MqttProfile]:
    found = profile(profile_id)
    assert isinstance(found, MqttProfile)
    return DeviceEntry.model_validate({"id": "grid", "profile": profile_id, "mqtt": mqtt}), found


def test_a_prefix_that_is_left_out_stands_open_in_every_topic() -> None:
    asked = entry("victron_mqtt")
    points, _ = topics_of(*asked)
    keepalive = keepalive_of(*asked)

    assert points["power_l1"].topic == "N/+/system/0/Ac/Grid/L1/Power"
    assert keepalive is not None
    assert keepalive.topic == "R/+/keepalive"
    assert portal_topic_of(*asked) == "N/+/system/0/Serial"


def test_a_meter_behind_it_names_the_rest_of_its_prefix() -> None:
    asked = entry("victron_mqtt_meter", prefix="+/grid/30")

    assert topics_of(*asked)[0]["current_l1"].topic == "N/+/grid/30/Ac/L1/Current"
    with pytest.raises(DeviceConfigError, match="has no MQTT prefix"):
        topics_of(*entry("victron_mqtt_meter"))


@pytest.mark.parametrize(
    ("profile_id", "prefix"),
    [("shelly_pro3em", "+"), ("shelly_pro3em", "a/+"), ("victron_mqtt_meter", "+/grid/+"), ("victron_mqtt", "#")],
)
def test_a_wildcard_that_stands_for_nothing_is_refused(profile_id: str, prefix: str) -> None:
    with pytest.raises(DeviceConfigError, match=r"\+ stands for a number that the device says itself"):
        topics_of(*entry(profile_id, prefix=prefix))
