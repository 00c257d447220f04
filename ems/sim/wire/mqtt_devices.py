"""An MQTT broker inside our process, and publishers that play meters on it."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import aiomqtt
from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter
from amqtt.broker import Broker
from amqtt.contexts import BrokerConfig, ListenerConfig, ListenerType

from ems.clock import Clock
from ems.config.schema import MqttRule
from ems.devices.cancellation import end_if_cancelled
from ems.devices.mqtt.portal import with_portal
from ems.devices.mqtt.profile import MqttProfile, TopicPoint
from ems.devices.units import units_of
from ems.sim.wire.json_image import put
from ems.sim.wire.listening import listen
from ems.sim.wire.points import grid_points
from ems.sim.world import CircuitSample

LOGGER = logging.getLogger(__name__)

RETRY_S: Final = 1.0
BROKER_ANSWERS_WITHIN_S: Final = 3.0
PLUGINS: Final = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
LISTENER: Final = "default"


class EmbeddedBroker:
    """An MQTT 3.1.1 broker on a port of its own; it can be stopped and started again at the same number."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host: Final = host
        self.port = port
        """0 until it was started for the first time, if no number was wished."""

        self._broker: Broker | None = None
        self._server: asyncio.Server | None = None
        self._talks: dict[int, tuple[asyncio.Task[None], asyncio.StreamWriter]] = {}

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        server = await listen(self._talk, self.host, self.port)
        self.port = server.sockets[0].getsockname()[1]
        listener = ListenerConfig(type=ListenerType.EXTERNAL, bind=f"{self.host}:{self.port}")
        self._broker = Broker(BrokerConfig(listeners={LISTENER: listener}, plugins=PLUGINS))
        await self._broker.start()
        self._server = server

    async def stop(self) -> None:
        """End every connection and forget everything, retained messages too."""
        broker, self._broker = self._broker, None
        server, self._server = self._server, None
        if server is None or broker is None:
            return
        server.close()
        await broker.shutdown()
        talks = list(self._talks.values())
        for _, writer in talks:
            writer.transport.abort()
        await asyncio.gather(*(task for task, _ in talks), return_exceptions=True)
        await server.wait_closed()

    async def restart(self) -> None:
        """Stop and start again at once."""
        await self.stop()
        await self.start()

    def cut(self, client_id: str) -> None:
        """Break the connection of one client, as its power cut would."""
        session = self._broker.sessions.get(client_id) if self._broker else None
        talk = self._talks.get(session[0].remote_port) if session else None
        if talk is not None:
            talk[1].transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        broker, task = self._broker, asyncio.current_task()
        if broker is None or task is None:
            writer.transport.abort()
            return
        peer_port = writer.get_extra_info("peername")[1]
        self._talks[peer_port] = (task, writer)
        try:
            await broker.external_connected(StreamReaderAdapter(reader), StreamWriterAdapter(writer), LISTENER)
        finally:
            self._talks.pop(peer_port, None)
            writer.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Something to publish."""

    topic: str
    payload: str
    retain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Where a device says that it is there; its last will says that it is gone."""

    topic: str
    there: str = "true"
    gone: str = "false"


@dataclass(slots=True, kw_only=True)
class PublisherFaults:
    """What a test may break. Each holds until it is set back."""

    silent: bool = False
    """Stays connected and says nothing."""

    frozen: bool = False
    """Says the same again and again."""


class MqttPublisher:
    """A device that publishes what `messages` gives, every `period_s`. `messages` gets the number of the round."""

    def __init__(
        self,
        name: str,
        broker: EmbeddedBroker,
        clock: Clock,
        messages: Callable[[int], Sequence[Message]],
        *,
        presence: Presence | None = None,
        period_s: float = 1.0,
    ) -> None:
        self.name: Final = name
        self.faults = PublisherFaults()
        self.samples = 0
        """Rounds published."""

        self._broker = broker
        self._clock = clock
        self._messages = messages
        self._presence = presence
        self._period_s = period_s
        self._powered = asyncio.Event()
        self._powered.set()
        self._last: Sequence[Message] = ()

    def vanish(self) -> None:
        """Lose power: the broker publishes its last will, and it stays away until `come_back`."""
        self._powered.clear()
        self._broker.cut(self.name)

    def come_back(self) -> None:
        self._powered.set()

    async def run(self) -> None:
        """Publish for ever, and connect again whenever the broker is lost."""
        while True:
            await self._powered.wait()
            try:
                await self._publish_while_connected()
            except aiomqtt.MqttError as err:
                # A client that was cancelled may fail at saying goodbye; its error then hides the cancellation.
                end_if_cancelled()
                LOGGER.debug("%s lost the broker: %s", self.name, err)
            await self._clock.sleep(RETRY_S)

    async def _publish_while_connected(self) -> None:
        presence = self._presence
        will = aiomqtt.Will(presence.topic, presence.gone, retain=True) if presence else None
        client = aiomqtt.Client(
            self._broker.host, self._broker.port, identifier=self.name, will=will, timeout=BROKER_ANSWERS_WITHIN_S
        )
        async with client:
            end_if_cancelled()
            if presence:
                await client.publish(presence.topic, presence.there, retain=True)
                end_if_cancelled()
            for number in itertools.count():
                if not self.faults.silent:
                    await self._round(client, number)
                await self._clock.sleep(self._period_s)

    async def _round(self, client: aiomqtt.Client, number: int) -> None:
        if not self.faults.frozen or not self._last:
            self._last = self._messages(number)
        for message in self._last:
            await client.publish(message.topic, message.payload, retain=message.retain)
            end_if_cancelled()
        self.samples += 1


