"""The card with the station's report cards: make one, follow it, print those that were made."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from nicegui import background_tasks, ui

from ems.api.wire import Sentence
from ems.web.bits import box, button, link, words
from ems.web.calls import problem_of
from ems.web.servicing.asking import Station

MOST_SHOWN: Final = 10


class ReportCardsCard:
    """Cards are asked for again while one is being made."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._page = ui.context.client.content
        self._running = False
        voice = station.voice
        with box("section", "card stack", aria_label=voice("page.report_cards")):
            words(voice("page.report_cards"), "h2", "card-title")
            words(voice("page.report_cards_says"), "p", "soft small")
            with box("div", "row"):
                button(voice("page.make_card"), partial(self._make, try_step=False))
                button(voice("page.make_card_step"), self._ask_step, "button button-quiet")
            self._stage = words("", "p", "soft small", role="status")
            self._rows = box("div", "stack stack-close")
        station.visit.when_there(self.load)

    def follow(self, _service: dict[str, Any]) -> None:
        """Once in a while."""
        if self._running:
            background_tasks.create(self.load(), name="report card", context=self._page)

    async def load(self) -> None:
        """Ask how far it is, and which there are."""
        await self._look_at_stage()
        answer = await self._station.ask("GET", "report_cards")
        if not answer.fine:
            return
        self._rows.clear()
        with self._rows:
            if not answer.body:
                words(self._station.voice("page.no_cards"), "p", "soft small")
            for each in answer.body[:MOST_SHOWN]:
                self._row(each)

    async def _look_at_stage(self) -> None:
        """Only while one is made: nobody asks for what never began."""
        if not self._running:
            return
        answer = await self._station.ask("GET", "report_card")
        if answer.fine:
            self._running = bool(answer.body["running"])
            self._stage.set_text(self._station.voice.sentence(Sentence.model_validate(answer.body["stage"])))

    def _row(self, card: dict[str, Any]) -> None:
        voice, visit = self._station.voice, self._station.visit
        with box("div", "row spread", data_card=card["id"]):
            with box("div", "grow"):
                words(voice.near(datetime.fromisoformat(card["at"]), visit.now()), "div")
                counts = {word: card["counts"].get(word, 0) for word in ("good", "peculiar", "missing", "unknown")}
                words(voice("page.card_counts", **counts), "div", "soft small")
            path = f"stations/{quote(self._station.id)}/report_cards/{card['id']}/page?language={voice.language}"
            link(voice("page.print"), f"{visit.root}/api/v1/{path}", "button", "file", target="_blank")

    def _ask_step(self) -> None:
        voice = self._station.voice
        word = voice("page.make_card_step")
        self._station.confirm(word, voice("page.make_card_step_says"), partial(self._make, try_step=True), word)

    async def _make(self, *, try_step: bool) -> None:
        visit = self._station.visit
        answer = await self._station.ask("POST", "report_card", {"try_step": try_step})
        if not answer.fine:
            self._stage.set_text(problem_of(visit, answer))
            return
        self._running = True
        await self.load()
