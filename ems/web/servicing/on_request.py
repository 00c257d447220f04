"""The cards with what a station of OCPP 2 is asked on request: monitors and events, display and costs, customers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any, Final

from nicegui import background_tasks, ui

from ems.csms.on_request_words import LEAST_SEVERE, LONGEST_SHOWN, ComponentsThat, MonitorBase, MonitorKind
from ems.model.words import has_words
from ems.web.bits import Choice, Field, box, button, labelled, words
from ems.web.calls import problem_of
from ems.web.servicing.asking import Station
from ems.web.voice import Voice

MOST_EVENTS_SHOWN: Final = 12
TEXT_NUMBER: Final = 1
"""Texts from this page all stand at one place of the display."""

Build = Callable[[dict[str, Any]], None]


class OnRequestCards:
    """What the station told is asked again while something is still awaited."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._page = ui.context.client.content
        self._shown: object = None
        self._awaited = False
        self._parts: list[Build] = [_Monitors(station, self).draw, _Display(station, self).draw]
        self._parts.append(_Customer(station, self).draw)
        station.visit.when_there(self.load)

    def follow(self, _service: dict[str, Any]) -> None:
        """Once in a while."""
        if self._awaited:
            background_tasks.create(self.load(), name="on request", context=self._page)

    async def load(self) -> None:
        """Ask what it told, and show it."""
        answer = await self._station.ask("GET", "on_request")
        if not answer.fine or answer.body == self._shown:
            return
        self._shown = answer.body
        reports = [each for key, each in answer.body.items() if key.endswith("_asked")]
        self._awaited = any(each["asked"] and not each["complete"] for each in reports)
        for each in self._parts:
            each(answer.body)

    async def tell(self, method: str, path: str, body: dict[str, object] | None = None) -> bool:
        """Tell the station something, and show what it told."""
        done = await self._station.command(method, path, body)
        await self.load()
        return done

    def telling(self, method: str, path: str, body: dict[str, object] | None = None) -> Callable[[], Awaitable[object]]:
        return lambda: self.tell(method, path, body)


