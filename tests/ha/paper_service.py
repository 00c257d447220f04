"""A Fusewise service made of paper, on a real socket: it says what the golden files say, and notes what it is asked."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from aiohttp import WSMsgType, web

GOLDEN: Final = Path(__file__).parents[1] / "contract" / "golden"
CODE: Final = "012345"
TOKEN: Final = "fw_example"
GUARD_S: Final = 30.0


def golden(name: str) -> Any:
    return json.loads((GOLDEN / f"{name}.json").read_text())


class PaperService:
    """One house. What tests change in it is told to everybody who listens."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = golden("snapshot")["state"]
        self.hello: dict[str, Any] = golden("hello")
        self.tokens = {TOKEN}
        self.vehicles: list[str] = ["family", "second"]
        self.asked: list[tuple[str, str, Any]] = []
        """Method, path below the API, and body of every wish."""

        self.queries: list[dict[str, str]] = []
        """What was asked for by name, of every look at something."""

        self.refuses: tuple[int, str] | None = None
        """Status and code of the answer to all that people wish."""

        self.brought: list[dict[str, Any]] = []
        """Readings of devices that a program brings."""

        self.verdict: dict[str, Any] = {"taken": True, "code": None, "detail": None}
        self.station_answers = "Accepted"
        """To restart and unlock."""

        self.refused = 0
        """Wishes that were."""

        self.port = 0
        self.listeners = 0
        """Connections to the push socket, since the start."""

        self._joined = asyncio.Event()
        self._wished = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._sockets: set[web.WebSocketResponse] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """At the port that it had before, if it had one."""
        app = web.Application()
        app.router.add_get("/api/v1/ws", self._listen)
        app.router.add_post("/api/v1/pairing/trade", self._trade)
        app.router.add_get("/api/v1/vehicles", self._vehicles)
        app.router.add_route("*", "/api/v1/{rest:.*}", self._wish)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self.hang_up()
            await self._runner.cleanup()
            self._runner = None

    async def listened_to(self, times: int) -> None:
        """Return once that many have come."""
        async with asyncio.timeout(GUARD_S):
            while self.listeners < times:
                self._joined.clear()
                await self._joined.wait()

    async def asked_for(self, times: int) -> None:
        """Return once that many wishes have come."""
        async with asyncio.timeout(GUARD_S):
            while len(self.asked) < times:
                self._wished.clear()
                await self._wished.wait()

    async def refused_to(self, times: int) -> None:
        """Return once that many wishes were refused."""
        async with asyncio.timeout(GUARD_S):
            while self.refused < times:
                self._wished.clear()
                await self._wished.wait()

    async def fed(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The newest reading that is so, once there is one."""
        async with asyncio.timeout(GUARD_S):
            while not (found := [reading for reading in self.brought if condition(reading)]):
                self._wished.clear()
                await self._wished.wait()
        return found[-1]

    async def hang_up(self, code: int = 1001) -> None:
        """End all connections."""
        for socket in list(self._sockets):
            await socket.close(code=code)

    async def tell(self, **changes: Any) -> None:
        """Change that of the house; of stations and circuits only those that are named."""
        for key, value in changes.items():
            if key in {"stations", "circuits"}:
                changed = {entry["id"]: entry for entry in value}
                self.state[key] = [changed.get(entry["id"], entry) for entry in self.state[key]]
            else:
                self.state[key] = value
        self.state["sequence"] += 1
        await self._send(
            {"kind": "delta", "sequence": self.state["sequence"], "at": self.state["at"], "changes": changes}
        )

    async def tell_station(self, station_id: str, **changes: Any) -> None:
        await self.tell(stations=[self.station(station_id) | changes])

    async def begin_anew(self) -> None:
        """A snapshot, as after another site file."""
        self.state["sequence"] += 1
        await self._send({"kind": "snapshot", "state": self.state})

    def station(self, station_id: str) -> dict[str, Any]:
        return copy.deepcopy(next(entry for entry in self.state["stations"] if entry["id"] == station_id))

    async def _send(self, message: Mapping[str, Any]) -> None:
        for socket in list(self._sockets):
            await socket.send_json(message)

    async def _listen(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        said = await socket.receive_json()
        if said.get("token") not in self.tokens:
            await socket.close(code=4401)
            return socket
        await socket.send_json(self.hello)
        # From its snapshot on it hears everything.
        self._sockets.add(socket)
        self.listeners += 1
        self._joined.set()
        try:
            await socket.send_json({"kind": "snapshot", "state": self.state})
            async for message in socket:
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            self._sockets.discard(socket)
        return socket

    async def _trade(self, request: web.Request) -> web.Response:
        if self.refuses is not None:
            return _problem(*self.refuses)
        body = await request.json()
        if body["code"] != CODE:
            return _problem(403, "wrong_code")
        token = f"fw_{len(self.tokens)}"
        self.tokens.add(token)
        return web.json_response({"id": 3, "token": token, "name": body["name"], "role": "homeowner"})

    async def _vehicles(self, request: web.Request) -> web.Response:
        return web.json_response(self.vehicles) if self._knows(request) else _problem(401, "needs_login")

    async def _wish(self, request: web.Request) -> web.Response:
        if not self._knows(request):
            return _problem(401, "needs_login")
        if self.refuses is not None:
            self.refused += 1
            self._wished.set()
            return _problem(*self.refuses)
        body = await request.json() if request.can_read_body else None
        address = request.path.removeprefix("/api/v1")
        if address == "/readings":
            assert body is not None
            self.brought.extend(body["readings"])
            self._wished.set()
            return web.json_response(
                {"verdicts": [{"device": each["device"], **self.verdict} for each in body["readings"]]}
            )
        self.asked.append((request.method, address, body))
        self._wished.set()
        if request.method == "GET":
            return self._told(address, request.query)
        if address == "/logout":
            self.tokens.discard(_token_of(request))
            return web.Response(status=204)
        if address.endswith(("/restart", "/unlock")):
            done = self.station_answers in {"Accepted", "Unlocked"}
            return web.json_response({"station": "x", "command": "x", "done": done, "answer": self.station_answers})
        return web.json_response({})

    def _told(self, address: str, query: Mapping[str, str]) -> web.Response:
        """What was kept, and how limits came about."""
        self.queries.append(dict(query))
        if address == "/devices":
            return web.json_response(golden("devices"))
        if address.startswith("/explain/"):
            return web.json_response(golden("explanation"))
        if address.endswith("/plan"):
            return web.json_response(golden("plan"))
        return web.json_response([golden("records")["session"]])

    def _knows(self, request: web.Request) -> bool:
        return _token_of(request) in self.tokens


def _token_of(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _problem(status: int, code: str) -> web.Response:
    return web.json_response({"status": status, "code": code, "detail": f"because {code}"}, status=status)
