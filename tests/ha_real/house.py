"""The house of `ems demo` as a process, whose service can be killed and started again.

    .venv/bin/python -m tests.ha_real.house SITE FOLDER

Reads `start` and `kill` from its input and ends with it. Writes JSON lines: `listening` once the service has pages,
`killed` once it has ended, and `frame` for every limit that reached a simulated station over OCPP.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

from ems.clock import ScaledClock
from ems.config.loader import load_site
from ems.config.schema import SiteFile
from ems.devices.profile_kinds import kinds_by_profile
from ems.sim.wire.house import SimulatedHouse

LOOKS_EVERY_S: Final = 0.01
LONGEST_LINE: Final = 1024 * 1024


def tell(event: str, **facts: object) -> None:
    """One line for whoever started us."""
    sys.stdout.write(json.dumps({"event": event, **facts}) + "\n")
    sys.stdout.flush()


class Service:
    """`ems run` beside the house: at its first start at free ports, then at the same ones."""

    def __init__(self, house: SimulatedHouse, file: SiteFile, clock: ScaledClock, folder: Path) -> None:
        self._house = house
        self._clock = clock
        self._folder = folder
        self._ports = {"ocpp": 0, "api": 0}
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        storage = file.storage.model_copy(update={"path": str(folder / "storage")})
        # JSON is YAML, and what a demo would forget stays here for the next start.
        told = house.relocated(file).model_copy(update={"storage": storage})
        self._site = folder / "site.yaml"
        self._site.write_text(told.model_dump_json(exclude_defaults=True), encoding="utf-8")

    async def start(self) -> None:
        arguments = ["-m", "ems", "run", str(self._site), "--json", "--clock", self._clock.spec()]
        arguments += ["--ocpp-port", str(self._ports["ocpp"]), "--api-port", str(self._ports["api"])]
        with (self._folder / "service.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, *arguments, stdout=asyncio.subprocess.PIPE, stderr=log, limit=LONGEST_LINE
            )
        assert self._process.stdout is not None
        self._reading = asyncio.create_task(self._read(self._process.stdout))

    async def kill(self) -> None:
        """As a power cut would."""
        if self._process is None or self._reading is None:
            return
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reading
        self._process = None
        tell("killed")

    async def _read(self, lines: asyncio.StreamReader) -> None:
        async for line in lines:
            facts: dict[str, Any] = json.loads(line)
            if facts["event"] == "started":
                self._ports["ocpp"] = facts["ocpp_port"]
                self._house.connect_stations(facts["ocpp_port"])
            elif facts["event"] == "pages":
                page = str(facts["page"])
                self._ports["api"] = int(page.rstrip("/").rsplit(":", 1)[1])
                tell("listening", page=page.rstrip("/"), setup_code=facts["setup_code"])


async def watch(house: SimulatedHouse, clock: ScaledClock) -> None:
    """Tell every limit that arrives at a station, for ever."""
    seen = dict.fromkeys(house.stations, "")
    while True:
        for station_id, station in house.stations.items():
            frame = station.frames[-1] if station.frames else None
            if frame is not None and frame.message_id != seen[station_id]:
                seen[station_id] = frame.message_id
                tell("frame", station=station_id, limit_a=frame.limit_a, at_s=frame.received_at_s)
        await clock.sleep(LOOKS_EVERY_S)


async def commands() -> AsyncIterator[str]:
    """Words from our input, until it ends."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async for line in reader:
        yield line.decode().strip()


async def main(site: Path, folder: Path) -> None:
    # Real time: both processes and whoever started us share one monotonic clock.
    clock = ScaledClock(1.0)
    file = load_site(site, profiles=kinds_by_profile())
    async with SimulatedHouse(file, clock) as house:
        service = Service(house, file, clock, folder)
        watching = asyncio.create_task(watch(house, clock))
        try:
            async for command in commands():
                await {"start": service.start, "kill": service.kill}[command]()
        finally:
            watching.cancel()
            await service.kill()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
