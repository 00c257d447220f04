"""The page *History*: a day or a month of sun, grid, home and cars."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from nicegui import ui

from ems.api.wire import HistoryPoint, HistoryStep
from ems.errors import EmsError
from ems.web.bits import Segments, box, button, icon, put, words
from ems.web.charts import day_chart, month_chart
from ems.web.push import Draw, follow
from ems.web.spans import Energies, Span, before, begin_of, by_day, end_of, midnight, step_for, summed
from ems.web.visit import Visit

TILES: Final = (
    ("sun", "sun"),
    ("home", "home"),
    ("cars", "car"),
    ("share", "sun"),
    ("grid_in", "grid"),
    ("grid_out", "grid"),
)


async def show(visit: Visit, draw_frame: Draw) -> None:
    """Build the page with today, and follow the choice of another span."""
    page = _History(visit)
    await page.load()
    follow(visit, [draw_frame])


class _History:
    """What is shown, and how to get to the rest."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._span = Span.DAY
        self._day = self._today()
        self._nothing = ""
        with box("div", "stack"):
            self._head()
            self._tiles = _Tiles(visit)
            with box("section", "card"):
                self._chart = box("div")

    def _head(self) -> None:
        voice = self._visit.voice
        with box("div", "row spread"):
            words(voice("page.history"), "h1", "page-title")
            spans = {span.value: voice(f"page.span.{span}") for span in Span}
            self._segments = Segments(spans, self._span, self._choose, voice("page.span"))
        with box("div", "row"):
            button("", self._back, "icon-button", "left", aria_label=voice("page.earlier"))
            self._title = words("", "h2", "card-title", aria_live="polite")
            self._title.style("margin: 0; min-width: 9em; text-align: center")
            self._forth_button = button("", self._forth, "icon-button", "right", aria_label=voice("page.later"))
            button(voice("page.span.now"), self._now, "button button-quiet")

    def _today(self) -> date:
        return self._visit.voice.local(self._visit.now()).date()

    async def _choose(self, value: str) -> None:
        self._span = Span(value)
        self._segments.choose(value)
        await self.load()

    async def _back(self) -> None:
        self._day = before(self._span, self._day)
        await self.load()

    async def _forth(self) -> None:
        self._day = min(end_of(self._span, self._day), self._today())
        await self.load()

    async def _now(self) -> None:
        self._day = self._today()
        await self.load()

    async def load(self) -> None:
        """Read the span and draw it."""
        if self._visit.is_over():
            return
        visit, voice = self._visit, self._visit.voice
        first, end = begin_of(self._span, self._day), end_of(self._span, self._day)
        step = step_for(first, self._today())
        points: Sequence[HistoryPoint] = ()
        self._nothing = voice("page.nothing_kept")
        try:
            points = await visit.house.history(step, midnight(first, voice.time_zone), midnight(end, voice.time_zone))
        except EmsError as err:
            self._nothing = visit.problem(err.code, str(err))
        self._title.set_text(voice.day(first) if self._span is Span.DAY else voice.month(first))
        put(self._forth_button, "disabled", True if end > self._today() else None)
        self._tiles.draw(summed(points, step, voice.time_zone))
        self._draw(points, step, first, end)

    def _draw(self, points: Sequence[HistoryPoint], step: HistoryStep, first: date, end: date) -> None:
        voice = self._visit.voice
        self._chart.clear()
        with self._chart:
            if not points:
                words(self._nothing, "p", "nothing capital")
                return
            if self._span is Span.DAY:
                zone = voice.time_zone
                options = day_chart(voice, points, midnight(first, zone), midnight(end, zone))
            else:
                options = month_chart(voice, by_day(points, first, end, voice.time_zone), step)
            ui.echart(options, renderer="svg").classes(replace="chart")


class _Tiles:
    """The sums above the chart."""

    def __init__(self, visit: Visit) -> None:
        self._voice = visit.voice
        self._values = {}
        with box("section", "card", aria_label=self._voice("page.sums")), box("div", "tiles"):
            for key, picture in TILES:
                with box("div", "tile"):
                    self._values[key] = words("", "span", "value")
                    with box("span", "label"):
                        icon(picture)
                        words(self._voice(f"page.sum.{key}"))

    def draw(self, sums: Energies) -> None:
        voice = self._voice
        said = {
            "sun": voice.energy(sums.solar_kwh),
            "home": voice.energy(sums.home_kwh),
            "cars": voice.energy(sums.cars_kwh),
            "share": voice.share(sums.solar_share),
            "grid_in": voice.energy(sums.import_kwh),
            "grid_out": voice.energy(sums.export_kwh),
        }
        for key, text in said.items():
            self._values[key].set_text(text)
