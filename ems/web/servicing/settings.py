"""The card with a station's settings, explained, each with a field where it can be changed."""

from __future__ import annotations

from functools import partial
from typing import Any

from ems.api.wire import Sentence
from ems.web.bits import Choice, Field, box, button, dress, labelled, words
from ems.web.calls import problem_of
from ems.web.servicing.asking import Station


class SettingsCard:
    """Settings are read when somebody asks: it takes a station many seconds."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._found: list[dict[str, Any]] = []
        voice = station.voice
        with box("section", "card stack", aria_label=voice("page.station_settings")):
            words(voice("page.station_settings"), "h2", "card-title")
            words(voice("page.station_settings_says"), "p", "soft small")
            with box("div", "row"):
                button(voice("page.read_settings"), partial(self._read, everything=False), "button button-main")
                button(voice("page.read_everything"), self._ask_everything, "button button-quiet")
            self._search = labelled(
                voice("page.search"), lambda: Field("", "search", maxlength=80).on_typed(self._draw)
            )
            self._status = words("", "p", "soft small gone", role="status")
            self._rows = box("div", "stack stack-close")

    def _ask_everything(self) -> None:
        station, voice = self._station, self._station.voice
        station.confirm(
            voice("page.read_everything"),
            voice("page.read_everything_says"),
            partial(self._read, everything=True),
            voice("page.read_everything"),
        )

    async def _read(self, *, everything: bool) -> None:
        voice = self._station.voice
        self._say(voice("page.reading"))
        answer = await self._station.ask("GET", f"configuration?everything={'true' if everything else 'false'}")
        if not answer.fine:
            self._say(problem_of(self._station.visit, answer))
            return
        self._found = answer.body["settings"]
        unknown = answer.body["unknown"]
        self._say(voice("page.settings_found", found=len(self._found), unknown=len(unknown)))
        self._draw()

    def _say(self, text: str) -> None:
        self._status.set_text(text)
        dress(self._status, "soft small")

    def _draw(self) -> None:
        wanted = self._search.value.strip().lower()
        self._rows.clear()
        with self._rows:
            for setting in self._found:
                meaning = self._meaning(setting)
                if wanted in f"{setting['key']} {meaning} {setting['value']}".lower():
                    self._row(setting, meaning)

    def _meaning(self, setting: dict[str, Any]) -> str:
        said = setting["meaning"]
        return "" if said is None else self._station.voice.sentence(Sentence.model_validate(said))

    def _row(self, setting: dict[str, Any], meaning: str) -> None:
        voice = self._station.voice
        value = voice("page.not_shown") if setting["value"] is None else setting["value"]
        unit = f" {setting['unit']}" if setting["unit"] else ""
        with box("div", "row spread", data_key=setting["key"]):
            with box("div", "grow"):
                words(setting["key"], "div", "tight")
                words(meaning, "div", "soft small")
                words(f"{value}{unit}", "div", "code-line")
            if setting["danger"]:
                words(
                    voice(f"page.danger.{'kept' if setting['danger'] == 'kept' else 'some'}"), "span", "chip tone-sun"
                )
            if not setting["readonly"]:
                label = f"{voice('page.change')}: {setting['key']}"
                button(voice("page.change"), partial(self._ask, setting, meaning), "button", aria_label=label)

    def _ask(self, setting: dict[str, Any], meaning: str) -> None:
        station, voice, visit = self._station, self._station.voice, self._station.visit
        value = setting["value"] or ""

        async def change() -> None:
            body = {"key": setting["key"], "value": field.value.strip(), "sure": setting["danger"] is not None}
            answer = await station.ask("PUT", "configuration", body)
            if not answer.fine or not answer.body["done"]:
                said = station.said(answer.body["answer"]) if answer.fine else problem_of(visit, answer)
                problem.set_text(said)
                return
            shown.close()
            visit.tell(station.said(answer.body["answer"]))
            setting["value"] = field.value.strip()
            self._draw()
            await station.look()

        with visit.dialog(setting["key"]) as shown:
            words(meaning, "p", "soft")
            if setting["danger"]:
                words(voice(f"setting_danger.{setting['danger']}"), "p", "problem")
            with box("div", "fields"):
                field = labelled(voice("page.value"), lambda: self._field(setting["kind"], value))
            problem = words("", "p", "problem", role="alert")
            with box("div", "dialog-end"):
                visit.closing(shown, voice("page.cancel"))
                classes = "button button-danger" if setting["danger"] else "button button-main"
                button(voice("page.change"), change, classes)

    def _field(self, kind: str, value: str) -> Field | Choice:
        if kind == "truth" and value.lower() in {"true", "false"}:
            voice = self._station.voice
            return Choice({"true": voice("page.yes"), "false": voice("page.no")}, value.lower())
        return Field(value, "number" if kind == "whole" else "text", maxlength=500, autocomplete="off")
