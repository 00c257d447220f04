"""The book of people and tokens: log in, set up, pair, and who may do what.

Everything is looked up in memory; changes are kept before they count. Loopback is not a role: nobody is somebody
because of where they call from.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from starlette.requests import HTTPConnection

from ems.api.access.knocking import Knocking
from ems.api.access.pairing import Pairing, PairingCode
from ems.api.access.passwords import Passwords
from ems.api.access.persons import Account, Person, Token, covers, folded
from ems.api.access.setup_code import fresh_code, is_that_code
from ems.api.access.store import AccountStore, MemoryAccounts
from ems.api.access.tokens import TokenBook, digest_of, fresh
from ems.api.access.uses import Uses
from ems.api.errors import (
    AlreadySetUp,
    LastInstaller,
    MayNot,
    NameTaken,
    NeedsLogin,
    NoSuchThing,
    TooMany,
    TooOften,
    WrongCode,
    WrongPassword,
)
from ems.api.sources import Diary, LogDiary
from ems.api.wire import Role
from ems.clock import Clock
from ems.csms.throttle import Throttle
from ems.model.words import Number, Phrase

SESSION: Final = timedelta(days=30)
MOST_ACCOUNTS: Final = 50
MOST_CLIENTS: Final = 100
MOST_SESSIONS: Final = 200
"""The oldest session gives way."""

EXPLAINS_BURST: Final = 10
EXPLAINS_EVERY_S: Final = 1.0
"""For each token: more than anybody reads, and less than holds up control."""

PERSON: Final = "fusewise.person"
"""Where the gate leaves the person in an ASGI scope."""


class Access:
    """Who is in. `open()` before anything else."""

    def __init__(
        self,
        clock: Clock,
        *,
        store: AccountStore | None = None,
        diary: Diary | None = None,
        passwords: Passwords | None = None,
    ) -> None:
        self._clock = clock
        self._store: AccountStore = store or MemoryAccounts()
        self._diary: Diary = diary or LogDiary()
        self._passwords = passwords or Passwords()
        self._knocking = Knocking(clock)
        self._pairing = Pairing(clock)
        self._accounts: dict[str, Account] = {}
        self._questions = Throttle(clock, burst=EXPLAINS_BURST, every_s=EXPLAINS_EVERY_S)
        self._tokens = TokenBook()
        self.uses: Final = Uses(self._store, clock)
        self._setup_code: str | None = None
        self._turn: Final = asyncio.Lock()
        """Who may what changes one after the other: nobody gets a token while what it rests on is taken away."""

    async def open(self) -> None:
        """Learn who there is; make a setup code where there is nobody yet."""
        accounts, tokens = await self._store.load()
        self._accounts = {folded(account.name): account for account in accounts}
        self._tokens = TokenBook(tokens)
        self.uses.learn(tokens)
        if not self._accounts:
            self._setup_code = fresh_code()

    @property
    def setup_code(self) -> str | None:
        """What the first person must show; for the service's own log and nobody else. None once somebody has."""
        return self._setup_code

    def person(self, connection: HTTPConnection) -> Person | None:
        """Who asks, as the gate found out; in routes, pages and sockets alike."""
        found = connection.scope.get(PERSON)
        return found if isinstance(found, Person) else None

    def is_still_in(self, person: Person) -> bool:
        """Whether that person's token is good yet, in that role: for pages and sockets that stay open."""
        token = self._tokens.with_id(person.token_id)
        if token is None or not token.is_good(self._clock.utc_now()) or token.role is not person.role:
            return False
        self.uses.note(token)
        return True

    def holder(self, token: str) -> Person | None:
        """Who that token belongs to; None when it opens nothing."""
        found = self._tokens.find(token, self._clock.utc_now())
        if found is None:
            return None
        self.uses.note(found)
        name = found.owner if found.is_session and found.owner is not None else found.label
        return Person(name=name, role=found.role, token_id=found.token_id, is_session=found.is_session)

    async def set_up(self, code: str, name: str, password: str, *, address: str) -> tuple[Person, str]:
        """The first person, who is installer, and the session's token."""
        self._knocking.knock(address, "setup")
        async with self._turn:
            if self._setup_code is None:
                raise AlreadySetUp("somebody has an account already; log in, or ask an installer for one")
            if not is_that_code(code, self._setup_code):
                raise WrongCode("that is not the code in the service's log")
            account = await self._account(name, password, Role.INSTALLER)
            await self._store.add_account(account, first=True)
            self._setup_code = None
            self._accounts[folded(name)] = account
            self.audit("setup", who=account.name, what="first", name=account.name)
            return await self._session(account)

    async def log_in(self, name: str, password: str, *, address: str) -> tuple[Person, str]:
        """The person and the session's token. Raises WrongPassword or TooManyTries."""
        self._knocking.knock(address, folded(name))
        account = self._accounts.get(folded(name))
        if not await self._passwords.is_right(None if account is None else account.password_hash, password):
            if (noted := self._knocking.refused()) is not None:
                self.audit("login", who=folded(name)[:40], what=noted.what, address=address, more=noted.more)
            raise WrongPassword("name or password is wrong")
        async with self._turn:
            # Password, role or account may be others by now.
            if account is None or self._accounts.get(folded(name)) is not account:
                raise WrongPassword("name or password is wrong")
            self.audit("login", who=account.name, what="in", address=address)
            return await self._session(account)

    async def log_out(self, person: Person) -> None:
        """End the session or give the token back."""
        token = self._tokens.with_id(person.token_id)
        if token is not None:
            await self._revoke(token)

    def begin_pairing(self, role: Role, *, by: Person) -> PairingCode:
        """A code for a client of that role, which is no installer and no more than the person."""
        if role is Role.INSTALLER or not by.may(role):
            raise MayNot("a client may be viewer or homeowner, and no more than you")
        self.audit("pairing", who=by.name, what=f"code.{role}")
        return self._pairing.begin(role, by=by.name, owner=self._owner(by))

    async def pair(self, code: str, label: str, *, address: str) -> tuple[Token, str]:
        """A client's token for a code."""
        self._knocking.knock(address, "pairing")
        async with self._turn:
            offered = self._pairing.redeem(code)
            return await self._client(label, offered.role, who=offered.by, owner=offered.owner)

    async def add_client(self, label: str, role: Role, *, by: Person) -> tuple[Token, str]:
        """A token for a program, made by hand."""
        if not by.may(role):
            raise MayNot("a token may do no more than you")
        async with self._turn:
            if not self.is_still_in(by):
                raise NeedsLogin("your session ended meanwhile; log in again")
            return await self._client(label, role, who=by.name, owner=self._owner(by))

    def clients(self) -> Sequence[Token]:
        return self._tokens.clients()

    async def revoke_client(self, token_id: int, *, by: Person) -> None:
        """That client is out at once."""
        token = self._tokens.with_id(token_id)
        if token is None or token.is_session:
            raise NoSuchThing("there is no such token")
        if not by.may(token.role):
            raise MayNot("that token may do more than you")
        await self._revoke(token)
        self.audit("token", who=by.name, what="revoked", name=token.label)

    def accounts(self) -> Sequence[Account]:
        """By name."""
        return sorted(self._accounts.values(), key=lambda account: account.name)

    async def add_account(self, name: str, password: str, role: Role, *, by: Person) -> Account:
        """One more person, who may do no more than the one who asks."""
        if not by.may(role):
            raise MayNot("nobody can make somebody who may do more")
        async with self._turn:
            account = await self._account(name, password, role)
            await self._store.add_account(account, first=False)
            self._accounts[folded(name)] = account
        self.audit("user", who=by.name, what=f"added.{role}", name=account.name)
        return account

    async def change_account(self, name: str, *, role: Role | None, password: str | None, by: Person) -> Account:
        """Another role or password; all sessions of that person end, and clients of theirs that may do more."""
        async with self._turn:
            before = self._known(name)
            wanted = role or before.role
            if not (by.may(wanted) and by.may(before.role)):
                raise MayNot("nobody can change somebody who may do more")
            if wanted is not Role.INSTALLER:
                self._keep_an_installer(before)
            hashed = before.password_hash if password is None else await self._passwords.hashed(password)
            after = replace(before, role=wanted, password_hash=hashed)
            await self._store.change_account(after)
            self._accounts[folded(name)] = after
            if not covers(wanted, before.role):
                self._pairing.end(after.name)
            for token in self._tokens.of(after.name):
                if token.is_session or not covers(wanted, token.role):
                    await self._revoke(token)
        with_password = "" if password is None else ".password"
        self.audit("user", who=by.name, what=f"changed.{wanted}{with_password}", name=after.name)
        return after

    async def change_own_password(self, person: Person, old: str, new: str, *, address: str) -> None:
        """Raises WrongPassword, or NoSuchThing for a client, which has none."""
        self._knocking.knock(address, folded(person.name))
        if not person.is_session:
            raise NoSuchThing("a token has no password")
        account = self._known(person.name)
        if not await self._passwords.is_right(account.password_hash, old):
            raise WrongPassword("the old password is another one")
        await self.change_account(account.name, role=None, password=new, by=person)

    async def remove_account(self, name: str, *, by: Person) -> None:
        """That person is out at once, with all clients they made."""
        async with self._turn:
            account = self._known(name)
            if not by.may(account.role):
                raise MayNot("nobody can remove somebody who may do more")
            self._keep_an_installer(account)
            await self._store.remove_account(account.name)
            self._accounts.pop(folded(name), None)
            self._pairing.end(account.name)
            for token in self._tokens.of(account.name):
                await self._revoke(token)
        self.audit("user", who=by.name, what="removed", name=account.name)

    def ask_why(self, person: Person) -> None:
        """Count one more explanation, for which control's own loop decides anew. Raises TooOften."""
        if not self._questions.allows(str(person.token_id)):
            raise TooOften(f"too many explanations; wait {EXPLAINS_EVERY_S:.0f} s", wait_s=EXPLAINS_EVERY_S)

    def audit(self, kind: str, *, who: str, what: str, **facts: Number) -> None:
        """Note who changed what, as the sentence `log.<kind>.<what>`."""
        self._diary.note(kind, who=who, said=Phrase(f"log.{kind}.{what}", facts))

    def audit_commissioning(self, who: str, said: Phrase) -> None:
        """Note what an installer did, or a proof found."""
        self._diary.note("commissioning", who=who, said=said)

    def _known(self, name: str) -> Account:
        account = self._accounts.get(folded(name))
        if account is None:
            raise NoSuchThing("there is nobody of that name")
        return account

    def _keep_an_installer(self, account: Account) -> None:
        others = [each for each in self._accounts.values() if each.name != account.name]
        if account.role is Role.INSTALLER and all(each.role is not Role.INSTALLER for each in others):
            raise LastInstaller(f"{account.name} is the last installer; make another one first")

    async def _account(self, name: str, password: str, role: Role) -> Account:
        if len(self._accounts) >= MOST_ACCOUNTS:
            raise TooMany(f"there are {MOST_ACCOUNTS} accounts already; remove one first")
        hashed = await self._passwords.hashed(password)
        if folded(name) in self._accounts:
            raise NameTaken(f"there is somebody called {name.strip()} already")
        return Account(name=name.strip(), role=role, password_hash=hashed, made_at=self._clock.utc_now())

    async def _session(self, account: Account) -> tuple[Person, str]:
        now = self._clock.utc_now()
        for past in (*self._tokens.ended(now), *self._tokens.sessions()[: -(MOST_SESSIONS - 1)]):
            await self._revoke(past)
        token, secret = await self._issue("browser", account.role, owner=account.name, ends_at=now + SESSION)
        return Person(name=account.name, role=account.role, token_id=token.token_id, is_session=True), secret

    async def _client(self, label: str, role: Role, *, who: str, owner: str | None) -> tuple[Token, str]:
        if len(self._tokens.clients()) >= MOST_CLIENTS:
            raise TooMany(f"there are {MOST_CLIENTS} clients already; revoke one first")
        token, secret = await self._issue(label.strip(), role, owner=owner, ends_at=None)
        self.audit("token", who=who, what=f"made.{role}", name=token.label)
        return token, secret

    async def _issue(self, label: str, role: Role, *, owner: str | None, ends_at: datetime | None) -> tuple[Token, str]:
        secret = fresh()
        token = Token(
            token_id=0,
            digest=digest_of(secret),
            label=label,
            role=role,
            made_at=self._clock.utc_now(),
            owner=owner,
            ends_at=ends_at,
        )
        kept = await self._store.add_token(token)
        self._tokens.add(kept)
        return kept, secret

    def _owner(self, person: Person) -> str | None:
        """The account behind a person: what a client makes belongs to who made the client."""
        token = self._tokens.with_id(person.token_id)
        return None if token is None else token.owner

    async def _revoke(self, token: Token) -> None:
        self._tokens.drop(token)
        self.uses.forget(token)
        await self._store.revoke_token(token.token_id)
