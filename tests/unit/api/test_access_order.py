"""Changes of who may what come one after the other, however slow the disk is: nobody slips through in between."""

from __future__ import annotations

import asyncio

import pytest

from ems.api.access.book import Access
from ems.api.access.passwords import Passwords
from ems.api.access.persons import Person, Token
from ems.api.access.store import MemoryAccounts
from ems.api.errors import LastInstaller, WrongPassword
from ems.api.wire import Role
from ems.clock import WallClock
from tests.api_bench import FAST_PASSWORDS_KIB, PASSWORD
from tests.live import HandClock


class SlowAccounts(MemoryAccounts):
    """A disk that takes its time: a test says when a token is written."""

    def __init__(self) -> None:
        super().__init__()
        self.writes_token = asyncio.Event()
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    async def remove_account(self, name: str) -> None:  # noqa: ARG002 (whoever it is)
        await others_had_their_turn()

    async def add_token(self, token: Token) -> Token:
        self.writes_token.set()
        await self.may_go_on.wait()
        return await super().add_token(token)


class SlowPasswords(Passwords):
    """A processor that takes its time: a test says when a password that was checked is told of."""

    def __init__(self, *, memory_kib: int) -> None:
        super().__init__(memory_kib=memory_kib)
        self.has_checked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def is_right(self, password_hash: str | None, password: str) -> bool:
        answer = await super().is_right(password_hash, password)
        self.has_checked.set()
        await self.may_answer.wait()
        return answer


async def others_had_their_turn() -> None:
    for _ in range(20):
        await WallClock().sleep(0)


async def with_two_installers(store: SlowAccounts, passwords: Passwords | None = None) -> tuple[Access, Person, Person]:
    passwords = passwords or Passwords(memory_kib=FAST_PASSWORDS_KIB)
    access = Access(HandClock(), store=store, passwords=passwords)
    await access.open()
    ines, _ = await access.set_up(access.setup_code or "", "ines", PASSWORD, address="here")
    await access.add_account("ivan", PASSWORD, Role.INSTALLER, by=ines)
    ivan, _ = await access.log_in("ivan", PASSWORD, address="here")
    return access, ines, ivan


async def test_two_installers_who_remove_each_other_leave_one() -> None:
    access, ines, ivan = await with_two_installers(SlowAccounts())

    ends = await asyncio.gather(
        access.remove_account("ivan", by=ines), access.remove_account("ines", by=ivan), return_exceptions=True
    )

    assert [type(end) for end in ends] == [type(None), LastInstaller]
    assert [account.name for account in access.accounts()] == ["ines"]


async def test_who_logs_in_while_the_role_is_lowered_gets_no_more_than_the_lower_one() -> None:
    store = SlowAccounts()
    access, ines, _ = await with_two_installers(store)
    store.writes_token.clear()
    store.may_go_on.clear()

    login = asyncio.create_task(access.log_in("ivan", PASSWORD, address="here"))
    await store.writes_token.wait()
    lower = asyncio.create_task(access.change_account("ivan", role=Role.VIEWER, password=None, by=ines))
    await others_had_their_turn()
    store.may_go_on.set()
    (_, secret), _ = await asyncio.gather(login, lower)

    assert access.holder(secret) is None


async def test_who_logs_in_with_a_password_that_is_changed_meanwhile_stays_out() -> None:
    passwords = SlowPasswords(memory_kib=FAST_PASSWORDS_KIB)
    access, ines, _ = await with_two_installers(SlowAccounts(), passwords)
    passwords.has_checked.clear()
    passwords.may_answer.clear()

    login = asyncio.create_task(access.log_in("ivan", PASSWORD, address="here"))
    await passwords.has_checked.wait()
    await access.change_account("ivan", role=None, password="another one", by=ines)
    passwords.may_answer.set()

    with pytest.raises(WrongPassword):
        await login
