"""What is published at an MQTT broker in a way that a profile knows, with the prefix that the site file wants."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from ems.clock import Clock
from ems.devices.inspection.broker_talk import at_broker, messages_for, subscribed
from ems.devices.inspection.search.candidate import Candidate, Sure
from ems.devices.inspection.search.found import HostFound
from ems.devices.library import profiles
from ems.devices.messages import Json, NotInMessage, Unreadable, as_number, parse_payload, pick
from ems.devices.mqtt.link import Broker
from ems.devices.mqtt.portal import split_portal
from ems.devices.mqtt.profile import MqttProfile, TopicTerm
from ems.devices.sample import is_live
from ems.errors import DeviceError

BROKER_PORT: Final = 1883
LISTEN_S: Final = 40.0
"""Devices that are asked to speak do so within seconds; others tell something once in half a minute."""

MOST_MESSAGES: Final = 20_000
MOST_PREFIXES: Final = 200
"""Places that may be a device; whoever publishes more is none."""

EVERYTHING: Final = "#"
Place = tuple[str, str]
"""Profile and prefix."""


@dataclass(slots=True)
class Gathered:
    """Which points of which profile were heard, under which prefix. Pure."""

    told: dict[Place, set[str]] = field(default_factory=dict)
    numbers: set[str] = field(default_factory=set)
    """That devices say of themselves."""

    def take(self, topic: str, payload: bytes) -> Iterator[str]:
        """Take a message in; gives topics to publish an empty message to, so that a device goes on speaking."""
        try:
            content = parse_payload(payload)
        except Unreadable:
            return
        for chosen in _mqtt_profiles():
            portal, there = split_portal(topic)
            if there == chosen.portal_topic and portal not in self.numbers and len(self.numbers) < MOST_PREFIXES:
                self.numbers.add(portal)
                yield from _asking(portal)
            for name, prefix in _points_told(chosen, topic, content):
                place = (chosen.id, prefix)
                if place in self.told or len(self.told) < MOST_PREFIXES:
                    self.told.setdefault(place, set()).add(name)

    def candidates(self) -> Iterator[Candidate]:
        """What it may be, whole devices alone."""
        whole = {place: names for place, names in self.told.items() if _live(place[0]) <= names}
        for (profile_id, prefix), names in whole.items():
            others = sum(1 for other, of in whole if of == prefix and other != profile_id and _rival(profile_id, other))
            more = (f"{others} other profiles fit too",) if others else ()
            said = f"publishes {', '.join(sorted(names))} under {_printable(prefix)}"
            sure = Sure.POSSIBLE if others else Sure.LIKELY
            if _profile(profile_id).needs_no_prefix and prefix in self.numbers:
                sure = Sure.CERTAIN
            yield Candidate(profile_id=profile_id, sure=sure, evidence=(said, *more), where={"prefix": prefix})


async def search_broker(
    broker: Broker, clock: Clock, found: HostFound, *, for_s: float = LISTEN_S, most: int = MOST_MESSAGES
) -> HostFound:
    """Listen so long, or to so many messages. What fails is said in `looked`."""
    gathered, count = Gathered(), 0
    where = f"{broker.host}:{broker.port}"
    found.begin(f"listening to {where} for {for_s:g} s")
    try:
        async with at_broker(broker) as client:
            await subscribed(client, [EVERYTHING])
            async for message in messages_for(client, for_s, clock):
                count += 1
                for topic in gathered.take(message.topic.value, bytes(message.payload)):
                    await client.publish(topic, "")
                if count >= most:
                    break
    except DeviceError as error:
        found.looked.append(str(error))
    finally:
        at: dict[str, str | int] = {"host": broker.host, "port": broker.port}
        found.candidates += [_at(each, at) for each in gathered.candidates()]
        found.looked.append(f"{where}: {count} messages")
        found.untold = untold_topics()
        found.sort()
    return found


async def search_for_broker(host: str, clock: Clock, found: HostFound) -> None:
    """Whether there is one; what is published there is for a search of its own."""
    found.begin("asking for an MQTT broker")
    del clock
    try:
        async with at_broker(Broker(host=host, port=BROKER_PORT)):
            said = f"an MQTT broker: `ems devices probe mqtt://{host}` listens to it"
    except DeviceError as error:
        refused = "authorized" in str(error) or "credentials" in str(error)
        said = "an MQTT broker that wants a login" if refused else "no MQTT broker"
    found.looked.append(f"port {BROKER_PORT}: {said}")


def _at(each: Candidate, at: Mapping[str, str | int]) -> Candidate:
    return Candidate(profile_id=each.profile_id, sure=each.sure, evidence=each.evidence, where={**at, **each.where})


def _points_told(chosen: MqttProfile, topic: str, content: Json) -> Iterator[tuple[str, str]]:
    """Points of the profile that such a message tells, each with the prefix under which."""
    for name, point in chosen.points.items():
        match = _pattern(point.topic).fullmatch(topic)
        if match is None:
            continue
        if _is_told(point, content):
            yield name, match["prefix"] if "prefix" in match.groupdict() else ""


def _is_told(term: TopicTerm, content: Json) -> bool:
    """Whether a number stands there, or the word that there is none."""
    try:
        value = pick(content, term.steps)
        if value is not None:
            as_number(value)
    except (NotInMessage, Unreadable):
        return False
    return True


def _asking(portal: str) -> Iterator[str]:
    """What makes a device with that number go on speaking; it sets nothing."""
    topics = {each.keepalive.under(portal).topic for each in _mqtt_profiles() if each.portal_topic and each.keepalive}
    yield from sorted(topics)


def _rival(one: str, other: str) -> bool:
    """Whether two profiles are of the same kind, so that one alone is right."""
    return _profile(one).kind == _profile(other).kind


def _live(profile_id: str) -> frozenset[str]:
    return frozenset(name for name in _profile(profile_id).points if is_live(name))


def _printable(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable())[:100]


def _profile(profile_id: str) -> MqttProfile:
    return next(each for each in _mqtt_profiles() if each.id == profile_id)


def untold_topics() -> tuple[str, ...]:
    """Profiles whose topics are whatever their owner chose: no search finds them."""
    known = {each.id for each in _mqtt_profiles()}
    return tuple(each.id for each in profiles() if isinstance(each, MqttProfile) and each.id not in known)


@cache
def _mqtt_profiles() -> tuple[MqttProfile, ...]:
    """Those whose topics have words of their own, with the points that need nothing from their owner."""
    shipped = (each.filled(each.id, {}) for each in profiles() if isinstance(each, MqttProfile))
    return tuple(
        each for each in shipped if each.points and all(point.topic != "{prefix}" for point in each.points.values())
    )


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """Topics that such a template stands for; a prefix may have several words, and is no wildcard of MQTT."""
    before, slot, after = template.partition("{prefix}")
    if not slot:
        return re.compile(re.escape(template))
    return re.compile(f"{re.escape(before)}(?P<prefix>[^#+]{{1,150}}){re.escape(after.replace('{prefix}', ''))}")
