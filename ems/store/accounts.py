"""Who may come in: users, tokens, and the audit log of what they changed.

Plain calls on an engine of `ems.store.database`, to be run in a thread. Passwords and tokens come hashed. Times are
seconds since 1970. All of them raise JournalError when the database does not answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Engine, Row, delete, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from ems.store.codec import cut, from_text, to_text
from ems.store.database import reading, writing
from ems.store.errors import AlreadySetUp, NameTaken, UnknownAccount
from ems.store.tables import AUDIT, TOKENS, USERS

AUDIT_KEPT: Final = 20_000
"""The newest ones; a house sees a few a day."""

MOST_LISTED: Final = 1000

ENDED_KEPT_S: Final = 30 * 86_400.0
"""Tokens that were revoked or expired are kept for so long, for who wants to look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person who logs in by a name."""

    name: str
    """As it was given; two names that differ in their case are two users, so fold them before."""

    role: str
    password_hash: str
    created_utc_s: float
    disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token to be kept: its hash, never itself."""

    digest: str
    """SHA-256, hexadecimal."""

    label: str
    role: str
    created_utc_s: float
    owner: str | None = None
    """Whose session it is, or who made this client; that user's end is its end. None where nobody knows."""

    expires_utc_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token(NewToken):
    """A token as it is kept."""

    token_id: int
    last_used_utc_s: float | None
    revoked_utc_s: float | None

    def is_good(self, utc_s: float) -> bool:
        """Whether it opens anything at that time."""
        return self.revoked_utc_s is None and (self.expires_utc_s is None or utc_s < self.expires_utc_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Something that somebody changed."""

    entry_id: int
    utc_s: float
    who: str
    action: str
    subject: str
    facts: Mapping[str, Any]


def add_user(engine: Engine, user: User) -> None:
    """Raises NameTaken."""
    with writing(engine) as connection:
        try:
            connection.execute(insert(USERS).values(asdict(user)))
        except IntegrityError as error:
            raise NameTaken(f"there is a user {user.name} already; choose another name") from error


def add_first_user(engine: Engine, user: User) -> None:
    """The user of the first set-up: of two who try at once, one gets in. Raises AlreadySetUp."""
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE"))
        if connection.execute(select(USERS.c.name).limit(1)).first() is not None:
            raise AlreadySetUp("there is a user already; log in, or ask an installer for access")
        connection.execute(insert(USERS).values(asdict(user)))


def users(engine: Engine) -> Sequence[User]:
    """All of them, by name."""
    with reading(engine) as connection:
        rows = connection.execute(select(USERS).order_by(USERS.c.name).limit(MOST_LISTED)).all()
    return [_user(row) for row in rows]


def change_user(
    engine: Engine,
    name: str,
    *,
    role: str | None = None,
    password_hash: str | None = None,
    disabled: bool | None = None,
) -> None:
    """What is None stays as it is. Raises UnknownAccount."""
    changes = {"role": role, "password_hash": password_hash, "disabled": disabled}
    wanted = {key: value for key, value in changes.items() if value is not None}
    with writing(engine) as connection:
        _must_exist(connection.execute(select(USERS.c.name).where(USERS.c.name == name)).first(), f"user {name}")
        if wanted:
            connection.execute(update(USERS).where(USERS.c.name == name).values(wanted))


def remove_user(engine: Engine, name: str) -> None:
    """With the tokens that stand for that user. Raises UnknownAccount."""
    with writing(engine) as connection:
        _must_exist(connection.execute(select(USERS.c.name).where(USERS.c.name == name)).first(), f"user {name}")
        connection.execute(delete(TOKENS).where(TOKENS.c.owner == name))
        connection.execute(delete(USERS).where(USERS.c.name == name))


def add_token(engine: Engine, token: NewToken) -> int:
    """Keep a token, and drop those that ended long before, so that logins do not pile up; its id."""
    with writing(engine) as connection:
        for ended in (TOKENS.c.revoked_utc_s, TOKENS.c.expires_utc_s):
            connection.execute(delete(TOKENS).where(ended < token.created_utc_s - ENDED_KEPT_S))
        added = connection.execute(insert(TOKENS).values(asdict(token)))
    [token_id] = added.inserted_primary_key or [0]
    return int(token_id)


def tokens(engine: Engine, *, good_at_utc_s: float | None = None) -> Sequence[Token]:
    """Newest first: those that open something at that time, or all, revoked ones too."""
    query = select(TOKENS).order_by(TOKENS.c.id.desc()).limit(MOST_LISTED)
    if good_at_utc_s is not None:
        lasting = TOKENS.c.expires_utc_s.is_(None) | (TOKENS.c.expires_utc_s > good_at_utc_s)
        query = query.where(TOKENS.c.revoked_utc_s.is_(None) & lasting)
    with reading(engine) as connection:
        rows = connection.execute(query).all()
    return [_token(row) for row in rows]


def note_used(engine: Engine, used_utc_s: Mapping[int, float]) -> None:
    """When tokens were used last, by their ids. A power cut may take it, so the disk is not waited for."""
    with writing(engine, durable=False) as connection:
        for token_id, utc_s in used_utc_s.items():
            connection.execute(update(TOKENS).where(TOKENS.c.id == token_id).values(last_used_utc_s=utc_s))


def revoke_token(engine: Engine, token_id: int, utc_s: float) -> None:
    """It opens nothing from now on. Raises UnknownAccount."""
    with writing(engine) as connection:
        _must_exist(
            connection.execute(select(TOKENS.c.id).where(TOKENS.c.id == token_id)).first(), "token of that number"
        )
        good = (TOKENS.c.id == token_id) & TOKENS.c.revoked_utc_s.is_(None)
        connection.execute(update(TOKENS).where(good).values(revoked_utc_s=utc_s))


def audit(
    engine: Engine, *, utc_s: float, who: str, action: str, subject: str, facts: Mapping[str, Any] | None = None
) -> None:
    """Note what `who` changed. No secrets in `facts`, which must be JSON."""
    row = {
        "utc_s": utc_s,
        "who": cut(who, 80),
        "action": cut(action, 40),
        "subject": cut(subject, 80),
        "facts": to_text(facts or {}).decode(),
    }
    with writing(engine) as connection:
        connection.execute(insert(AUDIT).values(row))
        newest = select(func.max(AUDIT.c.id)).scalar_subquery()
        connection.execute(delete(AUDIT).where(AUDIT.c.id <= newest - AUDIT_KEPT))


def audit_entries(engine: Engine, *, before_id: int | None = None, limit: int = 100) -> Sequence[AuditEntry]:
    """Newest first; for the next page give the last id as `before_id`."""
    query = select(AUDIT).order_by(AUDIT.c.id.desc()).limit(min(limit, MOST_LISTED))
    if before_id is not None:
        query = query.where(AUDIT.c.id < before_id)
    with reading(engine) as connection:
        rows = connection.execute(query).all()
    return [
        AuditEntry(
            entry_id=row.id,
            utc_s=row.utc_s,
            who=row.who,
            action=row.action,
            subject=row.subject,
            facts=from_text(row.facts),
        )
        for row in rows
    ]


def _must_exist(row: Row[Any] | None, what: str) -> None:
    if row is None:
        raise UnknownAccount(f"there is no {what}")


def _user(row: Row[Any]) -> User:
    return User(
        name=row.name,
        role=row.role,
        password_hash=row.password_hash,
        created_utc_s=row.created_utc_s,
        disabled=row.disabled,
    )


def _token(row: Row[Any]) -> Token:
    return Token(
        token_id=row.id,
        digest=row.digest,
        label=row.label,
        role=row.role,
        owner=row.owner,
        created_utc_s=row.created_utc_s,
        expires_utc_s=row.expires_utc_s,
        last_used_utc_s=row.last_used_utc_s,
        revoked_utc_s=row.revoked_utc_s,
    )
