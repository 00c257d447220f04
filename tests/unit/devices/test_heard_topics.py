"""Numbers of ours from several topics: two directions apart, sums, null, silence, what is taken back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.clock import VirtualClock, run_virtual
from ems.devices.messages import Json
from ems.devices.mqtt.device import MqttDevice, Topics
from ems.devices.mqtt.heard_topics import HeardTopics
from ems.devices.mqtt.profile import TopicPoint, TopicTerm
from ems.devices.plausibility import Bounds
from ems.devices.views import GridView, Mounting
from ems.errors import NoAnswer, Nonsense
from ems.model.electrical import Phase
from ems.model.readings import GridReading

APART = {"power": TopicPoint(topic="in", scale=1000, less=TopicTerm(topic="out", scale=1000))}
SUM = {
    "power": TopicPoint(
        topic="dc",
        path="value",
        plus=(TopicTerm(topic="ac/1", path="value"), TopicTerm(topic="ac/2", path="value")),
    )
}


def told(points: dict[str, TopicPoint], *messages: tuple[str, Json], since_s: float = 0.0) -> float | None:
    """The power after those messages, one a second."""
    heard = HeardTopics(points)
    for at_s, (topic, content) in enumerate(messages):
        list(heard.take(topic, content, float(at_s)))
    power = heard.numbers(since_s).get("power")
    return None if power is None else power.number


def test_directions_told_apart_are_one_flow() -> None:
    assert told(APART, ("in", "1.5"), ("out", 0)) == 1500.0
    assert told(APART, ("in", 0), ("out", 0.25)) == -250.0


def test_one_direction_alone_is_sure_only_while_it_flows() -> None:
    assert told(APART, ("in", 1.5)) == 1500.0
    assert told(APART, ("in", 0)) is None
    assert told(APART, ("out", 2)) == -2000.0
    assert told(APART, ("out", 0)) is None


def test_a_sum_needs_every_part_and_null_is_a_part_that_is_not_there() -> None:
    parts: tuple[tuple[str, Json], ...] = (("dc", {"value": 900}), ("ac/1", {"value": None}))

    assert told(SUM, *parts) is None
    assert told(SUM, *parts, ("ac/2", {"value": 100.5})) == 1000.5
    assert told(SUM, ("dc", {"value": None}), ("ac/1", {"value": None}), ("ac/2", {"value": None})) is None


def test_a_part_that_falls_silent_makes_the_sum_unknown_and_never_smaller() -> None:
    parts: tuple[tuple[str, Json], ...] = (("dc", {"value": 900}), ("ac/1", {"value": 50}), ("ac/2", {"value": 50}))

    assert told(SUM, *parts, since_s=0.0) == 1000.0
    assert told(SUM, *parts, since_s=1.0) is None


@given(st.lists(st.tuples(st.sampled_from(["in", "out"]), st.floats(0, 20) | st.none() | st.just("nan")), max_size=12))
def test_a_flow_is_always_made_of_the_newest_words(messages: list[tuple[str, float | str | None]]) -> None:
    newest: dict[str, float | None] = {}
    for topic, content in messages:
        newest[topic] = content if isinstance(content, float) else None

    flow = told(APART, *messages)

    here, there = newest.get("in"), newest.get("out")
    if here is not None and there is not None:
        assert flow == pytest.approx(1000 * (here - there))
    else:
        assert flow == (1000 * here if here else -1000 * there if there else None)


class Meter:
    """A one-phase meter with two topics, and somebody who publishes for it."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.device: MqttDevice[GridReading] = MqttDevice(
            name="grid",
            period_s=1.0,
            silence_s=5.0,
            topics=Topics(points=APART, required=frozenset({"power"})),
            view=GridView(Mounting(bounds=Bounds(phases=(Phase.L1,), fuse_a=25))).reading,
            clock=self.clock,
        )
        self.device.link_changed(up=True)

    def publish(self, topic: str, payload: bytes) -> None:
        self.device.heard(topic, payload, retained=False)

    def read(self) -> GridReading:
        return run_virtual(self.device.read(), self.clock)


@pytest.mark.parametrize("payload", [b"", b"nan", b"unknown", b"unavailable", b"null", b"{", b"\xff"])
def test_a_number_that_is_taken_back_is_unknown_and_not_what_it_was(payload: bytes) -> None:
    meter = Meter()
    meter.publish("out", b"0")
    meter.publish("in", b"2.3")
    assert meter.read().power_w == 2300.0

    meter.publish("in", payload)
    with pytest.raises(Nonsense):
        meter.read()
    meter.publish("out", b"0")
    with pytest.raises(NoAnswer):
        meter.read()
    meter.publish("in", json.dumps(1.15).encode())

    assert meter.read().power_w == 1150.0


def test_a_sample_is_as_old_as_its_older_half() -> None:
    meter = Meter()
    meter.publish("out", b"0")
    first_s = meter.clock.monotonic_s()
    meter.clock.advance(4.0)
    meter.publish("in", b"2.3")

    assert meter.read().taken_at_s == first_s
    meter.clock.advance(2.0)
    meter.publish("in", b"0")
    with pytest.raises(NoAnswer):
        meter.read()
