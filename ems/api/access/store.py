"""Where accounts and tokens are kept: a port, and what stands in where nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from ems.api.access.persons import Account, Token


class AccountStore(Protocol):
    """Keeps accounts and tokens. Every call may wait for a disk, and raises StorageTrouble where that fails."""

    async def load(self) -> tuple[Sequence[Account], Sequence[Token]]:
        """All that are good."""
        ...

    async def add_account(self, account: Account, *, first: bool) -> None:
        """`first`: only where there is none yet; else raises AlreadySetUp."""
        ...

    async def change_account(self, account: Account) -> None: ...

    async def remove_account(self, name: str) -> None: ...

    async def add_token(self, token: Token) -> Token:
        """The same with its number."""
        ...

    async def note_used(self, uses: Mapping[int, datetime]) -> None:
        """When tokens were used last, by their numbers."""
        ...

    async def revoke_token(self, token_id: int) -> None: ...


class MemoryAccounts:
    """Forgets everybody at the end."""

    def __init__(self) -> None:
        self._numbers = 0

    async def load(self) -> tuple[Sequence[Account], Sequence[Token]]:
        return (), ()

    async def add_account(self, account: Account, *, first: bool) -> None:
        """The book in front knows them all."""

    async def change_account(self, account: Account) -> None:
        """The same."""

    async def remove_account(self, name: str) -> None:
        """The same."""

    async def add_token(self, token: Token) -> Token:
        self._numbers += 1
        return replace(token, token_id=self._numbers)

    async def note_used(self, uses: Mapping[int, datetime]) -> None:
        """The same."""

    async def revoke_token(self, token_id: int) -> None:
        """The same."""
