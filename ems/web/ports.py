"""What the pages need of the access rules; `ems.api` has the real ones."""

from __future__ import annotations

from typing import Protocol, TypeVar

from starlette.requests import HTTPConnection

from ems.api.wire import Role


class Person(Protocol):
    """Somebody who is logged in."""

    @property
    def name(self) -> str: ...

    @property
    def role(self) -> Role: ...

    def may(self, needed: Role, /) -> bool:
        """Whether that role's deeds are allowed."""
        ...


P = TypeVar("P", bound=Person)


class Access(Protocol[P]):
    """Who somebody is, and whether they still are."""

    def person(self, connection: HTTPConnection, /) -> P | None:
        """Whoever made that request; None for a stranger."""
        ...

    def is_still_in(self, person: P, /) -> bool:
        """False as soon as the session ended or the account is gone."""
        ...

    def ask_why(self, person: P, /) -> None:
        """Count one more explanation; raises an EmsError for one too many."""
        ...
