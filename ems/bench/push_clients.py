"""Clients of the push socket for the bench: they read until their input ends, then print how many messages they got."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


class Readers:
    """Counts what all of them hear."""

    def __init__(self) -> None:
        self.messages = 0

    async def read(self, port: int, token: str) -> None:
        """One client, until it is cancelled or sent away."""
        headers = {"Authorization": f"Bearer {token}"}
        with suppress(ConnectionClosed):
            async with connect(
                f"ws://127.0.0.1:{port}/api/v1/ws", additional_headers=headers, compression=None
            ) as socket:
                async for _ in socket:
                    self.messages += 1


async def _main(port: int, clients: int) -> None:
    token = sys.stdin.readline().strip()
    readers = Readers()
    reading = [asyncio.create_task(readers.read(port, token)) for _ in range(clients)]
    await asyncio.to_thread(sys.stdin.read)
    for task in reading:
        task.cancel()
    await asyncio.gather(*reading, return_exceptions=True)
    sys.stdout.write(f"{readers.messages}\n")


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), int(sys.argv[2])))
