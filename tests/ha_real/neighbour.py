"""The house process seen from outside, and its service as the person with the browser uses it.

Nothing of the service is imported here: Home Assistant's environment, which has another Python, uses this too.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientSession, CookieJar

ROOT: Final = Path(__file__).parents[2]
PYTHON: Final = ROOT / ".venv" / "bin" / "python"
"""The service's environment."""

PERSON: Final = {"name": "ines", "password": "correct horse"}
GUARD_S: Final = 240.0
LONGEST_LINE: Final = 1024 * 1024

Fact = Mapping[str, Any]


class House:
    """A running house process; `neighbour` makes one."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self.log: Final = folder / "service.log"
        self.heard: Final[list[Fact]] = []
        """All that it has told, oldest first."""

        self._process = process
        self._news = asyncio.Event()
        self._listening = asyncio.create_task(self._listen())

    @property
    def page(self) -> str:
        """Where pages and API are."""
        return str(next(fact["page"] for fact in self.heard if fact["event"] == "listening"))

    async def start_service(self) -> Fact:
        return await self._asked("start", "listening")

    async def kill_service(self) -> Fact:
        return await self._asked("kill", "killed")

    async def hears_newest(self, station: str, wanted: Callable[[float], bool]) -> Fact:
        """The newest limit that reached that station's wire, once it is like that."""

        def newest() -> Fact | None:
            frames = (fact for fact in reversed(self.heard) if fact["event"] == "frame" and fact["station"] == station)
            frame = next(frames, None)
            return frame if frame is not None and frame["limit_a"] is not None and wanted(frame["limit_a"]) else None

        return await self._hears(newest)

    async def move_in(self) -> None:
        """Make the first account."""
        code = next(fact["setup_code"] for fact in self.heard if fact["event"] == "listening")
        async with self._person() as person:
            await _posted(person, "/api/v1/setup", {"code": code, **PERSON})

    async def pairing_code(self) -> str:
        """The six digits that the service shows to somebody who is logged in."""
        async with self._person() as person:
            await _posted(person, "/api/v1/login", PERSON)
            return str((await _posted(person, "/api/v1/pairing", {"role": "homeowner"}))["code"])

    async def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(GUARD_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._listening

    def _person(self) -> ClientSession:
        # Cookies of an address without a name are kept as well.
        return ClientSession(self.page, cookie_jar=CookieJar(unsafe=True), headers={"X-Fusewise": "1"})

    async def _asked(self, command: str, answer: str) -> Fact:
        before = len(self.heard)
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n".encode())
        await self._process.stdin.drain()
        return await self._hears(lambda: next((fact for fact in self.heard[before:] if fact["event"] == answer), None))

    async def _hears(self, wanted: Callable[[], Fact | None]) -> Fact:
        """What that gives, as soon as it gives something; it is asked after every fact."""
        async with asyncio.timeout(GUARD_S):
            while (fact := wanted()) is None:
                if self._listening.done():
                    raise AssertionError("the house process ended")
                self._news.clear()
                await self._news.wait()
        return fact

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.heard.append(json.loads(line))
            self._news.set()
        self._news.set()


async def _posted(person: ClientSession, path: str, body: Fact) -> Fact:
    """The answer to what must succeed."""
    async with person.post(path, json=body) as answer:
        assert answer.status == 200, f"{path}: {answer.status} {await answer.text()}"
        facts: Fact = await answer.json()
        return facts


@asynccontextmanager
async def neighbour(site: Path, folder: Path) -> AsyncIterator[House]:
    """The house of that site file, its service listening."""
    process = await asyncio.create_subprocess_exec(
        str(PYTHON),
        *("-m", "tests.ha_real.house", str(site), str(folder)),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LONGEST_LINE,
    )
    house = House(process, folder)
    try:
        await house.start_service()
        yield house
    finally:
        await house.end()
