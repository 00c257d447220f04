"""Passwords as argon2id hashes, worked out in a thread, one at a time: memory is dear, and control must not wait."""

from __future__ import annotations

import asyncio
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MEMORY_KIB: Final = 19 * 1024
ROUNDS: Final = 2
LANES: Final = 1
"""OWASP's password storage cheat sheet: argon2id with 19 MiB, two rounds, one lane."""


class Passwords:
    """Hashes and checks."""

    def __init__(self, *, memory_kib: int = MEMORY_KIB) -> None:
        self._hasher = PasswordHasher(time_cost=ROUNDS, memory_cost=memory_kib, parallelism=LANES)
        self._turn = asyncio.Lock()
        self._nobodys = ""
        """A hash for those who do not exist, so that asking for them takes as long."""

    async def hashed(self, password: str) -> str:
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def is_right(self, password_hash: str | None, password: str) -> bool:
        """Whether it is that password. None, for an account that does not exist, takes as long and is never right."""
        async with self._turn:
            matches = await asyncio.to_thread(self._matches, password_hash, password)
        return matches and password_hash is not None

    def _matches(self, password_hash: str | None, password: str) -> bool:
        self._nobodys = self._nobodys or self._hasher.hash("nobody's password")
        try:
            return self._hasher.verify(password_hash or self._nobodys, password)
        except (VerificationError, InvalidHashError):
            return False
