"""The relays of a house: one for each station that serves a second central system too."""

from __future__ import annotations

import asyncio
import logging
import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from ems.clock import Clock
from ems.config.schema import StationEntry
from ems.config.schema_upstream import UpstreamSection
from ems.csms.observer import RelayState
from ems.csms.relay.disk import Disk
from ems.csms.relay.door import Address, Door
from ems.csms.relay.relay import Relay
from ems.csms.relay.shelf import Shelf
from ems.csms.relay.tongue import Tongue, TongueV16
from ems.csms.relay.tongue_v201 import TongueV201
from ems.csms.station import Station

LOGGER = logging.getLogger(__name__)

FOLDER: Final = "relay"
AGAIN_AFTER_S: Final = 60.0
LOOKUPS: Final = 2
"""Threads that look up names: none of those that the rest of the program waits for."""

TONGUES: Final[Mapping[str, Callable[[str | None], Tongue]]] = {"1.6": TongueV16, "2.0.1": TongueV201}


class Relays:
    """Nothing that befalls them reaches anything else."""

    def __init__(
        self,
        entries: Sequence[StationEntry],
        stations: Mapping[str, Station],
        clock: Clock,
        passwords: Mapping[str, str],
        folder: Path | None,
    ) -> None:
        """`passwords` by station id. What waits is kept in `folder`, or in memory alone where there is none."""
        self._clock = clock
        self._passwords = passwords
        self._folder = folder
        self._lookups = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="relay names")
        self._writers = ThreadPoolExecutor(1, thread_name_prefix="relay disk")
        self._relays: dict[str, Relay] = {}
        for entry in entries:
            if entry.upstream is not None:
                station = stations[entry.id]
                relay = self._relays[entry.id] = self._relay(entry, entry.upstream, station)
                station.observer = relay

    def states(self) -> Mapping[str, RelayState]:
        """By station id; a station without a second central system has none."""
        return {station_id: relay.state for station_id, relay in self._relays.items()}

    async def run(self) -> None:
        """For ever; a relay that fails begins anew after a while."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for relay in self._relays.values():
                    tasks.create_task(self._keep_running(relay))
                await asyncio.get_running_loop().create_future()
        finally:
            self._lookups.shutdown(wait=False, cancel_futures=True)
            self._writers.shutdown(wait=False)

    async def _keep_running(self, relay: Relay) -> None:
        while True:
            try:
                await relay.run()
            except Exception:
                LOGGER.exception("a relay to a second central system failed; it begins anew")
            await self._clock.sleep(AGAIN_AFTER_S)

    def _relay(self, entry: StationEntry, section: UpstreamSection, station: Station) -> Relay:
        identity = section.identity or entry.identity or entry.id
        address = Address(
            url=section.url, identity=identity, password=self._passwords.get(entry.id), ca_file=section.ca_file
        )
        name = f"{entry.id}'s second central system"
        disk = None if self._folder is None else Disk(self._folder / FOLDER / f"{_file_name(entry.id)}.sqlite3")
        tongue = TONGUES[section.ocpp](section.own_tag)
        return Relay(
            station,
            section,
            self._clock,
            tongue,
            Door(address, tongue.protocol, self._clock, self._lookups, name=name),
            Shelf(disk, self._writers, name=name),
            phases=len(entry.wired),
            new_id=lambda: uuid.uuid4().hex,
            jitter=lambda: random.SystemRandom().uniform(0.5, 1.0),
        )


def _file_name(station_id: str) -> str:
    """The id, which may hold one character that some file systems do not take."""
    return station_id.replace("|", "_bar_")
