"""The card with the book of tags: who may charge."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import partial
from typing import Any
from urllib.parse import quote

from ems.web.bits import Choice, Field, box, button, labelled, put, words
from ems.web.calls import Answer, call, problem_of
from ems.web.visit import Visit


class TagsCard:
    """The same for all stations; each can keep a list of its own of them."""

    def __init__(self, visit: Visit, station_id: str) -> None:
        self._visit = visit
        self._station_id = station_id
        self._only_known = False
        voice = visit.voice
        with box("section", "card stack", aria_label=voice("page.tags")):
            words(voice("page.tags"), "h2", "card-title")
            with box("div", "row spread"):
                words(voice("page.only_known"), "span", "grow")
                label = voice("page.only_known")
                self._switch = button("", self._turn, "switch", role="switch", aria_label=label)
            words(voice("page.only_known_says"), "p", "soft small")
            self._rows = box("div", "stack stack-close")
            with box("div", "dialog-end"):
                if station_id:
                    button(voice("page.send_list"), self._send, "button button-quiet")
                button(voice("page.add"), partial(self._ask, None))
        visit.when_there(self._load)

    async def _load(self) -> None:
        self._show(await call(self._visit, "GET", "tags"))

    def _show(self, answer: Answer) -> None:
        visit, voice = self._visit, self._visit.voice
        self._rows.clear()
        with self._rows:
            if not answer.fine:
                words(problem_of(visit, answer), "p", "soft")
                return
            self._only_known = answer.body["only_known"]
            put(self._switch, "aria-checked", "true" if self._only_known else "false")
            if not answer.body["tags"]:
                words(voice("page.no_tags"), "p", "soft")
            for tag in answer.body["tags"]:
                self._row(tag)

    def _row(self, tag: dict[str, Any]) -> None:
        voice = self._visit.voice
        with box("div", "row spread"):
            with box("div", "grow"):
                words(tag["name"] or tag["tag"], "div")
                words(" · ".join(self._about(tag)), "div", "soft small")
            if tag["blocked"]:
                words(voice("page.blocked"), "span", "chip tone-bad")
            elif tag["expires"] and datetime.fromisoformat(tag["expires"]) <= self._visit.now():
                words(voice("page.expired"), "span", "chip tone-sun")
            label = f"{voice('page.change')}: {tag['name'] or tag['tag']}"
            button(voice("page.change"), partial(self._ask, tag), "button", aria_label=label)
            remove = voice("page.remove_title", what=tag["name"] or tag["tag"])
            button("", partial(self._remove, tag), "icon-button", "close", aria_label=remove)

    def _about(self, tag: dict[str, Any]) -> list[str]:
        voice = self._visit.voice
        about = [tag["tag"]]
        if tag["group"]:
            about.append(voice("page.in_group", group=tag["group"]))
        if tag["expires"]:
            about.append(voice("page.until", day=voice.day(datetime.fromisoformat(tag["expires"]).date())))
        if tag["one_at_a_time"]:
            about.append(voice("page.one_at_a_time"))
        return about

    async def _turn(self) -> None:
        answer = await call(self._visit, "PUT", "tags", {"only_known": not self._only_known})
        self._show(answer)

    async def _remove(self, tag: dict[str, Any]) -> None:
        self._show(await call(self._visit, "DELETE", f"tags/{quote(tag['tag'], safe='')}"))

    async def _send(self) -> None:
        answer = await call(self._visit, "POST", f"stations/{quote(self._station_id)}/tag_list")
        done = answer.fine and bool(answer.body["done"])
        if done:
            said = self._visit.voice("page.list_sent")
        else:
            said = answer.body["answer"] if answer.fine else problem_of(self._visit, answer)
        self._visit.tell(said, bad=not done)

    def _ask(self, tag: dict[str, Any] | None) -> None:
        visit, voice = self._visit, self._visit.voice
        known = tag or {"tag": "", "name": "", "blocked": False, "expires": None, "group": None, "one_at_a_time": False}
        last = known["expires"][:10] if known["expires"] else ""

        async def write() -> None:
            body: dict[str, object] = {
                "tag": known["tag"] or text.value.strip(),
                "name": name.value.strip(),
                "blocked": state.value == "blocked",
                "expires": _end_of(day.value),
                "group": group.value.strip() or None,
                "one_at_a_time": several.value == "one",
            }
            answer = await call(visit, "POST", "tags", body)
            if not answer.fine:
                problem.set_text(problem_of(visit, answer))
                return
            shown.close()
            self._show(answer)

        with visit.dialog(voice("page.tag_title")) as shown:
            with box("div", "fields"):
                text = labelled(voice("page.tag"), lambda: Field(known["tag"], maxlength=20, autocomplete="off"))
                put(text, "disabled", True if tag else None)
                name = labelled(voice("page.name"), lambda: Field(known["name"], maxlength=48, autocomplete="off"))
                states = {"open": voice("page.may_charge"), "blocked": voice("page.blocked")}
                state = labelled(
                    voice("page.tag_state"), lambda: Choice(states, "blocked" if known["blocked"] else "open")
                )
                day = labelled(voice("page.last_day"), lambda: Field(last, "date"))
                group = labelled(voice("page.group"), lambda: Field(known["group"] or "", maxlength=20))
                ways = {"several": voice("page.several"), "one": voice("page.one_at_a_time")}
                several = labelled(
                    voice("page.how_many"), lambda: Choice(ways, "one" if known["one_at_a_time"] else "several")
                )
            problem = words("", "p", "problem", role="alert")
            with box("div", "dialog-end"):
                visit.closing(shown, voice("page.cancel"))
                button(voice("page.save"), write, "button button-main")


def _end_of(day: str) -> str | None:
    """The end of that day; None for none."""
    try:
        return datetime.combine(date.fromisoformat(day), time(23, 59, 59), UTC).isoformat()
    except ValueError:
        return None
