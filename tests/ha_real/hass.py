"""A real Home Assistant as a process, in a folder of its own and on loopback, with our integration in it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientError, ClientSession, ClientWebSocketResponse

from ems.clock import WallClock

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
DASHBOARD: Final = ROOT / "docs" / "home-assistant-dashboard.yaml"
"""The one that our page for people offers."""

PYTHON: Final = ROOT / ".venv-hass" / "bin" / "python"
OWNER: Final = {"username": "anna", "password": "correct horse"}
GUARD_S: Final = 300.0
"""The longest wait for anything; the first start compiles all that it loads."""

LOOKS_EVERY_S: Final = 0.1
OURS: Final = re.compile(r"fusewise(?!/python3)", re.IGNORECASE)
"""The interpreter may lie in a folder of that name."""

CLOCK: Final = WallClock()

Json = dict[str, Any]


class Socket:
    """Home Assistant's WebSocket API: calls, and the states of all entities as they change."""

    def __init__(self, ws: ClientWebSocketResponse) -> None:
        self.states: Final[dict[str, Json]] = {}
        self._ws = ws
        self._asked: dict[int, asyncio.Future[Json]] = {}
        self._news = asyncio.Event()
        self._listening = asyncio.create_task(self._listen())

    async def call(self, kind: str, **facts: object) -> Any:
        """The result of one command."""
        number = len(self._asked) + 1
        self._asked[number] = asyncio.get_running_loop().create_future()
        await self._ws.send_json({"id": number, "type": kind, **facts})
        async with asyncio.timeout(GUARD_S):
            answer = await self._asked[number]
        assert answer["success"], f"{kind}: {answer['error']}"
        return answer["result"]

    async def follow(self) -> None:
        """States come from now on."""
        await self.call("subscribe_events", event_type="state_changed")
        for state in await self.call("get_states"):
            self.states.setdefault(state["entity_id"], state)

    async def until(self, condition: Callable[[dict[str, Json]], bool]) -> float:
        """When that was first so, on the monotonic clock; it is looked at after every change."""
        async with asyncio.timeout(GUARD_S):
            while not condition(self.states):
                self._news.clear()
                await self._news.wait()
        return CLOCK.monotonic_s()

    async def _listen(self) -> None:
        async for message in self._ws:
            said = message.json()
            if said["type"] == "result":
                self._asked[said["id"]].set_result(said)
            elif said["type"] == "event":
                changed = said["event"]["data"]
                if changed["new_state"] is None:
                    self.states.pop(changed["entity_id"], None)
                else:
                    self.states[changed["entity_id"]] = changed["new_state"]
                self._news.set()


class Hass:
    """One installation; it can be started, killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.log: Final = folder / "hass.log"
        self.port: Final = free_port()
        self.url: Final = f"http://127.0.0.1:{self.port}"
        self.token = ""
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._settle()

    def _settle(self) -> None:
        """Fill the empty folder."""
        text = (HERE / "configuration.yaml").read_text(encoding="utf-8")
        (self._folder / "configuration.yaml").write_text(text.replace("@PORT@", str(self.port)), encoding="utf-8")
        (self._folder / "dashboard.yaml").write_text(_with_our_names(DASHBOARD.read_text(encoding="utf-8")))
        shutil.copytree(ROOT / "custom_components", self._folder / "custom_components")
        storage = self._folder / ".storage"
        storage.mkdir()
        # Of the first steps only the owner's account is left to do: another one adds weather and radio of the internet.
        done = {"done": ["core_config", "analytics", "integration"]}
        told = {"version": 4, "minor_version": 1, "key": "onboarding", "data": done}
        (storage / "onboarding").write_text(json.dumps(told), encoding="utf-8")

    async def start(self) -> None:
        """Return once it runs."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(str(PYTHON), "-m", "homeassistant", "--config", str(self._folder), "--log-no-color"),
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                # Whatever it would fetch is installed already; without an index a gap is told at once.
                env={**os.environ, "UV_OFFLINE": "1"},
            )
        await self._onboarded()
        async with self._http() as http, asyncio.timeout(GUARD_S):
            while (await _got(http, "GET", "/api/config"))["state"] != "RUNNING":
                await CLOCK.sleep(LOOKS_EVERY_S)

    async def kill(self) -> None:
        """As a power cut would."""
        await self._end(lambda process: process.kill())

    async def stop(self) -> None:
        """As somebody who shuts it down."""
        await self._end(lambda process: process.terminate())

    @asynccontextmanager
    async def socket(self) -> AsyncIterator[Socket]:
        async with ClientSession(self.url) as http, http.ws_connect("/api/websocket", max_msg_size=0) as ws:
            await ws.receive_json()
            await ws.send_json({"type": "auth", "access_token": self.token})
            answer = await ws.receive_json()
            assert answer["type"] == "auth_ok", answer
            yield Socket(ws)

    def our_lines(self) -> list[str]:
        """Of its log, what our integration said and what was said of it."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        # Each start says once that it does not answer for integrations of others.
        return [line for line in lines if OURS.search(line) and "not been tested by Home Assistant" not in line]

    async def _onboarded(self) -> None:
        """Wait for its pages; at the first start make the owner."""
        async with ClientSession(self.url) as http, asyncio.timeout(GUARD_S):
            while True:
                assert self._process is not None
                assert self._process.returncode is None, self.log.read_text(encoding="utf-8")
                with suppress(ClientError, AssertionError):
                    await _got(http, "GET", "/manifest.json")
                    break
                await CLOCK.sleep(LOOKS_EVERY_S)
            if self.token:
                return
            client = f"{self.url}/"
            person = {"client_id": client, "name": "Anna", "language": "en", **OWNER}
            code = (await _got(http, "POST", "/api/onboarding/users", json=person))["auth_code"]
            form = {"grant_type": "authorization_code", "code": code, "client_id": client}
            self.token = (await _got(http, "POST", "/auth/token", data=form))["access_token"]

    async def _end(self, how: Callable[[asyncio.subprocess.Process], None]) -> None:
        if self._process is None:
            return
        if self._process.returncode is None:
            how(self._process)
        try:
            async with asyncio.timeout(GUARD_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        self._process = None

    def _http(self) -> ClientSession:
        return ClientSession(self.url, headers={"Authorization": f"Bearer {self.token}"})


def _with_our_names(dashboard: str) -> str:
    """As people are told to: the names of the demo's house and of one of its chargers in the place of the example's."""
    return dashboard.replace("sunny_house", "demo_house").replace("garage", "drive").replace("Garage", "Drive")


def free_port() -> int:
    """Nobody listens there now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _got(http: ClientSession, method: str, path: str, **more: Any) -> Any:
    """The answer to a request that must succeed."""
    async with http.request(method, path, **more) as response:
        assert response.status < 400, f"{method} {path}: {response.status} {await response.text()}"
        return await response.json(content_type=None)