class _Monitors:
    """Monitors, events, and components with a problem."""

    def __init__(self, station: Station, cards: OnRequestCards) -> None:
        self._station, self._cards = station, cards
        voice = station.voice
        with box("section", "card stack", aria_label=voice("page.monitors")):
            words(voice("page.monitors"), "h2", "card-title")
            words(voice("page.monitors_says"), "p", "soft small")
            with box("div", "row"):
                button(voice("page.ask_monitors"), cards.telling("POST", "monitor_report"))
                that: dict[str, object] = {"that": ComponentsThat.PROBLEM.value}
                button(voice("page.ask_problems"), cards.telling("POST", "components_report", that))
                button(voice("page.add_monitor"), self._ask_monitor)
                button(voice("page.monitor_presets"), self._ask_presets, "button button-quiet")
            self._rows = box("div", "stack stack-close")

    def draw(self, told: dict[str, Any]) -> None:
        voice = self._station.voice
        self._rows.clear()
        with self._rows:
            for each in told["monitors"]:
                self._monitor(each)
            if told["components"]:
                words(voice("page.problems"), "h3", "card-title")
            for each in told["components"]:
                words(f"{each['variable']} = {each['value']}", "p", "code-line")
            if told["events"]:
                words(voice("page.events"), "h3", "card-title")
            for each in told["events"][:MOST_EVENTS_SHOWN]:
                words(self._event(each), "p", "small")
            if not (told["monitors"] or told["components"] or told["events"]):
                words(_nothing(voice, told["monitors_asked"]), "p", "soft small")

    def _monitor(self, monitor: dict[str, Any]) -> None:
        voice = self._station.voice
        with box("div", "row spread", data_monitor=monitor["number"]):
            with box("div", "grow"):
                words(monitor["variable"], "div", "tight")
                value = "–" if monitor["value"] is None else f"{monitor['value']:g}"
                kind = _named(voice, "monitor_kind", monitor["kind"], value=value)
                words(voice("page.monitor_facts", kind=kind, severity=str(monitor["severity"])), "div", "soft small")
            label = voice("page.remove_title", what=f"{monitor['variable']} {monitor['number']}")
            deed = self._cards.telling("DELETE", f"monitors/{monitor['number']}")
            button("", deed, "icon-button", "close", aria_label=label)

    def _event(self, event: dict[str, Any]) -> str:
        voice = self._station.voice
        at = "" if event["at"] is None else voice.near(datetime.fromisoformat(event["at"]), self._station.visit.now())
        over = voice("page.event_over") if event["cleared"] else ""
        said = f"{event['variable']} = {event['value']}"
        return " · ".join(each for each in (at, said, event["about"], over) if each)

    def _ask_monitor(self) -> None:
        voice, visit = self._station.voice, self._station.visit

        async def add() -> None:
            try:
                amount = float(value.value.replace(",", "."))
            except ValueError:
                problem.set_text(voice("page.check_numbers"))
                return
            body: dict[str, object] = {
                "variable": variable.value.strip(),
                "kind": kind.value,
                "value": amount,
                "severity": int(severity.value),
            }
            answer = await self._station.ask("POST", "monitors", body)
            if not answer.fine or not answer.body["done"]:
                problem.set_text(
                    self._station.said(answer.body["answer"]) if answer.fine else problem_of(visit, answer)
                )
                return
            shown.close()
            await self._cards.load()

        with visit.dialog(voice("page.add_monitor")) as shown:
            words(voice("page.add_monitor_says"), "p", "soft")
            with box("div", "fields"):
                variable = labelled(voice("page.variable"), lambda: Field("", maxlength=120, autocomplete="off"))
                kinds = {each.value: voice(f"monitor_kind.{each}", value="…") for each in MonitorKind}
                kind = labelled(voice("page.monitor_kind"), lambda: Choice(kinds, MonitorKind.ABOVE.value))
                value = labelled(voice("page.value"), lambda: Field("", inputmode="decimal", maxlength=12))
                severity = labelled(voice("page.severity"), lambda: Choice(_severities(), "5"))
            problem = words("", "p", "problem", role="alert")
            with box("div", "dialog-end"):
                visit.closing(shown, voice("page.cancel"))
                button(voice("page.add"), add, "button button-main")

    def _ask_presets(self) -> None:
        voice, visit = self._station.voice, self._station.visit

        async def set_base() -> None:
            shown.close()
            await self._cards.tell("PUT", "monitor_base", {"base": base.value})

        async def set_level() -> None:
            shown.close()
            await self._cards.tell("PUT", "monitor_level", {"severity": int(level.value)})

        with visit.dialog(voice("page.monitor_presets")) as shown:
            words(voice("page.monitor_presets_says"), "p", "soft")
            with box("div", "fields"):
                bases = {each.value: voice(f"monitor_base.{each}") for each in MonitorBase}
                base = labelled(voice("page.monitor_base"), lambda: Choice(bases, MonitorBase.ALL.value))
                level = labelled(voice("page.monitor_level"), lambda: Choice(_severities(), "5"))
            with box("div", "dialog-end"):
                visit.closing(shown, voice("page.cancel"))
                button(voice("page.set_base"), set_base)
                button(voice("page.set_level"), set_level)


