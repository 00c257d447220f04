"""A device of any profile on a real socket, measuring what it is told to: one face over every transport.

A new transport is a class with this face and a row in `PLAYERS`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from ems.clock import Clock
from ems.devices.http.profile import HttpProfile
from ems.devices.library import profile, profile_ids
from ems.devices.mqtt.profile import MqttProfile
from ems.devices.obis_profile import P1Profile, SmlPageProfile, SmlProfile, SpeedwireProfile
from ems.devices.profile import Profile, SunSpecProfile
from ems.devices.profile_parts import Kind
from ems.devices.rct.profile import RctProfile
from ems.devices.sample import phase_point
from ems.model.electrical import Phase
from ems.sim.wire.filling import CannotShow, Values, filled_in, tells_of
from ems.sim.wire.heard_meters import PlayedDatagrams, PlayedTelegrams
from ems.sim.wire.http_devices import HttpPort
from ems.sim.wire.modbus_devices import ModbusPort
from ems.sim.wire.mqtt_devices import EmbeddedBroker, MqttPublisher, Presence, portal_messages, topic_messages
from ems.sim.wire.object_devices import PlayedObjects
from ems.sim.wire.profile_unit import ProfileUnit, RegisterProfile
from ems.sim.wire.sml_page import SmlPagePort

USUAL_UNIT: Final = 1


USUAL_PORT: Final = 5020


def usual_port(profile_id: str) -> int:
    """Where it is played when nobody says where: a meter that speaks to everybody does so where it is listened to."""
    chosen = profile(profile_id) if profile_id in profile_ids() else None
    return chosen.defaults.port if isinstance(chosen, SpeedwireProfile) else USUAL_PORT


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a played device is to be found, as far as its transport knows such a thing."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 takes a free one."""

    unit: int | None = None
    """Of Modbus; the profile's when left out."""

    prefix: str | None = None
    """Of MQTT topics; the profile's id when left out."""


class Played(Protocol):
    """A simulated device on its socket."""

    @property
    def where(self) -> Mapping[str, str | int]:
        """Where it answers: what the site file says of it."""
        ...

    def show(self, values: Mapping[Kind, Values]) -> None:
        """Measure exactly `values` from now on. Raises CannotShow."""
        ...

    async def open(self) -> None:
        """Answer, or publish. Raises OSError when the port is taken."""
        ...

    async def close(self) -> None:
        """End every connection."""
        ...


@dataclass(slots=True)
class PlayedRegisters:
    """A Modbus device."""

    profile: RegisterProfile
    place: Place
    _unit: ProfileUnit = field(init=False)
    _port: ModbusPort[ProfileUnit] = field(init=False)

    def __post_init__(self) -> None:
        usual = None if isinstance(self.profile, SunSpecProfile) else self.profile.defaults
        unit = self.place.unit if self.place.unit is not None else usual.unit if usual else USUAL_UNIT
        self._unit = ProfileUnit(unit, self.profile)
        self._port = ModbusPort([self._unit], self.place.host, self.place.port, over=self._unit.over)

    @property
    def where(self) -> Mapping[str, str | int]:
        return {"host": self._port.host, "port": self._port.port, "unit": self._unit.unit}

    def show(self, values: Mapping[Kind, Values]) -> None:
        self._unit.show(values)

    async def open(self) -> None:
        await self._port.open()

    async def close(self) -> None:
        await self._port.close()


@dataclass(slots=True)
class PlayedAnswers:
    """An HTTP device, without TLS, which lets everybody in."""

    profile: HttpProfile
    place: Place
    clock: Clock
    _port: HttpPort = field(init=False)

    def __post_init__(self) -> None:
        self._port = HttpPort(self.profile, self.place.host, self.place.port, clock=self.clock)

    @property
    def where(self) -> Mapping[str, str | int]:
        return {"host": self._port.host, "port": self._port.port}

    def show(self, values: Mapping[Kind, Values]) -> None:
        self._port.show(values)

    async def open(self) -> None:
        await self._port.open()

    async def close(self) -> None:
        await self._port.close()


