"""The house on the broker: what changed is published, retained; commands are obeyed where the site file allows them."""

from __future__ import annotations

import asyncio
import logging
import ssl
from contextlib import suppress
from typing import Final, NoReturn

import aiomqtt

from ems.api.errors import ApiError
from ems.api.mqtt.orders import obey
from ems.api.mqtt.topics import OFFLINE, ONLINE, Topics
from ems.api.ports import House
from ems.clock import Clock
from ems.config.schema_api import MqttPublishSection
from ems.devices.cancellation import end_if_cancelled
from ems.devices.mqtt.link import BROKER_ANSWERS_WITHIN_S, KEEPALIVE_S, Broker
from ems.runtime.poller import Backoff

LOGGER: Final = logging.getLogger(__name__)

PUBLISH_EVERY_S: Final = 2.0
GOODBYE_WITHIN_S: Final = 1.0
MOST_WAITING_COMMANDS: Final = 50


class MqttFace:
    """`run` it beside the web server."""

    def __init__(self, house: House, site_id: str, broker: Broker, section: MqttPublishSection, clock: Clock) -> None:
        self._house = house
        self._broker = broker
        self._section = section
        self._clock = clock
        self._topics = Topics(section, site_id)
        self._tls = ssl.create_default_context() if broker.tls else None

    async def run(self) -> NoReturn:
        """Stay connected until cancelled. A broker that is away costs nothing but its own news."""
        waits, silent = Backoff(1.0, 30.0), False
        while True:
            try:
                async with self._client() as client:
                    end_if_cancelled()
                    LOGGER.info("publishing the house at %s on %s", self._topics.root, self._broker.host)
                    waits.reset()
                    silent = False
                    await self._talk(client)
            except (aiomqtt.MqttError, OSError, ValueError) as error:
                end_if_cancelled()
                if not silent:
                    LOGGER.warning("nothing is published: MQTT broker %s is not there (%s)", self._broker.host, error)
                silent = True
            await self._clock.sleep(waits.next_s())

    def _client(self) -> aiomqtt.Client:
        return aiomqtt.Client(
            self._broker.host,
            self._broker.port,
            username=self._broker.username,
            password=self._broker.password,
            identifier=f"fusewise-face-{self._topics.site_id}",
            tls_context=self._tls,
            keepalive=KEEPALIVE_S,
            timeout=BROKER_ANSWERS_WITHIN_S,
            max_queued_incoming_messages=MOST_WAITING_COMMANDS,
            will=aiomqtt.Will(self._topics.status, OFFLINE, qos=1, retain=True),
        )

    async def _talk(self, client: aiomqtt.Client) -> None:
        """Publish, and obey where that is allowed, until one of the two ends."""
        tasks = [asyncio.create_task(self._publish(client), name="publishing")]
        try:
            if self._section.commands:
                await client.subscribe(self._topics.commands, qos=1)
                tasks.append(asyncio.create_task(self._obey_all(client), name="hearing commands"))
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._say_goodbye(client)

    async def _say_goodbye(self, client: aiomqtt.Client) -> None:
        """What the last will says for those who go without a word."""
        with suppress(aiomqtt.MqttError, TimeoutError):
            async with self._clock.timeout(GOODBYE_WITHIN_S):
                await client.publish(self._topics.status, OFFLINE, qos=1, retain=True)

    async def _obey_all(self, client: aiomqtt.Client) -> None:
        begins = f"{self._topics.root}/set/"
        async for message in client.messages:
            if message.retain:
                continue  # somebody's wish of an unknown time
            where = message.topic.value.removeprefix(begins)
            try:
                obey(self._house, where, bytes(message.payload) if message.payload else b"")
            except ApiError as error:
                LOGGER.warning("a command over MQTT is not obeyed: %s", error)

    async def _publish(self, client: aiomqtt.Client) -> None:
        told: dict[str, str] = {}
        sequence = -1
        while True:
            state = await self._house.next_state(sequence)
            sequence = state.sequence
            for topic, message in (*self._topics.discovery(state), *self._topics.values(state)):
                if told.get(topic) != message:
                    await client.publish(topic, message, retain=True)
                    told[topic] = message
            if told.get(self._topics.status) != ONLINE:
                await client.publish(self._topics.status, ONLINE, qos=1, retain=True)
                told[self._topics.status] = ONLINE
            await self._clock.sleep(PUBLISH_EVERY_S)
