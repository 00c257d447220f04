"""What a device publishes over MQTT, at the topics and paths of its profile; its prefix is not kept."""

from __future__ import annotations

from typing import Final

from ems.clock import Clock
from ems.devices.inspection.published import Published, listening_to
from ems.devices.inspection.recording import NEWEST, HeardMessage, Number, Recording
from ems.devices.inspection.tapes.kept import kept_values
from ems.devices.inspection.tapes.length import Length, Reel
from ems.devices.messages import Unreadable, parse_payload
from ems.devices.mqtt.link import Broker
from ems.devices.mqtt.profile import MqttProfile
from ems.errors import NoAnswer

FRAME: Final = 80
"""Characters of a message in the file, beside its topic and values."""

PER_VALUE: Final = 60


async def record_messages(
    profile: MqttProfile, prefix: str | None, broker: Broker, length: Length, clock: Clock
) -> Recording:
    """Listen so long. Raises LinkDown, Refused, or NoAnswer when nothing came at all."""
    heard: list[HeardMessage] = []
    async with listening_to(profile, prefix, broker, clock) as listening:
        reel, own = Reel(length, clock), listening.prefix
        async for message in listening.messages(reel.left_s):
            heard.append(_heard(message, reel))
            if reel.is_full():
                break
    if not heard:
        raise NoAnswer(f"nothing was published under {own} within {length.for_s:g} s; is that its prefix?")
    return Recording(recording=NEWEST, profile=profile.id, messages=tuple(heard))


def _heard(message: Published, reel: Reel) -> HeardMessage:
    values = _values(message)
    size = FRAME + len(message.wanted.topic) + sum(len(path) + PER_VALUE for path in values or ())
    said = HeardMessage(at_s=reel.add(size), topic=message.wanted.topic)
    marks = {name: True for name, is_so in (("retained", message.retained), ("broken", values is None)) if is_so}
    # What is not said stays out of the file.
    return said.model_copy(update={**marks, **({} if values is None else {"values": values})})


def _values(message: Published) -> dict[str, Number] | None:
    """What is kept of it; None for a message that nobody can read."""
    try:
        content = parse_payload(message.payload)
    except Unreadable:
        return None
    return kept_values(str(content).lower() if isinstance(content, bool) else content, message.wanted.paths)
