"""Lines that somebody writes to a command while it runs."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Final

LONGEST_LINE: Final = 10_000
"""Bytes; more without an end of line is no line, and nothing is followed any longer."""

STANDARD_INPUT: Final = 0


def follow_input(take: Callable[[str], None]) -> None:
    """Let the running event loop take every line of the standard input, until it ends.

    The thread reads the file itself, not Python's buffer: it may be left waiting when the program ends.
    """
    # In the background of a terminal reading would stop the whole program; now it only fails.
    signal.signal(signal.SIGTTIN, signal.SIG_IGN)
    loop = asyncio.get_running_loop()
    Thread(target=_read, args=(loop, take), name="input", daemon=True).start()


def _read(loop: asyncio.AbstractEventLoop, take: Callable[[str], None]) -> None:
    kept = b""
    with suppress(OSError, RuntimeError):  # nobody's terminal, or the loop has ended
        while len(kept) < LONGEST_LINE and (piece := os.read(STANDARD_INPUT, 4096)):
            *lines, kept = (kept + piece).split(b"\n")
            for line in lines:
                loop.call_soon_threadsafe(take, line.decode("utf-8", "replace"))
