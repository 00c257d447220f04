"""What owners fill into requests and topics: it names something, and never changes what is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ems.clock import VirtualClock
from ems.config.schema import HttpSource, MqttSource
from ems.devices.catalog import connect_devices
from ems.devices.config_error import DeviceConfigError
from ems.devices.http.profile import HttpProfile
from ems.devices.library import profile
from ems.devices.mqtt.profile import MqttProfile
from ems.devices.profile import ProfileError, parse_profile
from tests.protocol.device_site import site

WORDS = st.from_regex(r"[A-Za-z0-9_-]+( [A-Za-z0-9_-]+)*", fullmatch=True).filter(lambda word: len(word) <= 64)
SHORT = """
id: x
vendor: Maker
model: Model
transport: http
request: /
parameters: {name: {about: Where its owner finds it.}}
uses: {meter: {points: {power: {path: value, request: "/sensor/{NAME}"}}}}
"""


def iotawatt() -> HttpProfile:
    found = profile("iotawatt")
    assert isinstance(found, HttpProfile)
    return found


@given(word=WORDS)
def test_every_word_stays_inside_its_place(word: str) -> None:
    (request,) = iotawatt().filled("grid", {"series": word}).uses["meter"].points["power"].requests("/")

    assert request == "/query?select=[" + word.replace(" ", "%20") + ".watts]&begin=s-10s&end=s&group=all"


@given(text=st.text(max_size=80))
def test_nothing_else_is_a_word(text: str) -> None:
    try:
        source = HttpSource(host="meter", parameters={"series": text})
    except ValidationError:
        with pytest.raises(ValidationError):
            MqttSource(parameters={"power": text})
        return
    assert set(source.parameters["series"]) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_- ")


@pytest.mark.parametrize(
    "text", ["", "..", "a/../b", "a].watts,B", "x&begin=0", "a?b", "a#b", "a%2f", "a\r\nX: y", "+", "#", " a", "{b}"]
)
def test_words_that_would_ask_for_something_else_are_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        HttpSource(host="meter", parameters={"series": text})


def test_points_whose_parameter_nobody_stated_are_not_there() -> None:
    uses = iotawatt().filled("grid", {"series_l1": "Grid 1", "series_l2": "Grid_2"}).uses

    assert set(uses["meter"].points) == {"power_l1", "power_l2"}
    assert uses["inverter"].points == {}


def test_both_directions_of_a_number_have_to_be_named() -> None:
    found = profile("esphome_mqtt_p1")
    assert isinstance(found, MqttProfile)

    filled = found.filled("grid", {"delivered_l1": "p1_in", "returned_l1": "p1_out", "delivered_l2": "p2_in"})

    assert set(filled.points) == {"power", "power_l1"}
    assert [term.topic for term in filled.points["power_l1"].under("reader").terms] == [
        "reader/sensor/p1_in/state",
        "reader/sensor/p1_out/state",
    ]


@pytest.mark.parametrize(
    ("meter", "said"),
    [
        ({"profile": "iotawatt", "http": {"host": "x", "parameters": {"serie": "a"}}}, "those of iotawatt are series,"),
        ({"profile": "iotawatt", "http": {"host": "x", "parameters": {"series": "a"}}}, "neither current nor power of"),
        ({"profile": "sonnen_batterie", "http": {"host": "x", "parameters": {"a": "b"}}}, "are none"),
        ({"profile": "esphome_mqtt", "mqtt": {"prefix": "x"}}, "neither current nor power of L1"),
    ],
)
def test_what_is_missing_or_unknown_is_said(meter: dict[str, object], said: str) -> None:
    file = site(meters=[{"id": "grid", **meter}], mqtt={"host": "broker"})

    with pytest.raises(DeviceConfigError, match=said):
        connect_devices(file, VirtualClock())


def test_a_sign_that_nobody_knows_has_to_be_stated() -> None:
    meter: dict[str, object] = {"id": "grid", "profile": "powerfox", "http": {"host": "backend.powerfox.energy"}}
    with pytest.raises(DeviceConfigError, match=r"Sources disagree .* 0\. State `invert: false` where"):
        connect_devices(site(meters=[meter], phases=1), VirtualClock())

    for way in (True, False):
        assert connect_devices(site(meters=[{**meter, "invert": way}], phases=1), VirtualClock()).meters


def test_a_profile_asks_for_nothing_that_nobody_can_fill_in() -> None:
    assert parse_profile(SHORT.replace("{NAME}", "{name}")).id == "x"
    with pytest.raises(ProfileError, match=r"\{nam\} is none of the parameters"):
        parse_profile(SHORT.replace("{NAME}", "{nam}"))
    with pytest.raises(ProfileError, match=r"\{name\} is none of the parameters"):
        parse_profile(SHORT.replace("request: /\n", 'request: "/{name}"\n').replace("{NAME}", "{name}"))
