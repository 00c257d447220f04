"""Devices that speak by themselves, out of a recording: telegrams at a port, messages to everybody, MQTT topics."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar

import aiomqtt

from ems.clock import Clock
from ems.devices.inspection.recording import HeardDatagram, HeardFrame, HeardMessage, HeardTelegram
from ems.devices.messages import parse_path
from ems.devices.mqtt.profile import MqttProfile, with_prefix
from ems.devices.obis_profile import SmlPageProfile, SpeedwireProfile
from ems.sim.wire.again import later_datagram, later_frame, later_telegram, rounds
from ems.sim.wire.json_image import put
from ems.sim.wire.mqtt_devices import EmbeddedBroker, portal_messages
from ems.sim.wire.multicast import Speaker
from ems.sim.wire.played import Place
from ems.sim.wire.sml_page import SmlPagePort
from ems.sim.wire.telegram_port import TelegramPort, Voice

Heard = TypeVar("Heard", bound=HeardTelegram | HeardFrame)

PATIENCE_S: Final = 30.0
"""With a broker of our own: on a slow machine, a connection that is given up leaves its socket behind."""

BROKEN: Final = "{"
"""In place of a message that nobody could read."""


def telegram_again(heard: HeardTelegram, later_s: float) -> bytes:
    """As a smart meter says it so much later."""
    return later_telegram(heard.text, later_s).encode("ascii", "replace")


def frame_again(heard: HeardFrame, later_s: float) -> bytes:
    """As a meter that speaks SML says it so much later."""
    return later_frame(bytes.fromhex(heard.content), later_s)


class SpokenTelegrams(Generic[Heard]):
    """A smart meter behind a bridge. Whoever connects hears the newest telegram at once, as far as there was one."""

    def __init__(
        self, heard: Sequence[Heard], again: Callable[[Heard, float], bytes], place: Place, clock: Clock
    ) -> None:
        self._heard = heard
        self._again = again
        self._port = TelegramPort(place.host, place.port, lambda: self._newest)
        self._clock = clock
        self._newest = b""
        self._voice = Voice(self._speak)

    @property
    def where(self) -> Mapping[str, str | int]:
        return self._port.where

    async def open(self) -> None:
        await self._port.open()
        self._voice.start()

    async def close(self) -> None:
        await self._voice.stop()
        await self._port.close()

    async def _speak(self) -> None:
        for wait_s, shift_s, each in rounds(self._heard):
            await self._clock.sleep(wait_s)
            self._newest = self._again(each, shift_s)
            self._port.say(self._newest)


class SpokenPages:
    """A bridge whose page holds the newest telegram; it lets everybody in."""

    def __init__(self, profile: SmlPageProfile, heard: Sequence[HeardFrame], place: Place, clock: Clock) -> None:
        self._heard = heard
        self._clock = clock
        self._page = SmlPagePort(profile, place.host, place.port, clock)
        self._page.put(b"")
        self._voice = Voice(self._speak)

    @property
    def where(self) -> Mapping[str, str | int]:
        return self._page.where

    async def open(self) -> None:
        await self._page.open()
        self._voice.start()

    async def close(self) -> None:
        await self._voice.stop()
        await self._page.close()

    async def _speak(self) -> None:
        for wait_s, shift_s, each in rounds(self._heard):
            await self._clock.sleep(wait_s)
            self._page.put(frame_again(each, shift_s))


class SpokenDatagrams:
    """Energy meters that speak to everybody on the network of a host."""

    def __init__(self, profile: SpeedwireProfile, heard: Sequence[HeardDatagram], place: Place, clock: Clock) -> None:
        self._heard = heard
        self._clock = clock
        self._speaker = Speaker(profile.defaults.group, place.host, place.port)
        self._voice = Voice(self._speak)

    @property
    def where(self) -> Mapping[str, str | int]:
        return {"interface": self._speaker.host, "port": self._speaker.port}

    async def open(self) -> None:
        self._speaker.open()
        self._voice.start()

    async def close(self) -> None:
        await self._voice.stop()
        self._speaker.close()

    async def _speak(self) -> None:
        for wait_s, shift_s, each in rounds(self._heard):
            await self._clock.sleep(wait_s)
            self._speaker.say(later_datagram(bytes.fromhex(each.content), shift_s))


class SpokenMessages:
    """A device that publishes, with a broker of its own."""

    def __init__(self, profile: MqttProfile, heard: Sequence[HeardMessage], place: Place, clock: Clock) -> None:
        self._profile = profile
        self._heard = heard
        self._prefix = profile.id if place.prefix is None else place.prefix
        self._clock = clock
        self._broker = EmbeddedBroker(place.host, place.port)
        self._voice = Voice(self._speak)

    @property
    def where(self) -> Mapping[str, str | int]:
        return {"host": self._broker.host, "port": self._broker.port, "prefix": self._prefix}

    async def open(self) -> None:
        await self._broker.start()
        self._voice.start()

    async def close(self) -> None:
        await self._voice.stop()
        await self._broker.stop()

    async def _speak(self) -> None:
        name = f"recorded-{self._profile.id}"
        client = aiomqtt.Client(self._broker.host, self._broker.port, identifier=name, timeout=PATIENCE_S)
        async with client:
            for wait_s, _, each in rounds(self._heard):
                await self._clock.sleep(wait_s)
                for who in portal_messages(self._profile, self._prefix):
                    await client.publish(who.topic, who.payload)
                await client.publish(with_prefix(each.topic, self._prefix), payload_of(each), retain=each.retained)


def payload_of(heard: HeardMessage) -> str:
    """The message as it was, as far as it was kept."""
    if heard.broken:
        return BROKEN
    if "" in heard.values:
        plain = heard.values[""]
        return plain if isinstance(plain, str) else json.dumps(plain)
    tree: dict[str, Any] = {}
    for path, value in heard.values.items():
        put(tree, parse_path(path), value)
    return json.dumps(tree)
