"""The card with what a station can be told at once, and what it stands at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final

from ems.web.bits import Choice, Field, box, button, dress, labelled, words
from ems.web.servicing.asking import Station
from ems.web.voice import connector_words, of_all_words, station_name

HOURS: Final = (1, 2, 4, 8, 24)


class OperationCard:
    """Start, stop, unlock, restart, out of operation, reserve."""

    def __init__(self, station: Station) -> None:
        self._station = station
        voice = station.voice
        with box("section", "card stack", aria_label=voice("page.operation")):
            words(station_name(station.id), "h2", "card-title")
            if station.connector is not None:
                words(connector_words(voice, station.connector), "p", "soft")
                words(of_all_words(voice, station.connector), "p", "soft")
            self._facts = box("div", "row")
            with box("div", "row"):
                button(voice("page.start"), self._posting("start", {}))
                button(voice("page.stop"), self._posting("stop"))
                button(voice("page.unlock_cable"), self._posting("unlock"))
                button(voice("page.restart"), self._restart)
            with box("div", "row"):
                self._out = button(voice("page.out"), lambda: self._operate(operative=False))
                self._back = button(voice("page.back"), lambda: self._operate(operative=True))
                button(voice("page.reserve_for"), self._reserve)
                self._free = button(voice("page.end_reservation"), self._end_reservation, "button gone")

    def draw(self, service: dict[str, Any]) -> None:
        """Show what the service stands at."""
        self._facts.clear()
        with self._facts:
            for text, tone in self._lines(service):
                words(text, "p", f"chip {tone}".strip())
        dress(self._free, "button" if service["reservation"] else "button gone")
        dress(self._out, "button gone" if service["operative"] is False else "button")
        dress(self._back, "button" if service["operative"] is False else "button gone")

    def _lines(self, service: dict[str, Any]) -> list[tuple[str, str]]:
        voice, visit = self._station.voice, self._station.visit
        lines = []
        if service["operative"] is False:
            lines.append((voice("page.out_waits" if service["change_waits"] else "page.is_out"), "tone-sun"))
        if service["reservation"]:
            until = voice.near(datetime.fromisoformat(service["reservation"]["until"]), visit.now())
            lines.append((voice("page.is_kept", tag=service["reservation"]["tag"], until=until), "tone-sun"))
        if service["start"] and service["start"]["state"] != "started":
            state = service["start"]["state"]
            lines.append((voice(f"page.start.{state}"), "" if state == "waiting" else "tone-bad"))
        if service["reboot_needed"]:
            lines.append((voice("page.reboot_needed", keys=", ".join(service["reboot_needed"][:5])), "tone-sun"))
        return lines or [(voice("page.nothing_open"), "")]

    def _posting(self, path: str, body: dict[str, object] | None = None) -> Callable[[], Awaitable[object]]:
        return lambda: self._station.command("POST", path, body)

    def _restart(self) -> None:
        station, voice = self._station, self._station.voice
        title = voice("page.restart_title", station=station_name(station.id))
        says = voice("page.restart_says")
        if station.connector is not None:
            says = f"{says} {of_all_words(voice, station.connector)}"
        station.confirm(title, says, self._posting("restart", {}), voice("page.restart"))

    async def _operate(self, *, operative: bool) -> None:
        await self._station.command("PUT", "availability", {"operative": operative})

    def _reserve(self) -> None:
        station, voice, visit = self._station, self._station.voice, self._station.visit

        async def keep() -> None:
            until = (visit.now() + timedelta(hours=int(hours.value))).isoformat()
            shown.close()
            await station.command("PUT", "reservation", {"tag": tag.value.strip(), "until": until})

        with visit.dialog(voice("page.reserve_title", station=station_name(station.id))) as shown:
            with box("div", "fields"):
                tag = labelled(voice("page.tag"), lambda: Field("", maxlength=20, autocomplete="off"))
                choices = {str(each): voice.lasting(each * 3600.0) for each in HOURS}
                hours = labelled(voice("page.how_long"), lambda: Choice(choices, "1"))
            with box("div", "dialog-end"):
                visit.closing(shown, voice("page.cancel"))
                button(voice("page.reserve_for"), keep, "button button-main")

    async def _end_reservation(self) -> None:
        await self._station.command("DELETE", "reservation")
