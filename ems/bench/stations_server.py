"""The central system of the bench, in a process of its own: `python -m ems.bench.stations_server STATIONS`.

Prints its port, then answers every line of its input with one JSON object: `look` tells what it takes, `limit` sends
every station a limit. Ends with its input.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import sys
from collections.abc import Callable, Mapping
from typing import Final

from ems.bench.figures import spread
from ems.bench.resident import resident_mb
from ems.bench.stations_wire import identities
from ems.clock import WallClock
from ems.config.schema import CsmsSection, StationEntry
from ems.csms.central_system import CentralSystem
from ems.csms.ports import LeasedLimit
from ems.errors import StationError
from ems.model.station import StationState

LIMITS_A: Final = (10.0, 12.0)
LEASE_S: Final = 60.0
FALLBACK_A: Final = 6.0


class BenchServer:
    """A central system with so many stations, and what it took so far."""

    def __init__(self, stations: int) -> None:
        self._clock = WallClock()
        self._limits = 0
        self.states: dict[str, StationState] = {}
        entries = [StationEntry(id=identity, fallback_a=FALLBACK_A) for identity in identities(stations)]
        self.central = CentralSystem(
            CsmsSection(host="127.0.0.1"), entries, self._clock, self._changed, {}, bind_port=0
        )

    def look(self) -> Mapping[str, object]:
        """Memory and processor time of this process, and who is there."""
        gc.collect()
        spent = os.times()
        return {
            "resident_mb": resident_mb(),
            "cpu_s": spent.user + spent.system,
            "at_s": self._clock.monotonic_s(),
            "connected": sum(state.connected for state in self.states.values()),
            "charging": sum(state.in_transaction for state in self.states.values()),
        }

    async def limit(self) -> Mapping[str, object]:
        """Another limit for every station at once."""
        limit_a = LIMITS_A[self._limits % len(LIMITS_A)]
        self._limits += 1
        began_s = self._clock.monotonic_s()
        took_s = await asyncio.gather(*(self._one(station_id, limit_a, began_s) for station_id in self.central.links))
        taken = [each for each in took_s if each is not None]
        return {
            "taken": len(taken),
            "refused": len(took_s) - len(taken),
            "seconds": self._clock.monotonic_s() - began_s,
            "spread": spread(taken).model_dump() if taken else None,
        }

    def _changed(self, state: StationState) -> None:
        self.states[state.station_id] = state

    async def _one(self, station_id: str, limit_a: float, began_s: float) -> float | None:
        lease = LeasedLimit(limit_a=limit_a, phases=3, fallback_a=FALLBACK_A, lease_s=LEASE_S)
        try:
            receipt = await self.central.links[station_id].set_limit(lease)
        except StationError:
            return None
        return receipt.answered_at_s - began_s


async def _main(stations: int) -> None:
    server = BenchServer(stations)
    serving = asyncio.create_task(server.central.serve())
    await server.central.listening.wait()
    _say({"port": server.central.port})
    looks: Mapping[str, Callable[[], Mapping[str, object]]] = {"look": server.look}
    while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
        _say(looks[line]() if line in looks else await server.limit())
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


def _say(told: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    asyncio.run(_main(int(sys.argv[1])))
