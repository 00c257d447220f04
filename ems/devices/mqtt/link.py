"""One connection to the MQTT broker, shared by every device that publishes there.

`run` is a background job: it connects, subscribes, hands out messages, and after a loss tries again for ever. It asks
for exact topics only, so a message can be large or nonsense but never for somebody else. It publishes nothing but what
some devices must hear to go on publishing.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NoReturn, Protocol
from uuid import uuid4

import aiomqtt
from paho.mqtt.reasoncodes import ReasonCode

from ems.clock import Clock
from ems.devices.cancellation import end_if_cancelled
from ems.devices.mqtt.portal import ANY, Portals, split_portal, with_portal
from ems.devices.mqtt.profile import KeepAlive

LOGGER = logging.getLogger(__name__)

KEEPALIVE_S: Final = 15
BROKER_ANSWERS_WITHIN_S: Final = 5.0
FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 30.0
MOST_WAITING_MESSAGES: Final = 1000
"""Messages are handed out as they come; a queue this long means that the program hangs, and more would not help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where the broker listens and who we are to it."""

    host: str
    port: int = 1883
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False


class Follower(Protocol):
    """Somebody who listens to topics."""

    @property
    def topics(self) -> frozenset[str]:
        """The exact topics it wants."""
        ...

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """A message came; `retained` ones were published at an unknown time before."""
        ...

    def link_changed(self, *, up: bool) -> None:
        """The broker is there, or gone."""
        ...


class PortalFollower(Follower, Protocol):
    """Somebody whose topics have `+` in place of a number that the device says."""

    def heard_of(self, portal: str, topic: str, payload: bytes, *, retained: bool) -> None:
        """A message of the device with that number came; the topic has `+` in its place."""
        ...


class MqttLink:
    """The connection to one broker."""

    def __init__(self, broker: Broker, clock: Clock) -> None:
        self._broker = broker
        self._clock = clock
        self._followers: list[Follower] = []
        self._open_followers: list[PortalFollower] = []
        self._portals = Portals()
        self._portal_heard = asyncio.Event()
        self._reminders: list[KeepAlive] = []
        self._tls = ssl.create_default_context() if broker.tls else None

    @property
    def where(self) -> str:
        """Host and port, for messages."""
        return f"{self._broker.host}:{self._broker.port}"

    def follow(self, follower: Follower) -> None:
        """Hand messages to `follower` from the next connection on; call it before `run`."""
        self._followers.append(follower)

    def follow_any(self, follower: PortalFollower) -> None:
        """The same for one that takes its device's number from the topics."""
        self._open_followers.append(follower)

    def remind(self, what: KeepAlive) -> None:
        """Publish that at once and then again and again, from the next connection on; call it before `run`."""
        if what not in self._reminders:
            self._reminders.append(what)

    async def run(self) -> NoReturn:
        """Stay connected until cancelled."""
        waits = _growing_waits()
        silent = False
        while True:
            try:
                async with self._client() as client:
                    end_if_cancelled()
                    await self._subscribe(client)
                    end_if_cancelled()
                    LOGGER.info("MQTT broker %s is connected", self.where)
                    waits, silent = _growing_waits(), False
                    await self._talk(client)
            except (aiomqtt.MqttError, OSError, ValueError) as err:
                end_if_cancelled()
                if not silent:
                    LOGGER.warning("MQTT broker %s is not there (%s); trying again until it is", self.where, err)
                silent = True
            finally:
                self._tell(up=False)
            await self._clock.sleep(next(waits))

    def _client(self) -> aiomqtt.Client:
        broker = self._broker
        return aiomqtt.Client(
            broker.host,
            broker.port,
            username=broker.username,
            password=broker.password,
            identifier=f"fusewise-{uuid4().hex[:12]}",
            tls_context=self._tls,
            keepalive=KEEPALIVE_S,
            timeout=BROKER_ANSWERS_WITHIN_S,
            max_queued_incoming_messages=MOST_WAITING_MESSAGES,
        )

    async def _subscribe(self, client: aiomqtt.Client) -> None:
        topics = sorted({topic for each in (*self._followers, *self._open_followers) for topic in each.topics})
        if not topics:
            return
        granted = await client.subscribe([(topic, 0) for topic in topics])
        for topic, code in zip(topics, granted, strict=False):
            if isinstance(code, ReasonCode) and code.is_failure:
                LOGGER.warning("MQTT broker %s does not let us read %s; check its access rules", self.where, topic)

    async def _talk(self, client: aiomqtt.Client) -> None:
        """Until the connection ends."""
        reminding = [asyncio.create_task(self._remind(client, each)) for each in self._reminders]
        try:
            await self._hand_out(client)
        finally:
            for each in reminding:
                each.cancel()
            await asyncio.gather(*reminding, return_exceptions=True)

    async def _remind(self, client: aiomqtt.Client, what: KeepAlive) -> None:
        while True:
            topic = await self._filled_in(what.topic)
            try:
                await client.publish(topic, what.payload)
            except aiomqtt.MqttError as err:
                # A connection that is gone is noticed where messages are handed out.
                LOGGER.debug("%s: %s was not published (%s)", self.where, topic, err)
            await self._clock.sleep(what.every_s)

    async def _filled_in(self, topic: str) -> str:
        """The topic with the number of the only device that was heard, once it was."""
        while ANY in topic.split("/"):
            if self._portals.only is not None:
                return with_portal(topic, self._portals.only)
            self._portal_heard.clear()
            await self._portal_heard.wait()
        return topic

    async def _hand_out(self, client: aiomqtt.Client) -> None:
        self._tell(up=True)
        async for message in client.messages:
            topic = message.topic.value
            for follower in self._followers:
                if topic in follower.topics:
                    follower.heard(topic, bytes(message.payload), retained=message.retain)
            if self._open_followers:
                self._hand_out_open(topic, bytes(message.payload), retained=message.retain)

    def _hand_out_open(self, topic: str, payload: bytes, *, retained: bool) -> None:
        portal, open_topic = split_portal(topic)
        for follower in self._open_followers:
            if portal and open_topic in follower.topics:
                self._portals.heard(portal)
                self._portal_heard.set()
                follower.heard_of(portal, open_topic, payload, retained=retained)

    def _tell(self, *, up: bool) -> None:
        if not up:
            self._portals.clear()
        for follower in (*self._followers, *self._open_followers):
            follower.link_changed(up=up)


def _growing_waits() -> Iterator[float]:
    wait_s = FIRST_WAIT_S
    while True:
        yield wait_s
        wait_s = min(2 * wait_s, LONGEST_WAIT_S)
