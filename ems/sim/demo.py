"""The demo: a simulated house on loopback sockets, and the real service as a process of its own beside it.

The service runs as `python -m ems run SITE --json`, so that its memory and processor time are its own, and killing it
is killing it. What it decides comes back as JSON lines; what the house saw comes from the house.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import tempfile
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ems.clock import ScaledClock, WallClock
from ems.config.schema import SiteFile
from ems.errors import EmsError
from ems.sim.wire.house import SimulatedHouse

LISTENS_WITHIN_S: Final = 60.0
ENDS_WITHIN_S: Final = 10.0
LONGEST_LINE: Final = 256 * 1024
LOG_NAME: Final = "service.log"
MOST_SENT: Final = 10_000
LOOPBACK: Final = "127.0.0.1"


class ServiceFailed(EmsError):
    """The service of the demo did not start, or ended too early."""

    code = "service_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceEnd:
    """The service ended before it was asked to."""

    at_s: float
    """Of the demo's monotonic clock."""

    exit_code: int
    """As of `asyncio`: negative where a signal ended it."""

    def __str__(self) -> str:
        return f"signal {-self.exit_code}" if self.exit_code < 0 else f"exit code {self.exit_code}"


@dataclass(slots=True)
class Told:
    """What the service has said so far."""

    decision: dict[str, Any] = field(default_factory=dict)
    """The newest decision, as in `ems.runtime.events.decision_json`."""

    sent: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=MOST_SENT))
    """The newest limits that stations took."""

    sent_count: int = 0
    first_usage: dict[str, Any] = field(default_factory=dict)
    last_usage: dict[str, Any] = field(default_factory=dict)
    page: str | None = None
    """Where the pages are, and what their first visitor must show."""

    setup_code: str | None = None
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
        self.service_end: ServiceEnd | None = None
        self.listening: Final[asyncio.Future[int]] = asyncio.get_running_loop().create_future()
        """Resolves with the port for stations; fails with ServiceFailed when the service ends before it listens."""

        self.pages: Final = asyncio.Event()
        """Set once the service has said where its pages are, or has ended."""

        self._following: Final = asyncio.create_task(self._follow())
        self._first_usage_at_s: float | None = None

    async def end(self) -> None:
        """End the service as its supervisor would, and take in its last words."""
        wall = WallClock()
        if self.service.returncode is None:
            # Not `terminate`: its poll takes the exit code of a child that just ended away from the event loop.
            with suppress(ProcessLookupError):
                os.kill(self.service.pid, signal.SIGTERM)
        try:
            async with wall.timeout(ENDS_WITHIN_S):
                await self.service.wait()
        except TimeoutError:
            self.service.kill()
            await self.service.wait()
        await self._following

    async def _follow(self) -> None:
        if self.service.stdout is None:
            raise ServiceFailed("the service was started without a pipe to read from")
        async for line in self.service.stdout:
            event = json.loads(line)
            self._take(event)
            if event["event"] == "started" and not self.listening.done():
                self.listening.set_result(event["ocpp_port"])
        if not self.listening.done():
            self.listening.set_exception(ServiceFailed(f"the service did not start:\n{self.last_log_lines()}"))
        exit_code = await self.service.wait()
        self.pages.set()
        self.service_end = ServiceEnd(at_s=self.clock.monotonic_s(), exit_code=exit_code)

    def last_log_lines(self, count: int = 20) -> str:
        """The end of the service's log."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])

    def _take(self, event: dict[str, Any]) -> None:
        if event["event"] == "decision":
            self.told.decision = event
        elif event["event"] == "sent":
            self.told.sent.append(event)
            self.told.sent_count += 1
        elif event["event"] == "pages":
            self.told.page, self.told.setup_code = event["page"], event["setup_code"]
            self.pages.set()
        elif event["event"] == "usage":
            now_s = self.clock.monotonic_s()
            if self._first_usage_at_s is None:
                self._first_usage_at_s, self.told.first_usage = now_s, event
            self.told.last_usage = event
            self.told.usage_span_s = (now_s - self._first_usage_at_s) / self.clock.speed


def site_text(file: SiteFile) -> str:
    """As the service reads it: without defaults, but for the direction of a battery, which counts only when stated."""
    content = file.model_dump(mode="json", exclude_defaults=True)
    if file.battery is not None and "invert" in file.battery.model_fields_set:
        content["battery"]["invert"] = file.battery.invert
    return json.dumps(content)


@asynccontextmanager
async def played(file: SiteFile, *, speed: float = 1.0, told: SiteFile | None = None) -> AsyncIterator[Demo]:
    """Start house and service; end both tidily. `told`: what the service believes of a house that really is `file`.

    Raises CannotSimulate for a house that cannot be played, ServiceFailed when the service does not come up.
    """
    clock = ScaledClock(speed)
    async with SimulatedHouse(file, clock, keep_ports=True) as house:
        with tempfile.TemporaryDirectory(prefix="fusewise-") as folder:
            demo = await _serving(Path(folder), house, house.relocated(told), clock, file.csms.port)
            try:
                house.connect_stations(demo.listening.result())
                yield demo
            finally:
                await demo.end()


async def _serving(folder: Path, house: SimulatedHouse, file: SiteFile, clock: ScaledClock, ocpp_port: int) -> Demo:
    """The service, listening; at any free port when somebody has the wanted one."""
    began_at_s = clock.monotonic_s()
    service = await _start(folder, file, clock, ocpp_port)
    demo = Demo(house, clock, service, log=folder / LOG_NAME, began_at_s=began_at_s)
    try:
        async with clock.timeout(LISTENS_WITHIN_S * clock.speed):
            await demo.listening
    except (ServiceFailed, TimeoutError):
        await demo.end()
        if ocpp_port == 0:
            raise
        return await _serving(folder, house, file, clock, 0)
    return demo


async def _start(folder: Path, file: SiteFile, clock: ScaledClock, ocpp_port: int) -> asyncio.subprocess.Process:
    if file.storage.path is None and file.storage.url is None:
        # A demo forgets all when it ends; until then people can commission it and look back.
        file = file.model_copy(update={"storage": file.storage.model_copy(update={"path": str(folder / "storage")})})
    site = folder / "site.yaml"
    # JSON is YAML, and the loader of the service reads it like any site file.
    site.write_text(site_text(file), encoding="utf-8")
    arguments = ["-m", "ems", "run", str(site), "--json", "--clock", clock.spec(), "--ocpp-port", str(ocpp_port)]
    arguments += ["--api-port", str(file.api.port if _is_free(file.api.port) else 0)]
    with (folder / LOG_NAME).open("wb") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable, *arguments, stdout=asyncio.subprocess.PIPE, stderr=log, limit=LONGEST_LINE
        )


def _is_free(port: int) -> bool:
    """Whether nobody listens there on loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