@dataclass(slots=True)
class PlayedTopics:
    """An MQTT device, with a broker of its own."""

    profile: MqttProfile
    place: Place
    clock: Clock
    _values: Values = field(init=False, default_factory=dict)
    _broker: EmbeddedBroker = field(init=False)
    _running: asyncio.Task[None] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._broker = EmbeddedBroker(self.place.host, self.place.port)

    @property
    def prefix(self) -> str:
        """What its topics begin with."""
        return self.profile.id if self.place.prefix is None else self.place.prefix

    @property
    def where(self) -> Mapping[str, str | int]:
        return {"host": self._broker.host, "port": self._broker.port, "prefix": self.prefix}

    def show(self, values: Mapping[Kind, Values]) -> None:
        self._values = values.get(self.profile.kind, {})

    async def open(self) -> None:
        await self._broker.start()
        there = self.profile.availability
        filled = self.profile.filled(self.profile.id, self.profile.as_named)
        points = {name: point.under(self.prefix) for name, point in filled.points.items()}
        publisher = MqttPublisher(
            self.profile.id,
            self._broker,
            self.clock,
            lambda _: [*portal_messages(self.profile, self.prefix), *topic_messages(points, self._values)],
            presence=Presence(topic=there.under(self.prefix).topic) if there and not there.path else None,
        )
        self._running = asyncio.create_task(publisher.run())

    async def close(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
            await asyncio.wait([running])
        await self._broker.stop()


def _registers(profile: Profile, place: Place, _: Clock) -> Played | None:
    return PlayedRegisters(profile, place) if isinstance(profile, RegisterProfile) else None


def _answers(profile: Profile, place: Place, clock: Clock) -> Played | None:
    return PlayedAnswers(profile, place, clock) if isinstance(profile, HttpProfile) else None


def _topics(profile: Profile, place: Place, clock: Clock) -> Played | None:
    return PlayedTopics(profile, place, clock) if isinstance(profile, MqttProfile) else None


def _telegrams(profile: Profile, place: Place, clock: Clock) -> Played | None:
    if not isinstance(profile, P1Profile | SmlProfile):
        return None
    return PlayedTelegrams(profile, place.host, place.port, clock)


def _datagrams(profile: Profile, place: Place, clock: Clock) -> Played | None:
    if not isinstance(profile, SpeedwireProfile):
        return None
    return PlayedDatagrams(profile, place.host, place.port, clock)


def _objects(profile: Profile, place: Place, _: Clock) -> Played | None:
    return PlayedObjects(profile, place.host, place.port) if isinstance(profile, RctProfile) else None


def _pages(profile: Profile, place: Place, clock: Clock) -> Played | None:
    return SmlPagePort(profile, place.host, place.port, clock) if isinstance(profile, SmlPageProfile) else None


PLAYERS: Final[tuple[Callable[[Profile, Place, Clock], Played | None], ...]] = (
    _registers,
    _answers,
    _topics,
    _telegrams,
    _datagrams,
    _objects,
    _pages,
)
"""Each plays the profiles of its transport, and no others."""


class Simulation:
    """A played device, and everything that it measures."""

    def __init__(self, profile: Profile, place: Place, clock: Clock) -> None:
        """Raises CannotShow for a transport that nobody plays."""
        played = next((found for player in PLAYERS if (found := player(profile, place, clock)) is not None), None)
        if played is None:
            raise CannotShow(f"{profile.id} cannot be simulated: nobody plays {profile.transport}")
        self.played: Final = played
        self.tells: Final = tells_of(profile)
        self._stated: dict[Kind, dict[str, float | None]] = {}

    @property
    def values(self) -> Mapping[Kind, Values]:
        """What it measures now, with all that nobody stated."""
        return {kind: filled_in(each, self._stated.get(kind, {})) for kind, each in self.tells.items()}

    def state(self, values: Mapping[Kind, Values]) -> None:
        """Measure these from now on, and what was stated before beside them. Raises CannotShow, and changes nothing."""
        before = self._stated
        kinds = before.keys() | values.keys()
        self._stated = {kind: _after(before.get(kind, {}), values.get(kind, {})) for kind in kinds}
        try:
            self.played.show(self.values)
        except CannotShow:
            self._stated = before
            raise


def _after(before: Values, values: Values) -> dict[str, float | None]:
    """What is stated now: a new power of a phase ends an older total, and a new total the older phases."""
    phases = {phase_point("power", own) for own in Phase}
    ended: set[str] = set()
    if phases & values.keys() and "power" not in values:
        ended = {"power"}
    elif "power" in values and not phases & values.keys():
        ended = phases
    return {**{name: value for name, value in before.items() if name not in ended}, **values}
