"""The shapes of logging in: people, tokens, codes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from pydantic import Field

from ems.api.wire import Role, Shape

NAME: Final = r"^[^\s\x00-\x1f\x7f/][^\x00-\x1f\x7f/]*$"
"""Something that can be printed, and stand in an address."""

PRINTABLE: Final = r"^[^\x00-\x1f\x7f]*$"
"""What a stranger calls himself goes into logs."""

PersonName = Annotated[str, Field(min_length=1, max_length=40, pattern=NAME)]
NewPassword = Annotated[str, Field(min_length=8, max_length=200)]
AnyPassword = Annotated[str, Field(max_length=200)]
Label = Annotated[str, Field(min_length=1, max_length=60, pattern=NAME)]


class Login(Shape):
    """Body of `POST /login`."""

    name: Annotated[str, Field(max_length=80, pattern=PRINTABLE)]
    password: AnyPassword


class Me(Shape):
    """Who is logged in."""

    name: str
    role: Role


class SetupState(Shape):
    """Whether anybody has an account yet."""

    needed: bool


class Setup(Shape):
    """Body of `POST /setup`: the first account, which is an installer's."""

    code: Annotated[str, Field(max_length=40)]
    """As the service printed it at its start."""

    name: PersonName
    password: NewPassword


class PairingWish(Shape):
    """Body of `POST /pairing`."""

    role: Role = Role.HOMEOWNER


class PairingOffer(Shape):
    """A code to type into a client."""

    code: str
    role: Role
    ends_in_s: float


class PairingTrade(Shape):
    """Body of `POST /pairing/trade`."""

    code: Annotated[str, Field(max_length=20)]
    name: Label
    """What the client calls itself."""


class TokenWish(Shape):
    """Body of `POST /tokens`."""

    name: Label
    role: Role = Role.VIEWER


class NewTokenRecord(Shape):
    """A token, shown this once."""

    id: int
    token: str
    name: str
    role: Role


class TokenRecord(Shape):
    """A client that may come in."""

    id: int
    name: str
    role: Role
    made_at: datetime
    used_at: datetime | None
    """When it last opened something; null where nobody saw that."""


class UserRecord(Shape):
    """Somebody with an account."""

    name: str
    role: Role
    made_at: datetime


class UserWish(Shape):
    """Body of `POST /users`."""

    name: PersonName
    password: NewPassword
    role: Role = Role.HOMEOWNER


class UserChange(Shape):
    """Body of `PATCH /users/{name}`; null leaves it as it is."""

    role: Role | None = None
    password: NewPassword | None = None


class PasswordChange(Shape):
    """Body of `PUT /me/password`."""

    old: AnyPassword
    new: NewPassword
