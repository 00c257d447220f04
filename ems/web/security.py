"""The page *Security*: how safely each station comes, its certificate and password, and what happened at the door."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from nicegui import ui

from ems.model.words import has_words
from ems.web.bits import Choice, Field, box, button, labelled, words
from ems.web.calls import Answer, call, problem_of
from ems.web.push import Draw, follow
from ems.web.visit import Visit
from ems.web.voice import station_name

PATH: Final = "station-security"
MOST_SHOWN: Final = 50
ENDS_SOON: Final = timedelta(days=30)
SAFEST: Final = 3


async def show(visit: Visit, draw_frame: Draw) -> None:
    """Build the page; what it shows is read when it opens and after every deed."""
    with box("div", "stack"):
        words(visit.voice("page.security"), "h1", "page-title")
        words(visit.voice("page.security_says"), "p", "soft")
        _SecurityPage(visit)
    follow(visit, [draw_frame])


class _SecurityPage:
    """The door, a card per station, and what happened."""

    def __init__(self, visit: Visit) -> None:
        self._visit, self._voice = visit, visit.voice
        self._page = ui.context.client.content
        self._door = box("div", "row")
        self._stations = box("div", "settings")
        with box("section", "card stack", aria_label=self._voice("page.happened")):
            with box("div", "row spread"):
                words(self._voice("page.happened"), "h2", "card-title")
                button(self._voice("page.reload"), self.load, "button button-quiet")
            self._happened = box("div", "stack stack-close")
        visit.when_there(self.load)

    async def load(self) -> None:
        """Ask the API and draw."""
        answer = await self._ask("GET")
        for each in (self._door, self._stations, self._happened):
            each.clear()
        if not answer.fine:
            with self._door:
                words(problem_of(self._visit, answer), "p", "notice")
            return
        told = answer.body
        with self._door:
            self._draw_door(told)
        with self._stations:
            for station in told["stations"]:
                self._card(station, told)
        with self._happened:
            self._draw_happened(told["happened"])

    def _draw_door(self, told: dict[str, Any]) -> None:
        voice = self._voice
        if told["tls_port"] is None:
            words(voice("page.door_plain"), "p", "chip tone-sun")
            return
        words(voice("page.door_encrypted", port=str(told["tls_port"])), "p", "chip tone-good")
        if told["door_until"] is not None:
            self._until(told["door_until"], "page.door_until")

    def _card(self, station: dict[str, Any], told: dict[str, Any]) -> None:
        voice, name = self._voice, station_name(station["id"])
        with box("section", "card stack", aria_label=name, data_station=station["id"]):
            words(name, "h2", "card-title")
            with box("div", "row"):
                tone = "tone-good" if station["encrypted"] else ""
                words(
                    voice("page.here_encrypted" if station["encrypted"] else "page.not_encrypted"), "p", f"chip {tone}"
                )
                if station["certificate_until"] is None:
                    words(voice("page.no_certificate"), "p", "chip")
                else:
                    self._until(station["certificate_until"], "page.certificate_until")
                for alarm in station["alarms"]:
                    words(voice(f"notice.{alarm}.station", station=name), "p", "notice notice-mild")
            words(voice(f"page.profile.{station['least_profile']}"), "p", "")
            password = "coming" if station["password_coming"] else "there" if station["has_password"] else "none"
            words(voice(f"page.password.{password}"), "p", "soft small")
            if station["serial"]:
                words(voice("page.certificate_serial", serial=station["serial"]), "p", "soft small code-line")
            with box("div", "row"):
                button(voice("page.new_password"), partial(self._ask_password, station["id"]))
                if told["authority"]:
                    button(voice("page.new_certificate"), partial(self._ask_certificate, station["id"]))
                button(voice("page.change_profile"), partial(self._ask_profile, station, told))
                if station["came_by"]:
                    button(voice("page.forget_profile"), partial(self._forget, station["id"]), "button button-quiet")

    def _until(self, until: str, key: str) -> None:
        ends = datetime.fromisoformat(until)
        soon = ends - self._visit.now() < ENDS_SOON
        day = self._voice.day(self._voice.local(ends).date())
        words(self._voice(key, day=day), "p", "chip tone-bad" if soon else "chip")

    def _draw_happened(self, happened: list[dict[str, Any]]) -> None:
        voice = self._voice
        if not happened:
            words(voice("page.nothing_happened"), "p", "soft small")
        for each in happened[:MOST_SHOWN]:
            keys = (f"log.security_{each['kind']}", f"log.{each['kind']}_began")
            key = next((one for one in keys if has_words(one)), "")
            station = station_name(each["station"]) if each["station"] else "–"
            said = voice(key, station=station, about=each["about"]) if key else each["kind"]
            times = voice("page.times", times=each["times"]) if each["times"] > 1 else ""
            at = voice.near(datetime.fromisoformat(each["last"]), self._visit.now())
            words(" · ".join(part for part in (at, said, times) if part), "p", "small")

    def _ask_password(self, station_id: str) -> None:
        voice, visit = self._voice, self._visit

        async def send() -> None:
            shown.close()
            await self._told(
                await self._ask("POST", f"{quote(station_id)}/password", {"how": "send"}), "page.password_sent"
            )

        async def make() -> None:
            answer = await self._ask("POST", f"{quote(station_id)}/password", {"how": "show"})
            if not answer.fine:
                shown.close()
                await self._told(answer, "")
                return
            inside.clear()
            with inside:
                # Once: nobody can have it told again.
                words(voice("page.password_once"), "p", "soft")
                words(str(answer.body["password"]), "p", "secret")
                with box("div", "dialog-end"):
                    visit.closing(shown)
            await self.load()

        title = voice("page.new_password_title", station=station_name(station_id))
        with visit.dialog(title) as shown, box("div", "stack") as inside:
            words(voice("page.new_password_says"), "p", "soft")
            with box("div", "dialog-end"):
                visit.closing(shown, voice("page.cancel"))
                button(voice("page.password_show"), make)
                button(voice("page.password_send"), send, "button button-main")

    def _ask_certificate(self, station_id: str) -> None:
        voice = self._voice

        async def renew() -> None:
            await self._told(await self._ask("POST", f"{quote(station_id)}/certificate"), "page.certificate_asked")

        title = voice("page.new_certificate_title", station=station_name(station_id))
        self._confirm(title, voice("page.new_certificate_says"), renew, voice("page.new_certificate"))

    def _ask_profile(self, station: dict[str, Any], told: dict[str, Any]) -> None:
        voice, visit = self._voice, self._visit
        port, host = told["tls_port"], visit.request.url.hostname or "localhost"
        name = f"[{host}]" if ":" in host else host
        url = f"wss://{name}:{port}/" if port else ""
        wanted = str(min(max(station["least_profile"], 1) + (1 if port else 0), SAFEST))

        async def change() -> None:
            body: dict[str, object] = {"profile": int(profile.value), "url": address.value.strip()}
            answer = await self._ask("POST", f"{quote(station['id'])}/profile", body)
            if not answer.fine:
                problem.set_text(problem_of(visit, answer))
                return
            shown.close()
            await self._told(answer, "page.profile_told")

        with visit.dialog(voice("page.change_profile_title", station=station_name(station["id"]))) as shown:
            words(voice("page.change_profile_says"), "p", "soft")
            with box("div", "fields"):
                profiles = {str(each): voice(f"page.profile_name.{each}") for each in (1, 2, 3)}
                profile = labelled(voice("page.profile"), lambda: Choice(profiles, wanted))
                address = labelled(voice("page.address"), lambda: Field(url, maxlength=400, autocomplete="off"))
            problem = words("", "p", "problem", role="alert")
            with box("div", "dialog-end"):
                visit.closing(shown, voice("page.cancel"))
                button(voice("page.change"), change, "button button-danger")

    def _forget(self, station_id: str) -> None:
        voice = self._voice

        async def forget() -> None:
            await self._told(await self._ask("DELETE", f"{quote(station_id)}/profile"), "page.profile_forgotten")

        word = voice("page.forget_profile")
        self._confirm(word, voice("page.forget_profile_says"), forget, word)

    def _confirm(self, title: str, says: str, deed: Callable[[], Any], word: str) -> None:
        async def really() -> None:
            shown.close()
            await deed()

        with self._visit.dialog(title) as shown:
            words(says, "p", "soft")
            with box("div", "dialog-end"):
                self._visit.closing(shown, self._voice("page.cancel"))
                button(word, really, "button button-danger")

    async def _ask(self, method: str, path: str = "", body: dict[str, object] | None = None) -> Answer:
        with self._page:
            return await call(self._visit, method, f"{PATH}/{path}".rstrip("/"), body)

    async def _told(self, answer: Answer, key: str) -> None:
        """Say what came of it, and look again."""
        with self._page:
            self._visit.tell(self._voice(key) if answer.fine else problem_of(self._visit, answer), bad=not answer.fine)
        await self.load()
