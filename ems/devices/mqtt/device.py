"""A device that publishes by itself over MQTT.

A message may speak of some points only; it is merged over what is known. A reading is handed over when a message with
currents or powers came and all required points are known and fresh. Retained messages are not samples: nobody knows
when they were published.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from ems.clock import Clock
from ems.devices.messages import Json, NotInMessage, Unreadable, as_online, parse_payload, pick
from ems.devices.mqtt.heard_topics import HeardTopics
from ems.devices.mqtt.portal import Portals
from ems.devices.mqtt.profile import TopicPoint
from ems.devices.newest_reading import NewestReading
from ems.devices.sample import Sample
from ems.errors import LinkDown, Nonsense
from ems.model.readings import Reading

R = TypeVar("R", bound=Reading)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """What to listen to."""

    points: Mapping[str, TopicPoint]
    required: frozenset[str]
    """Points without which there is no reading."""

    availability: TopicPoint | None = None
    portal: str | None = None
    """Where the device says its own number, which stands as `+` in all of these topics; None where it is stated."""


class MqttDevice(Generic[R]):
    """Turns messages into readings; `read` waits for the next one."""

    pushes = True

    def __init__(
        self,
        *,
        name: str,
        period_s: float,
        silence_s: float,
        topics: Topics,
        view: Callable[[Sample], R],
        clock: Clock,
    ) -> None:
        self.name: Final = name
        self.period_s: Final = period_s
        self._silence_s = silence_s
        self._wanted = topics
        self._clock = clock
        self._newest = NewestReading(name, view, silence_s=silence_s, clock=clock)
        self._heard = HeardTopics(topics.points)
        self._greeted: set[str] = set()
        self._link_up: bool | None = None
        self._connections = 0
        self._online: bool | None = None
        more = (
            *((topics.availability.topic,) if topics.availability else ()),
            *((topics.portal,) if topics.portal else ()),
        )
        self._portals = Portals()
        self.topics: Final = self._heard.topics | frozenset(more)
        sources = {topic for name in topics.required for topic in self._heard.topics_of(name)}
        self._same_instant = len(sources) == 1

    @property
    def connections(self) -> int:
        """How often the broker came, which all that publish there share."""
        return self._connections

    async def read(self) -> R:
        """The next reading, or the newest that came since the last one.

        Raises LinkDown while the broker is away or the device is announced offline, NoAnswer when nothing usable comes
        within the silence limit, Nonsense when the newest message cannot be true.
        """
        absence = self._absence()
        if absence:
            raise LinkDown(f"{self.name}: {absence}")
        return await self._newest.next(f"{self.name} published nothing usable for {self._silence_s:g} s")

    async def close(self) -> None:
        """Nothing to let go of: the connection to the broker belongs to its background job."""

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """Take a message in. Never raises."""
        # A broker may keep the mark on live messages too, but it hands out the old one once, after subscribing.
        old = retained and topic not in self._greeted
        self._greeted.add(topic)
        try:
            content = parse_payload(payload)
        except Unreadable as err:
            self._cannot_read(topic, err)
            return
        if self._wanted.availability and topic == self._wanted.availability.topic:
            self._take_availability(content, self._wanted.availability)
        if not old:
            self._take_points(topic, content)

    def heard_of(self, portal: str, topic: str, payload: bytes, *, retained: bool) -> None:
        """The same, of a device that says its own number; with several nobody knows which is meant. Never raises."""
        self._portals.heard(portal)
        if self._portals.several is not None:
            self._heard.clear()
            self._newest.fail(Nonsense(f"{self.name}: {self._portals.several}"))
        elif topic != self._wanted.portal:
            self.heard(topic, payload, retained=retained)

    def link_changed(self, *, up: bool) -> None:
        """The broker came or went."""
        was_up, self._link_up = self._link_up, up
        self._connections += up and not was_up
        if not up:
            self._online = None
            self._heard.clear()
            self._greeted.clear()
            self._portals.clear()
        if was_up != up:
            self._presence_changed()

    def _absence(self) -> str | None:
        if self._link_up is False:
            return "the MQTT broker is away"
        return "it is announced offline" if self._online is False else None

    def _presence_changed(self) -> None:
        absence = self._absence()
        self._newest.clear()
        if absence:
            self._newest.fail(LinkDown(f"{self.name}: {absence}"))

    def _take_availability(self, content: Json, rule: TopicPoint) -> None:
        try:
            online = as_online(pick(content, rule.steps))
        except NotInMessage:
            return
        if online != self._online:
            self._online = online
            self._presence_changed()

    def _cannot_read(self, topic: str, err: Unreadable) -> None:
        """What the topic told before is not known any more: some devices take a number back with an empty message."""
        self._heard.forget(topic)
        if self._heard.points_in(topic) & self._wanted.required or topic not in self._heard.topics:
            self._newest.fail(Nonsense(f"{self.name}: {err} in {topic}"))

    def _take_points(self, topic: str, content: Json) -> None:
        now_s = self._clock.monotonic_s()
        trouble, before = None, self._heard.live_news
        is_unit = topic in self._heard.unit_topics
        took = self._heard.take_unit(topic, content) if is_unit else self._heard.take(topic, content, now_s)
        for name, err in took:
            trouble = f"{err} as {name} in {topic}" if name in self._wanted.required else trouble
        if trouble:
            self._newest.fail(Nonsense(f"{self.name}: {trouble}"))
        elif self._heard.live_news > before:
            self._offer()

    def _offer(self) -> None:
        if self._online is False:
            # A live message is newer than the word that it is offline.
            self._online = None
        fresh = self._heard.numbers(self._clock.monotonic_s() - self._silence_s)
        if not self._wanted.required <= fresh.keys():
            return
        self._newest.take(
            Sample(
                taken_at_s=min(fresh[name].at_s for name in self._wanted.required),
                values={name: heard.number for name, heard in fresh.items() if heard.number is not None},
                same_instant=self._same_instant,
            )
        )
