"""The cards with firmware for stations and with the logs that they brought."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from nicegui.events import GenericEventArguments

from ems.model.words import has_words
from ems.web.bits import Field, box, button, labelled, link, words
from ems.web.calls import call, problem_of
from ems.web.servicing.asking import Station
from ems.web.visit import Visit

UPLOAD_WITHIN_S: Final = 600.0
KINDS: Final = ("DiagnosticsLog", "SecurityLog")


class FirmwareCard:
    """Files, and how far the update is."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._steps_shown: object = None
        voice = station.voice
        with box("section", "card stack", aria_label=voice("page.firmware")):
            words(voice("page.firmware"), "h2", "card-title")
            words(voice("page.firmware_says"), "p", "soft small")
            self._progress = box("div", "stack stack-close")
            self._rows = box("div", "stack stack-close")
            with box("label", "field"):
                words(voice("page.firmware_add"))
                picked = box("input", "input", type="file", aria_label=voice("page.firmware_add"))
            address = json.dumps(f"{station.visit.root}/api/v1/firmware?name=")
            picked.on(
                "change", self._added, js_handler=f"async (event) => emit(await fusewise.upload(event, {address}))"
            )
            self._status = words("", "p", "soft small", role="status")
        station.visit.when_there(self._load)

    def draw(self, service: dict[str, Any]) -> None:
        """Show the update."""
        update = service["update"]
        if update == self._steps_shown:
            return
        self._steps_shown = update
        self._progress.clear()
        if update is None:
            return
        voice, visit = self._station.voice, self._station.visit
        with self._progress:
            tone = "tone-bad" if update["failed"] else "tone-good" if update["ended"] else "tone-sun"
            with box("div", "row"):
                words(_named(visit, "firmware_state", update["state"]), "p", f"chip {tone}", data_state=update["state"])
            if update["from_before"] and not update["ended"]:
                words(voice("page.from_before"), "p", "soft small")
            if service["installing"]:
                words(voice("page.installing_says"), "p", "soft small")
            said = [
                f"{voice.near(datetime.fromisoformat(step['at']), visit.now())} "
                f"{_named(visit, 'firmware_state', step['state'])}"
                for step in update["steps"]
            ]
            words(" · ".join(said[-6:]), "p", "soft small")

    async def _added(self, event: GenericEventArguments) -> None:
        answer: Any = event.args
        visit = self._station.visit
        fine = isinstance(answer, dict) and answer.get("status") == 201
        body = answer.get("body") if isinstance(answer, dict) else None
        code = str(body.get("code", "")) if isinstance(body, dict) else "no_answer"
        self._status.set_text("" if fine else visit.problem(code))
        await self._load()

    async def _load(self) -> None:
        visit, voice = self._station.visit, self._station.voice
        answer = await call(visit, "GET", "firmware")
        self._rows.clear()
        with self._rows:
            if not answer.fine:
                words(problem_of(visit, answer), "p", "soft")
                return
            for file in answer.body:
                with box("div", "row spread"):
                    signed = voice("page.signed" if file["signed"] else "page.not_signed")
                    _file_words(visit, file, (signed,))
                    button(voice("page.install"), partial(self._install, file))
                    button(voice("page.give_signature"), partial(self._sign, file), "button button-quiet")
                    _remove_button(visit, f"firmware/{file['id']}", file["name"], self._load)

    def _install(self, file: dict[str, Any]) -> None:
        station, voice = self._station, self._station.voice
        station.confirm(
            voice("page.install_title", file=file["name"]),
            voice("page.install_says"),
            lambda: station.command("POST", "firmware", {"file": file["id"]}),
            voice("page.install"),
        )

    def _sign(self, file: dict[str, Any]) -> None:
        visit, voice = self._station.visit, self._station.voice

        async def give() -> None:
            body: dict[str, object] = {"certificate": certificate.value, "signature": signature.value}
            answer = await call(visit, "PUT", f"firmware/{file['id']}/signature", body)
            if not answer.fine:
                problem.set_text(problem_of(visit, answer))
                return
            shown.close()
            await self._load()

        with visit.dialog(voice("page.give_signature_title", file=file["name"])) as shown:
            words(voice("page.give_signature_says"), "p", "soft")
            with box("div", "fields"):
                certificate = labelled(voice("page.certificate"), lambda: LongField(5500))
                signature = labelled(voice("page.signature"), lambda: LongField(800))
            problem = words("", "p", "problem", role="alert")
            with box("div", "dialog-end"):
                visit.closing(shown, voice("page.cancel"))
                button(voice("page.give_signature"), give, "button button-main")


class LogsCard:
    """Logs that the station is asked for, and those that came."""

    def __init__(self, station: Station) -> None:
        self._station = station
        voice = station.voice
        with box("section", "card stack", aria_label=voice("page.station_logs")):
            words(voice("page.station_logs"), "h2", "card-title")
            words(voice("page.station_logs_says"), "p", "soft small")
            with box("div", "row"):
                for kind in KINDS:
                    button(voice(f"page.ask_log.{kind}"), partial(self._ask, kind))
                button(voice("page.reload"), self._load, "button button-quiet")
            self._rows = box("div", "stack stack-close")
        station.visit.when_there(self._load)

    async def _ask(self, kind: str) -> None:
        await self._station.command("POST", "log", {"kind": kind})

    async def _load(self) -> None:
        visit, voice = self._station.visit, self._station.voice
        answer = await call(visit, "GET", "station_logs")
        self._rows.clear()
        with self._rows:
            if not answer.fine:
                words(problem_of(visit, answer), "p", "soft")
                return
            ours = [file for file in answer.body if file["station"] == self._station.id]
            if not ours:
                words(voice("page.no_logs"), "p", "soft")
            for file in ours:
                with box("div", "row spread"):
                    _file_words(visit, file, (_named(visit, "log_kind_name", file["kind"]),))
                    link(voice("page.fetch"), f"{visit.root}/api/v1/station_logs/{file['id']}", "button", "file")
                    _remove_button(visit, f"station_logs/{file['id']}", file["name"], self._load)


class LongField(Field):
    """A field for text that is longer than a line of typing."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        super().__init__("", "text", maxlength=longest, autocomplete="off")

    def _typed(self, event: GenericEventArguments) -> object:
        self.value = str(event.args)[: self._longest]
        return None


def _file_words(visit: Visit, file: dict[str, Any], more: Sequence[str]) -> None:
    at = visit.voice.near(datetime.fromisoformat(file["at"]), visit.now())
    with box("div", "grow"):
        words(file["name"], "div")
        words(" · ".join((f"{file['size_b'] / 1e6:.1f} MB", at, *more)), "div", "soft small")
        words(f"SHA-256 {file['sha256'][:16]}…", "div", "soft small")


def _remove_button(visit: Visit, path: str, name: str, load: Callable[[], Awaitable[None]]) -> None:
    async def really() -> None:
        answer = await call(visit, "DELETE", path)
        if not answer.fine:
            visit.tell(problem_of(visit, answer), bad=True)
        await load()

    label = visit.voice("page.remove_title", what=name)
    button("", really, "icon-button", "close", aria_label=label)


def _named(visit: Visit, family: str, word: str) -> str:
    key = f"{family}.{word}"
    return visit.voice(key) if has_words(key) else word
