"""People and clients: who has an account, and which tokens are good."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from ems.api.access.persons import Account
from ems.api.problems import documented
from ems.api.routes.needs import GUARDED, AtDesk, Homeowner
from ems.api.wire_access import NewTokenRecord, TokenRecord, TokenWish, UserChange, UserRecord, UserWish

router = APIRouter(tags=["people"], responses=GUARDED)

UserPath = Annotated[str, Path(max_length=40)]
TokenPath = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("/users")
async def read_users(desk: AtDesk, _person: Homeowner) -> tuple[UserRecord, ...]:
    """Everybody with an account."""
    return tuple(_record(account) for account in desk.access.accounts())


@router.post("/users", status_code=201, responses=documented(409))
async def add_user(body: UserWish, desk: AtDesk, person: Homeowner) -> UserRecord:
    """One more person, who may do no more than you."""
    return _record(await desk.access.add_account(body.name, body.password, body.role, by=person))


@router.patch("/users/{name}", responses=documented(404, 409))
async def change_user(name: UserPath, body: UserChange, desk: AtDesk, person: Homeowner) -> UserRecord:
    """Another role or password; all sessions of that person end."""
    return _record(await desk.access.change_account(name, role=body.role, password=body.password, by=person))


@router.delete("/users/{name}", status_code=204, responses=documented(404, 409))
async def remove_user(name: UserPath, desk: AtDesk, person: Homeowner) -> None:
    """That person is out at once."""
    await desk.access.remove_account(name, by=person)


@router.get("/tokens")
async def read_tokens(desk: AtDesk, _person: Homeowner) -> tuple[TokenRecord, ...]:
    """The clients that may come in."""
    return tuple(
        TokenRecord(
            id=token.token_id,
            name=token.label,
            role=token.role,
            made_at=token.made_at,
            used_at=desk.access.uses.last(token),
        )
        for token in desk.access.clients()
    )


@router.post("/tokens", status_code=201, responses=documented(409))
async def add_token(body: TokenWish, desk: AtDesk, person: Homeowner) -> NewTokenRecord:
    """A token for a program; it is shown this once."""
    token, secret = await desk.access.add_client(body.name, body.role, by=person)
    return NewTokenRecord(id=token.token_id, token=secret, name=token.label, role=token.role)


@router.delete("/tokens/{token_id}", status_code=204, responses=documented(404))
async def revoke_token(token_id: TokenPath, desk: AtDesk, person: Homeowner) -> None:
    """That client is out at once."""
    await desk.access.revoke_client(token_id, by=person)


def _record(account: Account) -> UserRecord:
    return UserRecord(name=account.name, role=account.role, made_at=account.made_at)
