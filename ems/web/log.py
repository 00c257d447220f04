"""The page *Log*: every limit that changed and why, and what else happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from ems.api.wire import AuditRecord, DecisionRecord, LogRecord, Role
from ems.errors import EmsError
from ems.model.words import has_words
from ems.web.bits import Choice, Field, Segments, box, button, cell, dress, labelled, table_head, words
from ems.web.explain import show_explanation
from ems.web.push import Draw, follow
from ems.web.visit import Visit
from ems.web.voice import station_name

SHOWN: Final = 40
MOST: Final = 400

DECISIONS: Final = "decisions"
EVENTS: Final = "events"
CHANGES: Final = "changes"
"""For installers."""

Line = tuple[datetime, str, str | None, str]
"""When, of what kind, by whom, what."""


async def show(visit: Visit, draw_frame: Draw) -> None:
    """Build the page with the newest decisions."""
    page = _Log(visit)
    await page.load()
    follow(visit, [draw_frame])


class _Log:
    """Filter and table."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._kind = DECISIONS
        self._limit = SHOWN
        self._asked = 0
        with box("div", "stack"):
            self._head()
            with box("section", "card", aria_label=visit.voice("page.log")):
                self._table = box("div")

    def _head(self) -> None:
        voice, visit = self._visit.voice, self._visit
        with box("div", "row spread"):
            words(voice("page.log"), "h1", "page-title")
            shown = (DECISIONS, EVENTS, CHANGES) if visit.may(Role.INSTALLER) else (DECISIONS, EVENTS)
            kinds = {kind: voice(f"page.log.{kind}") for kind in shown}
            self._kinds = Segments(kinds, DECISIONS, self._choose, voice("page.log"))
        stations = visit.house.state().stations
        names = {"": voice("page.all_stations")} | {station.id: station_name(station.id) for station in stations}
        with box("div", "fields") as self._filter:
            label = voice("page.search")
            self._text = labelled(label, lambda: Field("", "search", maxlength=80).on_typed(self._anew))
            self._station = labelled(voice("page.station"), lambda: Choice(names, "").on_chosen(self._anew))
        with box("div", "row") as self._whys:
            words(voice("page.explain_now"), "span", "soft small")
            for station in stations:
                name = station.id
                button(station_name(name), partial(show_explanation, visit, name), "button", "why")

    async def _choose(self, kind: str) -> None:
        self._kind = kind
        self._kinds.choose(kind)
        dress(self._filter, "fields" if kind == DECISIONS else "fields gone")
        dress(self._whys, "row" if kind == DECISIONS else "row gone")
        await self._anew()

    async def _anew(self) -> None:
        self._limit = SHOWN
        await self.load()

    async def _more(self) -> None:
        self._limit = min(self._limit + SHOWN, MOST)
        await self.load()

    async def load(self) -> None:
        """Read what the filter asks for, and draw it."""
        if self._visit.is_over():
            return
        self._asked += 1
        asked = self._asked
        try:
            draw = await self._read()
        except EmsError as err:
            self._table.clear()
            with self._table:
                words(self._visit.problem(err.code, str(err)), "p", "nothing capital")
            return
        if asked == self._asked:
            draw()

    async def _read(self) -> Callable[[], None]:
        """What the filter asks for, ready to be drawn."""
        house = self._visit.house
        if self._kind == EVENTS:
            events = await house.log(before_id=None, kind=None, limit=self._limit)
            return lambda: self._draw_events([self._line(each, each.kind) for each in events])
        if self._kind == CHANGES and self._visit.may(Role.INSTALLER):
            changes = await house.audit(before_id=None, limit=self._limit)
            return lambda: self._draw_events([self._line(each, each.action) for each in changes])
        decisions = await self._decisions()
        return lambda: self._draw_decisions(decisions)

    async def _decisions(self) -> Sequence[DecisionRecord]:
        """The newest that the search finds; it looks at what is read, in the reader's language."""
        station, wanted = self._station.value or None, self._text.value.strip().casefold()
        if not wanted:
            return await self._visit.house.decisions(since=None, station_id=station, text=None, limit=self._limit)
        newest = await self._visit.house.decisions(since=None, station_id=station, text=None, limit=MOST)
        found = [each for each in newest if wanted in f"{self._says(each)} {each.station}".casefold()]
        return found[: self._limit]

    def _says(self, decision: DecisionRecord) -> str:
        return self._visit.voice.sentence(decision.because)

    def _draw_decisions(self, decisions: Sequence[DecisionRecord]) -> None:
        voice = self._visit.voice
        titles = {key: voice(f"page.column.{key}") for key in ("at", "station", "limit", "reason")}
        self._table.clear()
        with self._table:
            if not decisions:
                words(voice("page.nothing_found"), "p", "nothing")
                return
            with box("table", "table"):
                table_head((title, "number" if key == "limit" else "") for key, title in titles.items())
                with box("tbody"):
                    for decision in decisions:
                        self._decision(decision, titles)
            self._more_button(len(decisions))

    def _decision(self, decision: DecisionRecord, titles: dict[str, str]) -> None:
        voice = self._visit.voice
        limit = voice("page.pause")
        if decision.limit_a > 0:
            limit = f"{voice.amps(decision.limit_a)} · {voice('page.phases', phases=decision.phases)}"
        with box("tr"):
            cell(voice.near(decision.at, self._visit.now(), seconds=True), titles["at"], "wide")
            cell(station_name(decision.station), titles["station"])
            cell(limit, titles["limit"], "number")
            cell(self._says(decision), titles["reason"], "wide-bare capital")

    def _line(self, event: LogRecord | AuditRecord, kind: str) -> Line:
        voice = self._visit.voice
        text = event.text if event.says is None else voice.sentence(event.says)
        return event.at, kind, None if event.who is None else voice.who(event.who), text

    def _draw_events(self, events: Sequence[Line]) -> None:
        voice = self._visit.voice
        titles = {key: voice(f"page.column.{key}") for key in ("at", "kind", "who", "what")}
        self._table.clear()
        with self._table:
            if not events:
                words(voice("page.nothing_found"), "p", "nothing")
                return
            with box("table", "table"):
                table_head((title, "") for title in titles.values())
                with box("tbody"):
                    for event in events:
                        self._event(event, titles)
            self._more_button(len(events))

    def _event(self, event: Line, titles: dict[str, str]) -> None:
        voice = self._visit.voice
        at, kind, who, text = event
        key = f"log_kind.{kind}"
        with box("tr"):
            cell(voice.near(at, self._visit.now(), seconds=True), titles["at"], "wide")
            cell(voice(key) if has_words(key) else kind.replace("_", " "), titles["kind"], "capital")
            cell(who or "–", titles["who"])
            cell(text, titles["what"], "wide-bare capital")

    def _more_button(self, shown: int) -> None:
        if shown >= self._limit < MOST:
            button(self._visit.voice("page.more"), self._more)
