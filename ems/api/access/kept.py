"""Accounts and tokens in the database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from sqlalchemy import Engine

from ems.api.access.persons import Account, Token
from ems.api.errors import AlreadySetUp, NameTaken, NoSuchThing
from ems.api.kept import Database
from ems.api.wire import Role
from ems.clock import Clock
from ems.store import accounts
from ems.store import errors as kept_errors

_T = TypeVar("_T")


class KeptAccounts:
    """Implements `AccountStore`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._order = asyncio.Lock()

    async def load(self) -> tuple[Sequence[Account], Sequence[Token]]:
        users = await self._do(accounts.users)
        tokens = await self._do(partial(accounts.tokens, good_at_utc_s=self._now_s()))
        known = [_account(user) for user in users if not user.disabled]
        return known, [_token(token) for token in tokens]

    async def add_account(self, account: Account, *, first: bool) -> None:
        add = accounts.add_first_user if first else accounts.add_user
        user = accounts.User(
            name=account.name,
            role=account.role.value,
            password_hash=account.password_hash,
            created_utc_s=account.made_at.timestamp(),
        )
        await self._do(partial(add, user=user))

    async def change_account(self, account: Account) -> None:
        await self._do(
            partial(
                accounts.change_user,
                name=account.name,
                role=account.role.value,
                password_hash=account.password_hash,
            )
        )

    async def remove_account(self, name: str) -> None:
        await self._do(partial(accounts.remove_user, name=name))

    async def add_token(self, token: Token) -> Token:
        kept = accounts.NewToken(
            digest=token.digest,
            label=token.label,
            role=token.role.value,
            created_utc_s=token.made_at.timestamp(),
            owner=token.owner,
            expires_utc_s=None if token.ends_at is None else token.ends_at.timestamp(),
        )
        token_id = await self._do(partial(accounts.add_token, token=kept))
        return replace(token, token_id=token_id)

    async def note_used(self, uses: Mapping[int, datetime]) -> None:
        used_utc_s = {token_id: at.timestamp() for token_id, at in uses.items()}
        await self._do(partial(accounts.note_used, used_utc_s=used_utc_s))

    async def revoke_token(self, token_id: int) -> None:
        try:
            await self._do(partial(accounts.revoke_token, token_id=token_id, utc_s=self._now_s()))
        except NoSuchThing:
            return  # it went with its owner

    async def _do(self, act: Callable[[Engine], _T]) -> _T:
        try:
            async with self._order:
                return await self._database.ask(act)
        except kept_errors.AlreadySetUp as error:
            raise AlreadySetUp(str(error)) from error
        except kept_errors.NameTaken as error:
            raise NameTaken(str(error)) from error
        except kept_errors.UnknownAccount as error:
            raise NoSuchThing(str(error)) from error

    def _now_s(self) -> float:
        return self._clock.utc_now().timestamp()


def _account(user: accounts.User) -> Account:
    return Account(
        name=user.name,
        role=Role(user.role),
        password_hash=user.password_hash,
        made_at=datetime.fromtimestamp(user.created_utc_s, UTC),
    )


def _token(token: accounts.Token) -> Token:
    return Token(
        token_id=token.token_id,
        digest=token.digest,
        label=token.label,
        role=Role(token.role),
        made_at=datetime.fromtimestamp(token.created_utc_s, UTC),
        owner=token.owner,
        ends_at=_at(token.expires_utc_s),
        used_at=_at(token.last_used_utc_s),
    )


def _at(utc_s: float | None) -> datetime | None:
    return None if utc_s is None else datetime.fromtimestamp(utc_s, UTC)
