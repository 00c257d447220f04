"""One station on the page *Service*: asks the API from the visitor's browser, and says what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from nicegui import background_tasks, ui

from ems.api.wire import State
from ems.model.words import has_words
from ems.web.bits import box, button, words
from ems.web.calls import Answer, call, problem_of
from ems.web.visit import Visit

LOOK_EVERY: Final = 5
"""Drawings of the page between two looks at what the service stands at."""

Told = Callable[[dict[str, Any]], None]
"""Shows a `ServiceState`."""


class Station:
    """What all cards share."""

    def __init__(self, visit: Visit, station_id: str) -> None:
        self.visit: Final = visit
        self.voice: Final = visit.voice
        self.id: Final = station_id
        found = (each for each in visit.house.state().stations if each.id == station_id)
        self.connector: Final = next((each.connector for each in found), None)
        """Which connector of a charger with several; None for a charger of its own."""

        self._told: tuple[Told, ...] = ()
        self._drawn = 0
        self._page = ui.context.client.content
        self._looking: asyncio.Task[None] | None = None
        visit.when_there(self.look)

    def tell(self, *told: Told) -> None:
        """Who shows what the service stands at."""
        self._told = told

    def follow(self, _state: State, _age_s: float) -> None:
        """Look again now and then, with every few drawings of the page."""
        self._drawn += 1
        if self._drawn % LOOK_EVERY == 0 and (self._looking is None or self._looking.done()):
            self._looking = background_tasks.create(self.look(), name="service", context=self._page)

    async def look(self) -> None:
        """Ask what the service stands at, and show it."""
        answer = await self.ask("GET", "service")
        if answer.fine:
            for each in self._told:
                each(answer.body)

    async def ask(self, method: str, path: str, body: dict[str, object] | None = None) -> Answer:
        """The API below this station."""
        # The button that was pressed may be gone before its answer is here: with a dialog, or with a row.
        with self._page:
            return await call(self.visit, method, f"stations/{quote(self.id)}/{path}", body)

    async def command(self, method: str, path: str, body: dict[str, object] | None = None) -> bool:
        """Tell the station something, say what it answered, and look again; whether it does it."""
        answer = await self.ask(method, path, body)
        done = answer.fine and bool(answer.body["done"])
        said = self.said(answer.body["answer"]) if answer.fine else problem_of(self.visit, answer)
        with self._page:
            self.visit.tell(said, bad=not done)
        await self.look()
        return done

    def said(self, answer: str) -> str:
        """A station's own word, with ours where we have one."""
        key = f"answer.{answer}"
        return self.voice(key) if has_words(key) else self.voice("answer.other", answer=answer)

    def confirm(self, title: str, says: str, deed: Callable[[], Any], word: str) -> None:
        """Do it after asking once more."""

        async def really() -> None:
            shown.close()
            await deed()

        with self.visit.dialog(title) as shown:
            words(says, "p", "soft")
            with box("div", "dialog-end"):
                self.visit.closing(shown, self.voice("page.cancel"))
                button(word, really, "button button-danger")
