"""The command `ems` as a process of its own, on real pipes and with real signals."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

GUARD_S = 240.0
LONGEST_LINE = 1024 * 1024


class Command:
    """A running command; what it said on its error output is kept."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.logged: list[str] = []

    async def logs(self, words: str) -> str:
        """The next line of its log that holds those words."""
        assert self.process.stderr is not None
        async with asyncio.timeout(GUARD_S):
            while line := (await self.process.stderr.readline()).decode():
                self.logged.append(line.rstrip("\n"))
                if words in line:
                    return line
        raise AssertionError(f"it ended without saying {words!r}:\n{self.log}")

    async def tells(self, event: str) -> dict[str, Any]:
        """The next JSON line of that kind on its output; every line before it must be one too."""
        assert self.process.stdout is not None
        async with asyncio.timeout(GUARD_S):
            while line := await self.process.stdout.readline():
                facts: dict[str, Any] = json.loads(line)
                if facts["event"] == event:
                    return facts
        raise AssertionError(f"it ended without a line {event!r}")

    async def output(self) -> tuple[str, str]:
        """Everything it prints until it ends, and its log."""
        async with asyncio.timeout(GUARD_S):
            out, err = await self.process.communicate()
        return out.decode(), err.decode()

    async def ends(self) -> int:
        """Its exit code; what it still says is kept."""
        async with asyncio.timeout(GUARD_S):
            if self.process.stderr is not None:
                self.logged += (await self.process.stderr.read()).decode().splitlines()
            return await self.process.wait()

    @property
    def log(self) -> str:
        return "\n".join(self.logged)


@asynccontextmanager
async def ems(*arguments: str, stdout: int = asyncio.subprocess.PIPE) -> AsyncIterator[Command]:
    """`ems` with these arguments; killed when the block ends and it has not."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "ems", *arguments),
        stdout=stdout,
        stderr=asyncio.subprocess.PIPE,
        limit=LONGEST_LINE,
    )
    try:
        yield Command(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
