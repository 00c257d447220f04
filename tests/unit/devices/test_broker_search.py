"""What a search makes of an MQTT broker: every profile's own messages, and those of others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.devices.inspection.search.broker import Gathered, untold_topics
from ems.devices.inspection.search.candidate import Sure
from ems.devices.library import profiles
from ems.devices.mqtt.profile import MqttProfile
from ems.sim.wire.mqtt_devices import Message, topic_messages

PREFIX = "c0619ab12345"
MQTT = [each.filled(each.id, {}) for each in profiles() if isinstance(each, MqttProfile)]


def heard(*messages: Message) -> Gathered:
    gathered = Gathered()
    for message in messages:
        list(gathered.take(message.topic, message.payload.encode()))
    return gathered


@pytest.mark.parametrize("chosen", MQTT, ids=lambda each: each.id)
def test_every_profile_is_found_under_its_prefix_and_taken_for_no_other(chosen: MqttProfile) -> None:
    points = {name: point.under(PREFIX) for name, point in chosen.points.items()}

    found = list(heard(*topic_messages(points, dict.fromkeys(points, 100.0))).candidates())

    if chosen.id in untold_topics():
        assert found == []
    else:
        sure = {each.profile_id for each in found if each.sure is not Sure.POSSIBLE}
        assert chosen.id in {each.profile_id for each in found if each.where["prefix"] == PREFIX}
        assert sure <= {chosen.id} or len(found) > 1


def test_a_device_that_tells_a_part_only_is_none() -> None:
    assert not list(heard(Message(topic="a/status/em:0", payload='{"a_current": 1.0}')).candidates())


def test_a_number_is_asked_to_go_on_once() -> None:
    gathered = Gathered()
    said = b'{"value": "c0619ab12345"}'

    assert list(gathered.take(f"N/{PREFIX}/system/0/Serial", said)) == [f"R/{PREFIX}/keepalive"]
    assert list(gathered.take(f"N/{PREFIX}/system/0/Serial", said)) == []


@given(st.text(max_size=60), st.binary(max_size=60))
def test_any_message_is_taken_in(topic: str, payload: bytes) -> None:
    gathered = Gathered()

    list(gathered.take(topic, payload))

    assert len(gathered.told) <= 200