class _Display:
    """Texts on its display, and what a session costs."""

    def __init__(self, station: Station, cards: OnRequestCards) -> None:
        self._station, self._cards = station, cards
        voice = station.voice
        with box("section", "card stack", aria_label=voice("page.display")):
            words(voice("page.display"), "h2", "card-title")
            words(voice("page.display_says"), "p", "soft small")
            with box("div", "row"):
                button(voice("page.ask_texts"), cards.telling("POST", "display_report"))
                button(voice("page.show_text"), self._ask_text)
                button(voice("page.tell_cost"), self._ask_cost)
            self._rows = box("div", "stack stack-close")

    def draw(self, told: dict[str, Any]) -> None:
        voice = self._station.voice
        self._rows.clear()
        with self._rows:
            if not told["texts"]:
                words(_nothing(voice, told["texts_asked"]), "p", "soft small")
            for each in told["texts"]:
                with box("div", "row spread"):
                    with box("div", "grow"):
                        words(each["content"], "div")
                        words(voice("page.in_session") if each["in_session"] else "", "div", "soft small")
                    label = voice("page.remove_title", what=each["content"][:30])
                    deed = self._cards.telling("DELETE", f"display/{each['number']}")
                    button("", deed, "icon-button", "close", aria_label=label)

    def _ask_text(self) -> None:
        voice, visit = self._station.voice, self._station.visit

        async def show() -> None:
            body: dict[str, object] = {"content": content.value.strip(), "in_session": how_long.value == "session"}
            if body["content"]:
                shown.close()
                if await self._cards.tell("PUT", f"display/{TEXT_NUMBER}", body):
                    await self._cards.tell("POST", "display_report")

        with visit.dialog(voice("page.show_text")) as shown:
            with box("div", "fields"):
                content = labelled(voice("page.text"), lambda: Field("", maxlength=LONGEST_SHOWN, autocomplete="off"))
                lasts = {"good": voice("page.for_good"), "session": voice("page.in_session")}
                how_long = labelled(voice("page.how_long"), lambda: Choice(lasts, "good"))
            with box("div", "dialog-end"):
                visit.closing(shown, voice("page.cancel"))
                button(voice("page.show_text"), show, "button button-main")

    def _ask_cost(self) -> None:
        voice, visit = self._station.voice, self._station.visit

        async def tell() -> None:
            try:
                amount = float(total.value.replace(",", "."))
            except ValueError:
                problem.set_text(voice("page.check_numbers"))
                return
            shown.close()
            await self._cards.tell("PUT", "cost", {"total": amount})

        with visit.dialog(voice("page.tell_cost")) as shown:
            words(voice("page.tell_cost_says"), "p", "soft")
            with box("div", "fields"):
                total = labelled(voice("page.total"), lambda: Field("", inputmode="decimal", maxlength=10))
            problem = words("", "p", "problem", role="alert")
            with box("div", "dialog-end"):
                visit.closing(shown, voice("page.cancel"))
                button(voice("page.tell_cost"), tell, "button button-main")


class _Customer:
    """What it keeps of the owner of a tag."""

    def __init__(self, station: Station, cards: OnRequestCards) -> None:
        self._station, self._cards = station, cards
        voice = station.voice
        with box("section", "card stack", aria_label=voice("page.customer")):
            words(voice("page.customer"), "h2", "card-title")
            words(voice("page.customer_says"), "p", "soft small")
            self._tag = labelled(voice("page.whose_tag"), lambda: Field("", maxlength=20, autocomplete="off"))
            with box("div", "row"):
                button(voice("page.ask_customer"), partial(self._ask, clear=False))
                button(voice("page.clear_customer"), self._clear, "button button-danger")
            self._rows = box("div", "stack stack-close")

    def draw(self, told: dict[str, Any]) -> None:
        self._rows.clear()
        with self._rows:
            if told["customer"]:
                words(told["customer"], "p", "secret")
            else:
                words(_nothing(self._station.voice, told["customer_asked"]), "p", "soft small")

    async def _ask(self, *, clear: bool) -> None:
        if tag := self._tag.value.strip():
            await self._cards.tell("POST", "customer", {"tag": tag, "report": not clear, "clear": clear})

    def _clear(self) -> None:
        voice = self._station.voice
        word = voice("page.clear_customer")
        self._station.confirm(word, voice("page.clear_customer_says"), partial(self._ask, clear=True), word)


def _nothing(voice: Voice, report: dict[str, Any]) -> str:
    """Why there is nothing to show."""
    if report["asked"] is None:
        return voice("page.not_asked")
    return voice("page.nothing_told") if report["complete"] else voice("page.awaited")


def _named(voice: Voice, family: str, word: str, **numbers: str) -> str:
    key = f"{family}.{word}"
    return voice(key, **numbers) if has_words(key) else word


def _severities() -> dict[str, str]:
    return {str(each): str(each) for each in range(LEAST_SEVERE + 1)}
