"""Users, tokens and the audit log are kept as they were given, and end when they should."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace

import pytest
from sqlalchemy import Engine, insert

from ems.store.accounts import (
    ENDED_KEPT_S,
    MOST_LISTED,
    NewToken,
    User,
    add_first_user,
    add_token,
    add_user,
    audit,
    audit_entries,
    change_user,
    note_used,
    remove_user,
    revoke_token,
    tokens,
    users,
)
from ems.store.database import writing
from ems.store.errors import AlreadySetUp, NameTaken, UnknownAccount
from ems.store.tables import TOKENS

NOON_S = 1_800_000_000.0
ANNA = User(name="anna", role="installer", password_hash="$argon2id$1", created_utc_s=NOON_S)
BERT = User(name="bert", role="viewer", password_hash="$argon2id$2", created_utc_s=NOON_S)
PHONE = NewToken(digest="a" * 64, label="phone", role="viewer", created_utc_s=NOON_S, owner="anna")


def test_users_are_found_as_they_were_added(engine: Engine) -> None:
    add_user(engine, BERT)
    add_user(engine, ANNA)

    assert users(engine) == [ANNA, BERT]


def test_name_is_given_once(engine: Engine) -> None:
    add_user(engine, ANNA)
    with pytest.raises(NameTaken, match="anna"):
        add_user(engine, replace(ANNA, role="viewer"))

    assert users(engine) == [ANNA]


def test_of_many_who_set_up_at_once_one_gets_in(engine: Engine) -> None:
    def tries(number: int) -> bool:
        try:
            add_first_user(engine, replace(ANNA, name=f"user{number}"))
        except AlreadySetUp:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        got_in = list(pool.map(tries, range(4)))

    assert sum(got_in) == 1
    assert len(users(engine)) == 1


def test_change_leaves_the_rest_as_it_is(engine: Engine) -> None:
    add_user(engine, BERT)
    change_user(engine, "bert", disabled=True)
    change_user(engine, "bert", role="homeowner", password_hash="$argon2id$3")

    [found] = users(engine)
    assert found == replace(BERT, role="homeowner", password_hash="$argon2id$3", disabled=True)


@pytest.mark.parametrize(
    "act",
    [
        lambda engine: change_user(engine, "nobody", role="viewer"),
        lambda engine: remove_user(engine, "nobody"),
        lambda engine: revoke_token(engine, 17, NOON_S),
    ],
)
def test_changing_what_does_not_exist_is_an_error(engine: Engine, act: Callable[[Engine], None]) -> None:
    with pytest.raises(UnknownAccount):
        act(engine)


def test_user_who_leaves_takes_the_tokens_along(engine: Engine) -> None:
    add_user(engine, ANNA)
    add_token(engine, PHONE)
    add_token(engine, replace(PHONE, digest="b" * 64, owner=None))
    remove_user(engine, "anna")

    assert users(engine) == []
    assert [token.owner for token in tokens(engine)] == [None]


def test_token_is_kept_and_notes_its_use(engine: Engine) -> None:
    token_id = add_token(engine, replace(PHONE, expires_utc_s=NOON_S + 60))
    note_used(engine, {token_id: NOON_S + 5})
    [found] = tokens(engine)

    assert (found.token_id, found.label, found.last_used_utc_s) == (token_id, "phone", NOON_S + 5)
    assert found.is_good(NOON_S + 59)
    assert not found.is_good(NOON_S + 60)


def test_revoked_token_opens_nothing_and_keeps_its_first_end(engine: Engine) -> None:
    token_id = add_token(engine, PHONE)
    revoke_token(engine, token_id, NOON_S + 1)
    revoke_token(engine, token_id, NOON_S + 9)
    [found] = tokens(engine)

    assert found.revoked_utc_s == NOON_S + 1
    assert not found.is_good(NOON_S)


def test_tokens_that_ended_long_ago_are_forgotten(engine: Engine) -> None:
    revoke_token(engine, add_token(engine, PHONE), NOON_S)
    add_token(engine, replace(PHONE, digest="b" * 64, expires_utc_s=NOON_S))
    add_token(engine, replace(PHONE, digest="c" * 64, expires_utc_s=NOON_S + 2))
    add_token(engine, replace(PHONE, digest="d" * 64, created_utc_s=NOON_S + ENDED_KEPT_S + 1))

    assert [token.digest[0] for token in tokens(engine)] == ["d", "c"]


def test_a_token_is_good_however_many_ended_after_it(engine: Engine) -> None:
    add_token(engine, PHONE)
    with writing(engine) as connection:
        ended = asdict(PHONE) | {"revoked_utc_s": NOON_S}
        rows = [ended | {"digest": f"{number:064d}"} for number in range(MOST_LISTED)]
        connection.execute(insert(TOKENS), rows)
    add_token(engine, replace(PHONE, digest="e" * 64, expires_utc_s=NOON_S + 1))

    assert [token.digest for token in tokens(engine, good_at_utc_s=NOON_S + 1)] == [PHONE.digest]


def test_audit_log_is_read_page_by_page_newest_first(engine: Engine) -> None:
    for number in range(5):
        audit(engine, utc_s=NOON_S + number, who="anna", action="limit", subject="garage", facts={"max_a": number})
    first = audit_entries(engine, limit=3)
    second = audit_entries(engine, before_id=first[-1].entry_id, limit=3)

    assert [entry.facts["max_a"] for entry in (*first, *second)] == [4, 3, 2, 1, 0]
    assert (first[0].who, first[0].action, first[0].subject) == ("anna", "limit", "garage")
