"""The page *Sessions*: every stay of a car on the cable, to filter and to take along."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from ems.api.wire import SessionRecord
from ems.errors import EmsError
from ems.web.bits import Choice, box, button, cell, labelled, link, put, table_head, words
from ems.web.push import Draw, follow
from ems.web.spans import midnight
from ems.web.visit import Visit
from ems.web.voice import station_name

SHOWN: Final = 30
"""Rows at first, and with every press for more."""

MOST: Final = 1000
PERIODS: Final = ("days_30", "month", "year", "all")


async def show(visit: Visit, draw_frame: Draw) -> None:
    """Build the page with the last thirty days."""
    page = _Sessions(visit)
    await page.load()
    follow(visit, [draw_frame])


class _Sessions:
    """Filter, sums and table."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._found: Sequence[SessionRecord] = ()
        self._rows = SHOWN
        with box("div", "stack"):
            self._head()
            with box("section", "card", aria_label=visit.voice("page.sessions")):
                self._sums = words("", "p", "soft", role="status")
                self._table = box("div")

    def _head(self) -> None:
        voice = self._visit.voice
        with box("div", "row spread"):
            words(voice("page.sessions"), "h1", "page-title")
            with box("div", "row"):
                self._csv = link("CSV", "", "button", "file", download="", aria_label=voice("page.export", kind="CSV"))
                self._xlsx = link(
                    "XLSX", "", "button", "file", download="", aria_label=voice("page.export", kind="XLSX")
                )
        stations = {"": voice("page.all_stations")}
        stations |= {station.id: station_name(station.id) for station in self._visit.house.state().stations}
        periods = {period: voice(f"page.period.{period}") for period in PERIODS}
        with box("div", "fields"):
            self._station = labelled(voice("page.station"), lambda: Choice(stations, "").on_chosen(self.load))
            self._period = labelled(voice("page.period"), lambda: Choice(periods, PERIODS[0]).on_chosen(self.load))

    async def load(self) -> None:
        """Read what the filter asks for, and draw it."""
        if self._visit.is_over():
            return
        visit, station = self._visit, self._station.value or None
        since = self._since()
        nothing = visit.voice("page.no_sessions")
        try:
            self._found = await visit.house.sessions(since=since, until=None, station_id=station, limit=MOST)
        except EmsError as err:
            self._found, nothing = (), visit.problem(err.code, str(err))
        self._rows = SHOWN
        self._exports(since, station)
        self._draw(nothing)

    def _since(self) -> datetime | None:
        voice = self._visit.voice
        today = voice.local(self._visit.now()).date()
        first = {
            "days_30": today - timedelta(days=30),
            "month": today.replace(day=1),
            "year": today.replace(month=1, day=1),
        }.get(self._period.value)
        return None if first is None else midnight(first, voice.time_zone)

    def _exports(self, since: datetime | None, station: str | None) -> None:
        asked = {"since": None if since is None else since.isoformat(), "station": station}
        query = urlencode({key: value for key, value in asked.items() if value is not None})
        for anchor, kind in ((self._csv, "csv"), (self._xlsx, "xlsx")):
            put(anchor, "href", f"{self._visit.root}/api/v1/sessions.{kind}{query and '?'}{query}")

    def _draw(self, nothing: str = "") -> None:
        voice = self._visit.voice
        energy_kwh = sum(each.energy_kwh for each in self._found)
        solar_kwh = sum(each.solar_kwh for each in self._found)
        share = voice.share(solar_kwh / energy_kwh if energy_kwh > 0 else None)
        count = len(self._found)
        self._sums.set_text(voice("page.session_sums", count=count, energy=voice.energy(energy_kwh), share=share))
        self._table.clear()
        with self._table:
            if not self._found:
                words(nothing, "p", "nothing capital")
                return
            _table(self._visit, self._found[: self._rows])
            if len(self._found) > self._rows:
                button(voice("page.more"), self._more)

    def _more(self) -> None:
        self._rows += SHOWN
        self._draw()


def _table(visit: Visit, sessions: Sequence[SessionRecord]) -> None:
    voice = visit.voice
    columns = ("began", "station", "vehicle", "lasted", "energy", "sun", "cost")
    titles = {key: voice(f"page.column.{key}") for key in columns}
    numbers = {"lasted", "energy", "sun", "cost"}
    with box("table", "table"):
        table_head((titles[key], "number" if key in numbers else "") for key in columns)
        with box("tbody"):
            for session in sessions:
                _row(visit, session, titles)


def _row(visit: Visit, session: SessionRecord, titles: dict[str, str]) -> None:
    voice = visit.voice
    ended = session.ended or visit.now()
    lasted = voice.lasting((ended - session.began).total_seconds())
    with box("tr"):
        cell(voice.moment(session.began), titles["began"], "wide")
        cell(station_name(session.station), titles["station"])
        cell(session.vehicle or "–", titles["vehicle"])
        cell(lasted if session.ended else voice("page.still", lasted=lasted), titles["lasted"], "number")
        cell(voice.energy(session.energy_kwh), titles["energy"], "number")
        cell(voice.share(session.solar_share), titles["sun"], "number")
        cell(voice.money(session.cost, session.currency), titles["cost"], "number")
