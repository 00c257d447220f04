"""The stations of the bench, in a process of their own: `python -m ems.bench.stations_clients PORT STATIONS`.

Answers every line of its input with one JSON object: `join SECONDS` connects all in that time and waits until each
charges, `drop` hangs up all at once, `look` tells how long answers took since it was asked last. Ends with its input.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from ems.bench import stations_wire as wire
from ems.bench.figures import spread
from ems.clock import Clock, WallClock

ANSWERS_WITHIN_S: Final = 60.0
SENT_EVERY_WH: Final = 15


class LightStation:
    """One station: charges for ever, tells its meter every 10 s, takes whatever limit comes."""

    def __init__(self, identity: str, port: int, clock: Clock, latencies_s: list[float]) -> None:
        self._identity = identity
        self._url = f"ws://127.0.0.1:{port}/{identity}"
        self._clock = clock
        self._latencies_s = latencies_s
        self._numbers = itertools.count()
        self._asked: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        self._socket: ClientConnection | None = None
        self._register_wh = 1000

    async def live(self, after_s: float, charges: asyncio.Future[None]) -> None:
        """From the connection until it is cut; `charges` is told once all of the beginning was answered."""
        await self._clock.sleep(after_s)
        try:
            async with connect(
                self._url,
                subprotocols=[Subprotocol(wire.PROTOCOL)],
                compression=None,
                ping_interval=None,
                proxy=None,
                open_timeout=ANSWERS_WITHIN_S,
            ) as socket:
                self._socket = socket
                hearing = asyncio.create_task(self._hear(socket))
                try:
                    await self._tell_for_ever(charges)
                finally:
                    hearing.cancel()
        except (OSError, TimeoutError, WebSocketException) as error:
            if not charges.done():
                charges.set_exception(ConnectionError(f"{self._identity}: {error!r}"))

    async def _tell_for_ever(self, charges: asyncio.Future[None]) -> None:
        await self._ask(*wire.boot(self._identity))
        await self._ask(*wire.charging())
        begun = await self._ask(*wire.started(self._register_wh, self._stamp()))
        transaction_id = int(begun["transactionId"])
        charges.set_result(None)
        while True:
            await self._clock.sleep(wire.METER_VALUES_S)
            self._register_wh += SENT_EVERY_WH
            await self._ask(*wire.meter_values(self._register_wh, transaction_id, self._stamp()))

    async def _ask(self, action: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        message_id = str(next(self._numbers))
        answer: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._asked[message_id] = answer
        began_s = self._clock.monotonic_s()
        if self._socket is None:
            raise ConnectionError("not connected")
        await self._socket.send(json.dumps([2, message_id, action, payload]))
        async with self._clock.timeout(ANSWERS_WITHIN_S):
            told = await answer
        self._latencies_s.append(self._clock.monotonic_s() - began_s)
        return told

    async def _hear(self, socket: ClientConnection) -> None:
        with suppress(WebSocketException):
            async for text in socket:
                message = json.loads(text)
                if message[0] == 2:
                    await socket.send(json.dumps([3, message[1], wire.answer(message[2], message[3])]))
                    continue
                waiting = self._asked.pop(message[1], None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(message[2] if message[0] == 3 else {})

    def _stamp(self) -> str:
        return f"{self._clock.utc_now():%Y-%m-%dT%H:%M:%SZ}"


class Fleet:
    """All of them."""

    def __init__(self, port: int, stations: int) -> None:
        self._clock = WallClock()
        self._latencies_s: list[float] = []
        self._stations = [
            LightStation(identity, port, self._clock, self._latencies_s) for identity in wire.identities(stations)
        ]
        self._lives: list[asyncio.Task[None]] = []

    async def join(self, within_s: float) -> Mapping[str, object]:
        """Connect all, evenly spread over that time, and wait until each charges."""
        began_s = self._clock.monotonic_s()
        loop = asyncio.get_running_loop()
        all_charge = [loop.create_future() for _ in self._stations]
        self._lives = [
            asyncio.create_task(station.live(within_s * i / len(self._stations), all_charge[i]))
            for i, station in enumerate(self._stations)
        ]
        outcomes = await asyncio.gather(*all_charge, return_exceptions=True)
        return {
            "seconds": self._clock.monotonic_s() - began_s,
            "failed": sum(outcome is not None for outcome in outcomes),
        }

    async def drop(self) -> Mapping[str, object]:
        """Hang up all at once, as when the power fails."""
        for life in self._lives:
            life.cancel()
        await asyncio.gather(*self._lives, return_exceptions=True)
        return {}

    def look(self) -> Mapping[str, object]:
        """How long answers took."""
        taken_s, self._latencies_s[:] = list(self._latencies_s), []
        return {
            "messages": len(taken_s),
            "answers": spread(taken_s).model_dump() if taken_s else None,
            "alive": sum(not life.done() for life in self._lives),
        }


async def _main(port: int, stations: int) -> None:
    fleet = Fleet(port, stations)
    while line := (await asyncio.to_thread(sys.stdin.readline)).split():
        if line[0] == "join":
            told = await fleet.join(float(line[1]))
        else:
            told = await fleet.drop() if line[0] == "drop" else fleet.look()
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
    await fleet.drop()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), int(sys.argv[2])))
