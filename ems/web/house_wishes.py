"""The cards of what people wish of the whole house: how keen on sun it is, and a bound of its import for a while."""

from __future__ import annotations

from datetime import datetime
from math import isfinite
from typing import Final

from ems.api.wire import ImportCapWish, Role, State
from ems.model.site import Keenness
from ems.web.bits import Field, Segments, box, button, dress, labelled, put, words
from ems.web.visit import Visit

MOST_KW: Final = 200.0


class StrategyCard:
    """One press chooses; the state says what is in force."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        voice = visit.voice
        options = {each.value: voice(f"strategy.{each}") for each in Keenness}
        with box("section", "card stack", aria_label=voice("page.strategy")):
            words(voice("page.strategy"), "h2", "card-title")
            self._chosen = Segments(options, None, self._choose, voice("page.strategy"))
            self._says = words("", "p", "soft small")
            self._scope = words("", "p", "soft small")
            with box("div", "dialog-end") as self._end:
                button(voice("page.strategy_own"), self._give_back)

    def _choose(self, value: str) -> None:
        wanted, who = Keenness(value), self._visit.person.name
        self._visit.act(lambda: self._visit.house.set_strategy(wanted, who=who))

    def _give_back(self) -> None:
        who = self._visit.person.name
        self._visit.act(lambda: self._visit.house.set_strategy(None, who=who))

    def draw(self, state: State, _age_s: float) -> None:
        may = self._visit.may(Role.HOMEOWNER) and not state.strategy_fixed
        self._chosen.choose(state.strategy.value)
        self._chosen.allow(may)
        self._says.set_text(self._visit.voice(f"page.strategy.{state.strategy}"))
        self._scope.set_text(
            self._visit.voice("problem.strategy_fixed" if state.strategy_fixed else "page.strategy_says")
        )
        dress(self._end, "dialog-end" if may and state.user_strategy is not None else "dialog-end gone")


class ImportCapCard:
    """What is in force, and a form for another one."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        voice = visit.voice
        with box("section", "card stack", aria_label=voice("page.import_cap")):
            words(voice("page.import_cap"), "h2", "card-title")
            with box("div", "wishes gone") as self._wishes, box("span", "wish"):
                self._now = words("")
                label = voice("page.end_wish", wish=voice("page.import_cap"))
                self._end = button("", self._give_back, "", "close", aria_label=label)
            words(voice("page.import_cap_says"), "p", "soft small")
            with box("div", "fields"):
                self._limit = labelled(voice("page.import_cap_most"), lambda: Field("", inputmode="decimal"))
                self._until = labelled(voice("page.import_cap_until"), lambda: Field("", "datetime-local"))
            self._problem = words("", "p", "problem", role="alert")
            with box("div", "dialog-end"):
                self._set = button(voice("page.set"), self._wish, "button button-main")

    def _wish(self) -> None:
        voice, who = self._visit.voice, self._visit.person.name
        wish = read_cap(self._visit, self._limit.value, self._until.value)
        self._problem.set_text("" if wish is not None else voice("page.import_cap_problem"))
        if wish is not None:
            self._visit.act(lambda: self._visit.house.set_import_cap(wish, who=who), voice("page.import_cap_on"))

    def _give_back(self) -> None:
        who = self._visit.person.name
        self._visit.act(lambda: self._visit.house.set_import_cap(None, who=who))

    def draw(self, state: State, _age_s: float) -> None:
        voice, cap = self._visit.voice, state.import_cap
        if cap is not None:
            until = voice.near(cap.until, self._visit.now())
            self._now.set_text(voice("page.import_cap_chip", limit=voice.power(cap.limit_kw * 1000.0), until=until))
        dress(self._wishes, "wishes gone" if cap is None else "wishes")
        for each in (self._end, self._set):
            put(each, "disabled", None if self._visit.may(Role.HOMEOWNER) else True)


def read_cap(visit: Visit, limit: str, until: str) -> ImportCapWish | None:
    """What was typed, as a wish; None where it is none. Times are the house's."""
    try:
        limit_kw = float(limit.replace(",", "."))
        ends = datetime.fromisoformat(until).replace(tzinfo=visit.voice.time_zone)
    except ValueError:
        return None
    if not isfinite(limit_kw) or not 0 <= limit_kw <= MOST_KW or ends <= visit.now():
        return None
    return ImportCapWish(limit_kw=limit_kw, until=ends)
