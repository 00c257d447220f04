"""Cancellation that the libraries below us lose, found again."""

from __future__ import annotations

import asyncio


def end_if_cancelled() -> None:
    """Raise CancelledError when this task was told to end, as often as it is asked.

    Libraries swallow that: up to Python 3.11 `asyncio.wait_for` hands out a result that came at the same moment, and
    leaving an MQTT client whose broker hangs raises an error in its place. The task would then live for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
