"""A simulated device that speaks RCT Power's language: numbered objects on a real socket, for one client at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from ems.devices.profile_parts import Kind
from ems.devices.rct.frames import READ, Damaged, FrameStream, answer_with
from ems.devices.rct.profile import RctProfile
from ems.devices.sample import is_live
from ems.sim.wire.filling import CannotShow, Values
from ems.sim.wire.listening import listen
from ems.sim.wire.profile_unit import Source

UNKNOWN: Final = float("nan")


def objects_of(profile: RctProfile, values: Mapping[Kind, Values]) -> dict[int, float]:
    """The content of every object of that device while it measures `values`. Raises CannotShow.

    The first object of a sum carries it all.
    """
    every = [point for use in profile.uses.values() for point in use.points.values()]
    told = {each: 0.0 for point in every for each in point.objects}
    for kind, numbers in values.items():
        use = profile.uses.get(kind)
        points = {} if use is None else use.points
        for name, value in numbers.items():
            if name not in points:
                raise CannotShow(f"{profile.id} does not tell {kind}.{name}; it tells {', '.join(points) or 'none'}")
            point = points[name]
            told[point.objects[0]] = UNKNOWN if value is None else value / point.scale
    return told


class PlayedObjects:
    """Answers questions for objects; whoever connects takes the device away from whoever was connected."""

    def __init__(self, profile: RctProfile, host: str, port: int, source: Source | None = None) -> None:
        """Port 0 takes a free one. With a `source`, it measures what that gives; else what it is shown."""
        self.samples = 0
        """Answers that told its first power or current."""

        self._profile = profile
        self._host = host
        self._port = port
        self._source = source
        points = [each for use in profile.uses.values() for each in use.points.items()]
        self._key = next(point.objects[0] for name, point in points if is_live(name))
        self._told = objects_of(profile, source() if source else {})
        self._server: asyncio.Server | None = None
        self._client: asyncio.StreamWriter | None = None

    @property
    def where(self) -> Mapping[str, str | int]:
        return {"host": self._host, "port": self._port}

    def show(self, values: Mapping[Kind, Values]) -> None:
        """Measure exactly `values` from now on. Raises CannotShow."""
        self._told = objects_of(self._profile, values)

    def replay(self, recorded: Mapping[int, float | None]) -> None:
        """Hold what a device once held; objects that it did not answer are not there."""
        self._source = None
        self._told = {each: UNKNOWN if value is None else value for each, value in recorded.items()}

    async def open(self) -> None:
        """Answer. Raises OSError when the port is taken."""
        self._server = await listen(self._converse, self._host, self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """End every connection."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        if self._client is not None:
            self._client.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        before, self._client = self._client, writer
        if before is not None:
            before.transport.abort()
        stream = FrameStream()
        try:
            while piece := await reader.read(1024):
                for found in stream.feed(piece):
                    if not isinstance(found, Damaged) and found.command == READ:
                        writer.write(self._answer(found.object_id))
        except ConnectionError:
            pass
        finally:
            writer.close()

    def _answer(self, object_id: int) -> bytes:
        """What it says of that object; nothing of one that it does not have."""
        if self._source is not None:
            self.show(self._source())
        if object_id not in self._told:
            return b""
        self.samples += object_id == self._key
        return answer_with(object_id, self._told[object_id])
