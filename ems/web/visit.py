"""One visitor on one page: who they are, what they read in, and what they may do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Final

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request

from ems.api.ports import House
from ems.api.wire import Role
from ems.clock import Clock
from ems.errors import EmsError
from ems.model.words import has_words
from ems.web.bits import box, button, words
from ems.web.places import Place
from ems.web.ports import Access, Person
from ems.web.voice import Voice

LOOK_COOKIE: Final = "fusewise_look"
LOOKS: Final = ("auto", "light", "dark")
TOLD_FOR_MS: Final = 8000
"""A short message stays this long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Premises:
    """What all visitors share."""

    house: House
    access: Access[Any]
    time_zone: tzinfo
    clock: Clock
    """The house's own; the beat of the pages is real time."""

    places: tuple[Place, ...]
    """The pages that there are here."""


@dataclass(slots=True, kw_only=True)
class Visit:
    """One page in one browser."""

    premises: Premises
    request: Request
    person: Person
    voice: Voice
    look: str
    _dialogs: list[Element] = field(default_factory=list)

    @property
    def house(self) -> House:
        return self.premises.house

    @property
    def root(self) -> str:
        """The path prefix that a proxy in front of us has; empty without one."""
        return str(self.request.scope.get("root_path", "")).rstrip("/")

    def now(self) -> datetime:
        return self.premises.clock.utc_now()

    def may(self, role: Role) -> bool:
        """Whether that is allowed now: sessions end and accounts go while a page is open."""
        return self.premises.access.is_still_in(self.person) and self.person.may(role)

    def is_over(self) -> bool:
        """Whether this person is out by now; their browser then goes to the login page."""
        if self.premises.access.is_still_in(self.person):
            return False
        ui.navigate.to("/login")
        return True

    def go(self, path: str) -> None:
        """To another page of ours."""
        ui.navigate.to(path)

    def when_there(self, deed: Callable[[], Awaitable[None]]) -> None:
        """Do it as soon as the browser listens; once."""
        done: list[bool] = []

        async def once() -> None:
            if not done:
                done.append(True)
                await deed()

        ui.context.client.on_connect(once)

    def act(self, deed: Callable[[], object], said: str = "", *, role: Role = Role.HOMEOWNER) -> bool:
        """Do it as this person, and say what came of it; False when it was refused."""
        if self.is_over():
            return False
        if not self.person.may(role):
            self.tell(self.voice("page.not_allowed"), bad=True)
            return False
        try:
            deed()
        except EmsError as err:
            self.tell(self.problem(err.code, str(err)), bad=True)
            return False
        if said:
            self.tell(said)
        return True

    def problem(self, code: str, text: str = "") -> str:
        """An error in words; its own text where we have none."""
        key = f"problem.{code}"
        return self.voice(key) if has_words(key) else text or self.voice("problem.unknown", code=code)

    def tell(self, text: str, *, bad: bool = False) -> None:
        """A short message at the edge of the page."""
        ui.notify(text, position="top", color="negative" if bad else "dark", text_color="white", timeout=TOLD_FOR_MS)

    def hang_dialogs_here(self) -> None:
        """Dialogs belong to this place of the page."""
        self._dialogs.append(box("div"))

    @contextmanager
    def dialog(self, title: str) -> Iterator[ui.dialog]:
        """A window above the page; closing it takes it away."""
        wall = self._dialogs[-1]
        with wall:
            shown = ui.dialog().props("transition-duration=120")
            with shown, box("div", "dialog", role="dialog", aria_label=title, aria_modal="true"):
                words(title, "h2", "capital")
                yield shown
        shown.on("hide", wall.clear)
        shown.open()

    def closing(self, shown: ui.dialog, text: str | None = None) -> Element:
        """The button that closes a dialog."""
        return button(text or self.voice("page.close"), shown.close)


def look_of(request: Request) -> str:
    """Light, dark, or as the system has it."""
    chosen = request.cookies.get(LOOK_COOKIE, "")
    return chosen if chosen in LOOKS else "auto"
