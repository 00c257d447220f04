"""The installer's calls: every one is checked anew, and what is refused is said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from pydantic import ValidationError

from ems.api.commissioning_port import Commissioning
from ems.api.wire import Role
from ems.api.wire_commissioning import CommissioningState, ProofWish
from ems.commissioning.errors import LimitsRefused
from ems.errors import EmsError
from ems.web.commissioning.refusals import fields_refused, limits_refused
from ems.web.visit import Visit
from ems.web.voice import Voice

_T = TypeVar("_T")


class Panel(Protocol):
    """What is shown of one step."""

    def draw(self, now: CommissioningState) -> None:
        """Bring what moves up to date."""
        ...


class InstallerVisit:
    """An installer on the page."""

    def __init__(self, visit: Visit, commissioning: Commissioning) -> None:
        self.visit = visit
        self.desk = commissioning

    @property
    def voice(self) -> Voice:
        return self.visit.voice

    @property
    def who(self) -> str:
        return self.visit.person.name

    @property
    def host(self) -> str:
        """What this browser calls us by."""
        return self.visit.request.url.hostname or "localhost"

    def state(self) -> CommissioningState:
        return self.desk.state(self.host)

    async def ask(self, deed: Callable[[], Awaitable[_T]]) -> _T | None:
        """Do it; None where it was refused, which is said."""
        if not self.visit.may(Role.INSTALLER):
            self.visit.tell(self.voice("page.not_allowed"), bad=True)
            return None
        try:
            return await deed()
        except LimitsRefused as err:
            self.visit.tell(limits_refused(self.voice, err.findings), bad=True)
        except EmsError as err:
            self.visit.tell(self.visit.problem(err.code, str(err)), bad=True)
        except ValidationError as err:
            self.visit.tell(fields_refused(self.voice, err), bad=True)
        return None

    async def start(self, wish: ProofWish) -> None:
        """Begin a proof."""
        await self.ask(lambda: self.desk.start(wish, who=self.who))
