"""The newest of what comes, for whoever waits for it."""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class Newest(Generic[T]):
    """Hands the newest item from one side to the other; older ones that nobody took are forgotten."""

    def __init__(self) -> None:
        self._items: list[T] = []
        self._arrived = asyncio.Event()

    def put(self, item: T) -> None:
        self._items[:] = [item]
        self._arrived.set()

    def clear(self) -> None:
        self._items.clear()
        self._arrived.clear()

    async def take(self) -> T:
        """The newest item that nobody has taken yet, as soon as there is one."""
        while not self._items:
            await self._arrived.wait()
            self._arrived.clear()
        self._arrived.clear()
        return self._items.pop()
