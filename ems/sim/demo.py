"""The demo: a simulated house on loopback sockets, and the real service as a process of its own beside it.

The service runs as `python -m ems run SITE --json`, so that its memory and processor time are its own, and killing it
is killing it. What it decides comes back as JSON lines; what the house saw comes from the house.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ems.clock import Clock, ScaledClock, WallClock
from ems.config.schema import SiteFile
from ems.errors import EmsError
from ems.sim.wire.house import LOOPBACK, SimulatedHouse

LISTENS_WITHIN_S: Final = 60.0
ENDS_WITHIN_S: Final = 10.0
LONGEST_LINE: Final = 256 * 1024
LOG_NAME: Final = "service.log"


class ServiceFailed(EmsError):
    """The service of the demo did not start, or ended too early."""

    code = "service_failed"


@dataclass(slots=True)
class Told:
    """What the service has said so far."""

    decision: dict[str, Any] = field(default_factory=dict)
    """The newest decision, as in `ems.runtime.events.decision_json`."""

    sent: list[dict[str, Any]] = field(default_factory=list)
    first_usage: dict[str, Any] = field(default_factory=dict)
    last_usage: dict[str, Any] = field(default_factory=dict)
    usage_span_s: float = 0.0
    """Real seconds between the first and the last usage line."""


class Demo:
    """A running demo; `played` makes one."""

    def __init__(
        self,
        house: SimulatedHouse,
        clock: ScaledClock,
        service: asyncio.subprocess.Process,
        *,
        log: Path,
        began_at_s: float,
    ) -> None:
        self.house: Final = house
        self.clock: Final = clock
        self.told: Final = Told()
        self.service: Final = service
        self.log: Final = log
        self.began_at_s: Final = began_at_s
        self.ended_early = False
        self._first_usage_at_s: float | None = None

    async def follow(self, listening: asyncio.Future[int]) -> None:
        """Take in what the service says until it ends; resolves `listening` with its port for stations."""
        if self.service.stdout is None:
            raise ServiceFailed("the service was started without a pipe to read from")
        async for line in self.service.stdout:
            event = json.loads(line)
            self._take(event)
            if event["event"] == "started" and not listening.done():
                listening.set_result(event["ocpp_port"])
        if not listening.done():
            listening.set_exception(ServiceFailed(f"the service did not start:\n{self.last_log_lines()}"))
        self.ended_early = True

    def last_log_lines(self, count: int = 20) -> str:
        """The end of the service's log."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])

    def _take(self, event: dict[str, Any]) -> None:
        if event["event"] == "decision":
            self.told.decision = event
        elif event["event"] == "sent":
            self.told.sent.append(event)
        elif event["event"] == "usage":
            now_s = self.clock.monotonic_s()
            if self._first_usage_at_s is None:
                self._first_usage_at_s, self.told.first_usage = now_s, event
            self.told.last_usage = event
            self.told.usage_span_s = (now_s - self._first_usage_at_s) / self.clock.speed


@asynccontextmanager
async def played(file: SiteFile, *, speed: float = 1.0) -> AsyncIterator[Demo]:
    """Start house and service; end both tidily.

    Raises CannotSimulate for a house that cannot be played, ServiceFailed when the service does not come up.
    """
    clock = ScaledClock(speed)
    async with SimulatedHouse(file, clock, keep_ports=True) as house:
        with tempfile.TemporaryDirectory(prefix="fusewise-") as folder:
            began_at_s = clock.monotonic_s()
            service = await _start(Path(folder), house.relocated(), clock, _free_port(file.csms.port))
            demo = Demo(house, clock, service, log=Path(folder) / LOG_NAME, began_at_s=began_at_s)
            listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            following = asyncio.create_task(demo.follow(listening))
            try:
                async with clock.timeout(LISTENS_WITHIN_S * speed):
                    house.connect_stations(await listening)
                yield demo
            finally:
                await _end(service, WallClock())
                await following


async def _start(folder: Path, file: SiteFile, clock: ScaledClock, ocpp_port: int) -> asyncio.subprocess.Process:
    site = folder / "site.yaml"
    # JSON is YAML, and the loader of the service reads it like any site file.
    site.write_text(file.model_dump_json(exclude_defaults=True), encoding="utf-8")
    arguments = ["-m", "ems", "run", str(site), "--json", "--clock", clock.spec(), "--ocpp-port", str(ocpp_port)]
    with (folder / LOG_NAME).open("wb") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable, *arguments, stdout=asyncio.subprocess.PIPE, stderr=log, limit=LONGEST_LINE
        )


async def _end(service: asyncio.subprocess.Process, clock: Clock) -> None:
    if service.returncode is None:
        service.terminate()
    try:
        async with clock.timeout(ENDS_WITHIN_S):
            await service.wait()
    except TimeoutError:
        service.kill()
        await service.wait()


def _free_port(preferred: int) -> int:
    """The preferred loopback port when nobody listens there, else 0: any."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, preferred))
        except OSError:
            return 0
    return preferred
