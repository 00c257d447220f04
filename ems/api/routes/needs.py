"""What routes ask for: a role, the house, the book of people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends
from starlette.requests import HTTPConnection

from ems.api.access.book import Access
from ems.api.access.persons import Person
from ems.api.errors import MayNot, NeedsLogin
from ems.api.ports import House
from ems.api.problems import documented
from ems.api.wire import Role
from ems.clock import Clock

DESK: Final = "desk"
"""Where an application's state holds what its routes work with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the routes work with."""

    house: House
    access: Access
    clock: Clock


def desk_of(connection: HTTPConnection) -> Desk:
    """Of the application that serves this request."""
    desk: Desk = connection.app.state.desk
    return desk


async def _desk(connection: HTTPConnection) -> Desk:
    # FastAPI asks what is not async in a worker thread.
    return desk_of(connection)


AtDesk = Annotated[Desk, Depends(_desk)]


def needs(role: Role) -> Callable[[HTTPConnection], Awaitable[Person]]:
    """A dependency: the person, who may do what needs that role. Raises NeedsLogin or MayNot."""

    async def person(connection: HTTPConnection) -> Person:
        found = desk_of(connection).access.person(connection)
        if found is None:
            raise NeedsLogin("show a token, or log in on the page")
        if not found.may(role):
            raise MayNot(f"this needs the role {role}, and you are {found.role}")
        return found

    person.needed_role = role  # type: ignore[attr-defined] # for the test that walks all routes
    return person


Viewer = Annotated[Person, Depends(needs(Role.VIEWER))]
Homeowner = Annotated[Person, Depends(needs(Role.HOMEOWNER))]
Installer = Annotated[Person, Depends(needs(Role.INSTALLER))]

NO_TOKEN: Final[dict[str, Any]] = {"security": []}
"""For the description of what the gate leaves open."""

GUARDED: Final[dict[int | str, dict[str, Any]]] = documented(400, 401, 403, 408, 413, 422, 503)
"""The problems that every guarded route may answer with."""
