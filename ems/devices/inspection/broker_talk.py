"""Listen to a broker for a while: a connection of its own that asks for topics and ends."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final
from uuid import uuid4

import aiomqtt
from paho.mqtt.reasoncodes import ReasonCode

from ems.clock import Clock
from ems.devices.cancellation import end_if_cancelled
from ems.devices.mqtt.link import BROKER_ANSWERS_WITHIN_S, KEEPALIVE_S, Broker
from ems.errors import LinkDown, Refused

MOST_WAITING: Final = 5000
"""Messages that may wait to be looked at; what comes above that is dropped."""


@asynccontextmanager
async def at_broker(broker: Broker) -> AsyncIterator[aiomqtt.Client]:
    """A connection to it. Raises LinkDown when it is not there or ends the connection."""
    where = f"{broker.host}:{broker.port}"
    try:
        client = aiomqtt.Client(
            broker.host,
            broker.port,
            username=broker.username,
            password=broker.password,
            identifier=f"fusewise-{uuid4().hex[:12]}",
            tls_context=ssl.create_default_context() if broker.tls else None,
            keepalive=KEEPALIVE_S,
            timeout=BROKER_ANSWERS_WITHIN_S,
            max_queued_incoming_messages=MOST_WAITING,
        )
        async with client:
            end_if_cancelled()
            yield client
    except (aiomqtt.MqttError, OSError, ValueError) as error:
        end_if_cancelled()
        raise LinkDown(f"the MQTT broker {where} is not there, or lets nobody in ({error})") from error


async def subscribed(client: aiomqtt.Client, topics: Iterable[str]) -> None:
    """Ask for these topics. Raises Refused when the broker grants none of them."""
    wanted = [(topic, 0) for topic in sorted(topics)]
    granted = await client.subscribe(wanted)
    end_if_cancelled()
    if all(isinstance(code, ReasonCode) and code.is_failure for code in granted):
        raise Refused("the MQTT broker does not let us read these topics; check its access rules")


async def messages_for(client: aiomqtt.Client, for_s: float, clock: Clock) -> AsyncIterator[aiomqtt.Message]:
    """What comes within that time."""
    coming = aiter(client.messages)
    until_s = clock.monotonic_s() + for_s
    while (left_s := until_s - clock.monotonic_s()) > 0:
        try:
            async with clock.timeout(left_s):
                message = await anext(coming)
        except TimeoutError:
            return
        end_if_cancelled()
        yield message
