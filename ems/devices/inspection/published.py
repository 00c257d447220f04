"""What a device publishes over MQTT, listened to for a while, under the topics of its profile."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import aiomqtt

from ems.clock import Clock
from ems.devices.inspection.broker_talk import at_broker, messages_for, subscribed
from ems.devices.inspection.named import named_mqtt
from ems.devices.mqtt.link import Broker
from ems.devices.mqtt.portal import ANY, Portals, split_portal
from ems.devices.mqtt.profile import MqttProfile, with_prefix
from ems.errors import NoAnswer

FIND_WITHIN_S: Final = 35.0
"""How long a device may take to say its own number."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A topic of the profile, with its `{prefix}` and the names of its parameters, and the paths into its messages."""

    topic: str
    paths: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Published:
    """One message."""

    wanted: Wanted
    payload: bytes
    retained: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """A device that is listened to."""

    prefix: str
    """Of its topics, with its own number found."""

    client: aiomqtt.Client
    wanted: Mapping[str, Wanted]
    clock: Clock

    async def messages(self, for_s: float) -> AsyncIterator[Published]:
        """What comes within that time."""
        async for message in messages_for(self.client, for_s, self.clock):
            if message.topic.value in self.wanted:
                yield Published(self.wanted[message.topic.value], bytes(message.payload), message.retain)


@asynccontextmanager
async def listening_to(
    profile: MqttProfile, prefix: str | None, broker: Broker, clock: Clock
) -> AsyncIterator[Listening]:
    """Its topics, asked for, and the device asked to speak. Raises LinkDown, Refused, NoAnswer."""
    async with at_broker(broker) as client:
        own = prefix or ""
        if profile.portal_topic is not None and own.partition("/")[0] == ANY:
            own = own.replace(ANY, await found_portal(client, profile.portal_topic, clock), 1)
        wanted = wanted_topics(profile, own)
        await subscribed(client, wanted)
        if profile.keepalive is not None:
            keepalive = profile.keepalive.under(own)
            await client.publish(keepalive.topic, keepalive.payload)
        yield Listening(prefix=own, client=client, wanted=wanted, clock=clock)


async def found_portal(client: aiomqtt.Client, portal_topic: str, clock: Clock) -> str:
    """The first number that a device says of itself. Raises NoAnswer."""
    await subscribed(client, [portal_topic])
    portals = Portals()
    async for message in messages_for(client, FIND_WITHIN_S, clock):
        portal, topic = split_portal(message.topic.value)
        if topic == portal_topic:
            portals.heard(portal)
            break
    await client.unsubscribe(portal_topic)
    if portals.only is None:
        raise NoAnswer(f"no device said its number at {portal_topic} within {FIND_WITHIN_S:g} s")
    return portals.only


def wanted_topics(profile: MqttProfile, prefix: str) -> Mapping[str, Wanted]:
    """By the topics as they are published."""
    named = named_mqtt(profile)
    wanted: dict[str, Wanted] = {}
    for theirs, ours in zip(_places(profile), _places(named), strict=True):
        each = wanted.setdefault(with_prefix(theirs[0], prefix), Wanted(ours[0]))
        if ours[1] not in each.paths:
            each.paths.append(ours[1])
    return wanted


def _places(profile: MqttProfile) -> Iterator[tuple[str, str]]:
    """Every topic, with the path into its messages."""
    there = profile.availability.terms if profile.availability else ()
    for term in (*(term for point in profile.points.values() for term in point.terms), *there):
        yield term.topic, term.path
        if term.unit_topic is not None:
            yield term.unit_topic, ""
