"""A recording, played as the device it was made of: numbers of one look again and again, what was heard in a loop.

A further carrier is a function and a row in `REPLAYERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from ems.clock import Clock
from ems.devices.http.profile import HttpProfile
from ems.devices.inspection.recording import Recording
from ems.devices.library import profile
from ems.devices.mqtt.profile import MqttProfile
from ems.devices.obis_profile import P1Profile, SmlPageProfile, SmlProfile, SpeedwireProfile
from ems.devices.profile import Profile, SunSpecProfile
from ems.devices.rct.profile import RctProfile
from ems.sim.wire.filling import CannotShow
from ems.sim.wire.http_devices import HttpPort
from ems.sim.wire.modbus_devices import ModbusPort
from ems.sim.wire.object_devices import PlayedObjects
from ems.sim.wire.played import Place
from ems.sim.wire.profile_unit import ProfileUnit, RegisterProfile
from ems.sim.wire.spoken import (
    SpokenDatagrams,
    SpokenMessages,
    SpokenPages,
    SpokenTelegrams,
    frame_again,
    telegram_again,
)

USUAL_UNIT: Final = 1
"""Where the profile tells none."""


class Replayed(Protocol):
    """The device of a recording on its socket."""

    @property
    def where(self) -> Mapping[str, str | int]:
        """Where it answers: what the site file says of it."""
        ...

    async def open(self) -> None:
        """Answer, or speak. Raises OSError when the port is taken."""
        ...

    async def close(self) -> None:
        """End every connection."""
        ...


@dataclass(frozen=True, slots=True)
class _Port:
    """One that answers."""

    port: ModbusPort[ProfileUnit] | HttpPort

    @property
    def where(self) -> Mapping[str, str | int]:
        found: dict[str, str | int] = {"host": self.port.host, "port": self.port.port}
        if isinstance(self.port, ModbusPort):
            found["unit"], *_ = self.port.units
        return found

    async def open(self) -> None:
        await self.port.open()

    async def close(self) -> None:
        await self.port.close()


def replayed(recording: Recording, place: Place, clock: Clock) -> Replayed:
    """The device, not listening yet. Raises DeviceConfigError, and CannotShow for a carrier that is not recorded."""
    found = profile(recording.profile)
    for replayer in REPLAYERS:
        device = replayer(found, recording, place, clock)
        if device is not None:
            return device
    raise CannotShow(f"{found.id} speaks {found.transport}, of which there are no recordings")


def _answers(found: Profile, recording: Recording, place: Place, _: Clock) -> Replayed | None:
    if not isinstance(found, HttpProfile):
        return None
    page = HttpPort(found, place.host, place.port)
    page.replay(recording.answers)
    return _Port(page)


def _registers(found: Profile, recording: Recording, place: Place, _: Clock) -> Replayed | None:
    if not isinstance(found, RegisterProfile):
        return None
    usual = USUAL_UNIT if isinstance(found, SunSpecProfile) else found.defaults.unit
    device = ProfileUnit(usual if place.unit is None else place.unit, found)
    device.replay(recording.words)
    return _Port(ModbusPort([device], place.host, place.port, over=device.over))


def _messages(found: Profile, recording: Recording, place: Place, clock: Clock) -> Replayed | None:
    return SpokenMessages(found, recording.messages, place, clock) if isinstance(found, MqttProfile) else None


def _telegrams(found: Profile, recording: Recording, place: Place, clock: Clock) -> Replayed | None:
    if not isinstance(found, P1Profile):
        return None
    return SpokenTelegrams(recording.telegrams, telegram_again, place, clock)


def _frames(found: Profile, recording: Recording, place: Place, clock: Clock) -> Replayed | None:
    if not isinstance(found, SmlProfile):
        return None
    return SpokenTelegrams(recording.frames, frame_again, place, clock)


def _pages(found: Profile, recording: Recording, place: Place, clock: Clock) -> Replayed | None:
    return SpokenPages(found, recording.frames, place, clock) if isinstance(found, SmlPageProfile) else None


def _objects(found: Profile, recording: Recording, place: Place, _: Clock) -> Replayed | None:
    if not isinstance(found, RctProfile):
        return None
    device = PlayedObjects(found, place.host, place.port)
    device.replay({int(name, 16): value for name, value in recording.objects.items()})
    return device


def _datagrams(found: Profile, recording: Recording, place: Place, clock: Clock) -> Replayed | None:
    return SpokenDatagrams(found, recording.datagrams, place, clock) if isinstance(found, SpeedwireProfile) else None


REPLAYERS: Final[tuple[Callable[[Profile, Recording, Place, Clock], Replayed | None], ...]] = (
    _answers,
    _registers,
    _messages,
    _telegrams,
    _datagrams,
    _frames,
    _pages,
    _objects,
)
