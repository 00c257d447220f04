"""Real MQTT brokers for tests: the embedded one of `ems demo`, and Mosquitto."""

from __future__ import annotations

import asyncio
import getpass
import os
import shutil
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from amqtt.broker import Broker as AmqttBroker

from ems.clock import WallClock

LOOPBACK = "127.0.0.1"
GUARD_S = 30.0
KNOCK_S = 0.02

StartBroker = Callable[[int], AbstractAsyncContextManager[None]]
"""A broker on that port, for as long as the block."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


class _TidyBroker(AmqttBroker):  # type: ignore[misc]  # (the library carries no types)
    """Closes what its library leaves open when a client vanishes."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self.writers: list[asyncio.StreamWriter] = []

    async def stream_connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
    ) -> None:
        self.writers.append(writer)
        await super().stream_connected(reader, writer, listener_name)


@asynccontextmanager
async def embedded(port: int) -> AsyncIterator[None]:
    broker = _TidyBroker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"{LOOPBACK}:{port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    await broker.start()
    try:
        yield
    finally:
        await broker.shutdown()
        for writer in broker.writers:
            writer.transport.abort()
        await WallClock().sleep(0)


def mosquitto(folder: Path, *more: str) -> StartBroker:
    """Mosquitto with a configuration of its own; skips where it is not installed, but not in CI."""
    program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        reason = "mosquitto is not installed: apt-get install mosquitto"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)

    @asynccontextmanager
    async def start(port: int) -> AsyncIterator[None]:
        # Started by root, it would otherwise become a user who may not read our files.
        user = f"user {getpass.getuser()}"
        lines = [user, f"listener {port} {LOOPBACK}", "persistence false", *(more or ["allow_anonymous true"])]
        settings = folder / "mosquitto.conf"
        settings.write_text("\n".join(lines) + "\n")
        process = await asyncio.create_subprocess_exec(
            program, "-c", str(settings), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            await asyncio.wait_for(_listening(process, port), GUARD_S)
            yield
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()

    return start


async def _listening(process: asyncio.subprocess.Process, port: int) -> None:
    while process.returncode is None:
        try:
            _, writer = await asyncio.open_connection(LOOPBACK, port)
        except OSError:
            await WallClock().sleep(KNOCK_S)
        else:
            writer.close()
            await writer.wait_closed()
            return
    raise AssertionError(f"mosquitto ended with {process.returncode}")