ENERGY_EVERY: Final = 60
"""A Shelly sends its counters once a minute."""


def shelly_messages(prefix: str, sample: CircuitSample, number: int) -> list[Message]:
    """What a Shelly Pro 3EM publishes in its round `number`, `devices/mqtt_shelly.yaml`."""
    points = grid_points(sample)
    body: dict[str, Any] = {"id": 0}
    for letter, phase in zip("abc", ("l1", "l2", "l3"), strict=True):
        volts, amps, watts = (points[f"{name}_{phase}"] for name in ("voltage", "current", "power"))
        body |= {
            f"{letter}_current": round(amps, 3),
            f"{letter}_voltage": round(volts, 1),
            f"{letter}_act_power": round(watts, 1),
            f"{letter}_aprt_power": round(volts * amps, 1),
            f"{letter}_pf": 1.0,
            f"{letter}_freq": round(points["frequency"], 1),
        }
    body |= {
        "n_current": None,
        "total_current": round(sum(points[f"current_l{n}"] for n in (1, 2, 3)), 3),
        "total_act_power": round(points["power"], 3),
    }
    messages = [Message(topic=f"{prefix}/status/em:0", payload=json.dumps(body))]
    if number % ENERGY_EVERY == 0:
        counters = {
            "id": 0,
            "total_act": round(points["energy_import"] * 1000, 2),
            "total_act_ret": round(points["energy_export"] * 1000, 2),
        }
        messages.append(Message(topic=f"{prefix}/status/emdata:0", payload=json.dumps(counters)))
    return messages


def portal_messages(profile: MqttProfile, prefix: str) -> list[Message]:
    """What a device says of its own number, where it says it."""
    if profile.portal_topic is None:
        return []
    portal = prefix.partition("/")[0]
    return [Message(topic=with_portal(profile.portal_topic, portal), payload=json.dumps({"value": portal}))]


def shelly_presence(prefix: str) -> Presence:
    """Where a Shelly says that it is there."""
    return Presence(topic=f"{prefix}/online")


def rule_messages(rules: Mapping[str, MqttRule], points: Mapping[str, float]) -> list[Message]:
    """What a device with topics of its own publishes so that these rules find the points that exist."""
    return topic_messages({name: TopicPoint(**rule.model_dump()) for name, rule in rules.items()}, points)


def _shares(point: TopicPoint, value: float) -> list[float]:
    """What each term of a point tells: one direction of two, or all of it and nothing in the others."""
    if point.less is not None:
        return [max(value, 0.0), max(-value, 0.0)]
    return [value, *(0.0 for _ in point.plus)]


def topic_messages(points: Mapping[str, TopicPoint], values: Mapping[str, float | None]) -> list[Message]:
    """What a device publishes so that these points are found; nothing about those it does not know."""
    plain: dict[str, float] = {}
    units: dict[str, str] = {}
    trees: dict[str, dict[str, Any]] = {}
    for name, point in points.items():
        value = values.get(name)
        if value is None or point.scale == 0:
            continue
        for term, share in zip(point.terms, _shares(point, value), strict=True):
            if term.path:
                put(trees.setdefault(term.topic, {}), term.steps, share / term.scale)
            elif term.unit_topic is None:
                plain[term.topic] = share / term.scale
            else:
                unit, factor = list(units_of(name).items())[-1]
                plain[term.topic], units[term.unit_topic] = share / term.scale / factor, unit
    return [
        *(Message(topic=topic, payload=f"{number:.4f}") for topic, number in plain.items()),
        *(Message(topic=topic, payload=json.dumps(unit), retain=True) for topic, unit in units.items()),
        *(Message(topic=topic, payload=json.dumps(tree)) for topic, tree in trees.items()),
    ]
