"""The card of one charger: what it does, why, and what a person may change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from ems.api.wire import Role, SessionState, StationState, StationStatus
from ems.model.goals import ChargeMode
from ems.web.bits import Segments, box, button, dress, icon, measure, put, words
from ems.web.explain import show_explanation
from ems.web.gauge import OLD_S
from ems.web.visit import Visit
from ems.web.voice import connector_words, station_name
from ems.web.wishes import ask_boost, ask_goal, ask_limit

TONES: Final = {
    StationStatus.OFFLINE: "tone-bad",
    StationStatus.FAULT: "tone-bad",
    StationStatus.UNPLUGGED: "",
    StationStatus.WAITING_CAR: "",
    StationStatus.WAITING_SUN: "tone-sun",
    StationStatus.WAITING_FUSE: "tone-sun",
    StationStatus.WAITING: "tone-sun",
    StationStatus.STARTING: "tone-good",
    StationStatus.CHARGING: "tone-good",
    StationStatus.FINISHED: "tone-good",
    StationStatus.OFF: "",
}


class ChargerCard:
    """One card; it is built once and kept up to date."""

    def __init__(self, visit: Visit, station: StationState) -> None:
        self._visit = visit
        self._voice = visit.voice
        self._station = station
        with box("section", "card charger", aria_label=station_name(station.id), data_station=station.id) as self._card:
            self._top(station)
            self._power_row()
            self._modes()
            self._because_row(station)
            self._session = _Session(visit)
            self._wishes = _Wishes(visit, station.id)
            self._actions()

    def _top(self, station: StationState) -> None:
        with box("div", "charger-top"):
            words(station_name(station.id)[0], "div", "letter", aria_hidden="true")
            with box("div", "grow"):
                words(station_name(station.id), "h3", "charger-name")
                self._vehicle = words("", "div", "soft small")
                if station.connector is not None:
                    words(connector_words(self._voice, station.connector), "div", "soft small")
            self._status = words("", "span", "chip")

    def _power_row(self) -> None:
        with box("div", "power-row"):
            with box("div", "power") as self._power_box:
                self._power = words("")
                self._unit = words("", "small")
            with box("div", "small soft"):
                self._limit = words("", "div")
                self._age = words("", "div", "age gone")

    def _modes(self) -> None:
        options = {mode.value: self._voice(f"mode.{mode}") for mode in ChargeMode}
        self._mode = Segments(
            options, None, self._choose, self._voice("page.mode_of", station=station_name(self._station.id))
        )

    def _because_row(self, station: StationState) -> None:
        voice = self._voice
        label = voice("page.why_of", station=station_name(station.id))
        with button("", lambda: show_explanation(self._visit, station.id), "because", aria_label=label) as self._why:
            icon("why")
            self._because = words("", "span", "because-text capital")
            words(voice("page.why"), "span", "because-why", aria_hidden="true")

    def _actions(self) -> None:
        voice = self._voice
        with box("div", "actions"):
            self._buttons = [
                button(voice(f"page.{key}"), self._asking(ask), picture=key, aria_label=self._named(key))
                for key, ask in (("boost", ask_boost), ("limit", ask_limit), ("goal", ask_goal))
            ]

    def _named(self, key: str) -> str:
        return f"{self._voice(f'page.{key}')}: {station_name(self._station.id)}"

    def _asking(self, ask: Callable[[Visit, StationState], None]) -> Callable[[], None]:
        return lambda: ask(self._visit, self._station)

    def _choose(self, value: str) -> None:
        mode, name = ChargeMode(value), self._visit.person.name
        said = self._voice("page.mode_on", station=station_name(self._station.id), mode=self._voice(f"mode.{mode}"))
        if self._visit.act(lambda: self._visit.house.set_mode(self._station.id, mode, who=name), said):
            self._mode.choose(mode)

    def draw(self, station: StationState, age_s: float) -> None:
        """Show it as it is now; the state is `age_s` seconds old."""
        voice = self._voice
        self._station = station
        dress(self._card, f"card charger {'charging' if station.status is StationStatus.CHARGING else ''}".strip())
        self._vehicle.set_text(station.vehicle or "")
        self._status.set_text(voice(f"status.{station.status}"))
        dress(self._status, f"chip {TONES[station.status]}".strip())
        self._draw_power(station, age_s)
        self._mode.choose(station.mode)
        because = self._sentence(station, age_s)
        self._because.set_text(because)
        put(self._why, "aria-label", f"{voice('page.why_of', station=station_name(station.id))} {because}")
        self._session.draw(station.session, self._visit)
        self._wishes.draw(station)
        allowed = self._visit.may(Role.HOMEOWNER)
        self._mode.allow(allowed)
        for each in self._buttons:
            put(each, "disabled", None if allowed else True)

    def _draw_power(self, station: StationState, age_s: float) -> None:
        voice = self._voice
        power, unit = ("–", "") if station.power_w is None else voice.power_parts(station.power_w)
        self._power.set_text(power)
        self._unit.set_text(unit)
        measured_age_s = None if station.measured_age_s is None else station.measured_age_s + age_s
        drawing = station.status is StationStatus.CHARGING
        old = drawing and measured_age_s is not None and measured_age_s > OLD_S * 3
        dress(self._power_box, "power stale" if old or not station.connected else "power")
        self._age.set_text(voice("page.measured_ago", age=voice.lasting(measured_age_s or 0.0)))
        dress(self._age, "age" if old else "age gone")
        if station.limit_a > 0:
            phases = voice("page.phases", phases=station.phases)
            self._limit.set_text(voice("page.may_take", limit=voice.amps(station.limit_a), phases=phases))
        else:
            self._limit.set_text(voice("page.paused"))

    def _sentence(self, station: StationState, age_s: float) -> str:
        """The reason, with its countdown where there is one."""
        left_s = None if station.remaining_s is None else max(station.remaining_s - age_s, 0.0)
        if left_s is None:
            return self._voice.sentence(station.because)
        if "remaining_s" in station.because.numbers:
            return self._voice.sentence(station.because, remaining_s=left_s)
        said = self._voice.sentence(station.because)
        return self._voice("page.countdown", sentence=said, left=self._voice.lasting(left_s))


class _Session:
    """The running session: energy, time, and the sun's part of it."""

    def __init__(self, visit: Visit) -> None:
        voice = visit.voice
        with box("div", "session gone") as self._box:
            with box("div", "session-bar", role="img") as self._bar:
                self._sun = box("div", "session-sun")
            with box("div", "session-facts"):
                self._energy = words("", "b")
                self._share = words("")
                self._cost = words("")
                self._lasted = words("")
        self._voice = voice

    def draw(self, session: SessionState | None, visit: Visit) -> None:
        dress(self._box, "session" if session is not None else "session gone")
        if session is None:
            return
        voice = self._voice
        share = voice("page.sun_share", share=voice.share(session.solar_share))
        self._energy.set_text(voice.energy(session.energy_kwh))
        self._share.set_text(share if session.solar_share is not None else "")
        self._cost.set_text("" if session.cost is None else voice.money(session.cost, session.currency))
        dress(self._cost, "gone" if session.cost is None else "")
        measure(self._sun, part=session.solar_share or 0.0)
        dress(self._bar, "session-bar session-empty" if session.solar_share is None else "session-bar")
        put(self._bar, "aria-label", share)
        lasted_s = 0.0 if session.began is None else (visit.now() - session.began).total_seconds()
        self._lasted.set_text(voice.lasting(lasted_s) if session.began is not None else "")


class _Wishes:
    """What somebody asked for, each with a way to take it back."""

    def __init__(self, visit: Visit, station_id: str) -> None:
        self._visit = visit
        who = visit.person.name
        house = visit.house
        with box("div", "wishes") as self._box:
            self._goal, self._goal_box = self._chip("goal", lambda: house.set_goal(station_id, None, who=who))
            self._limit, self._limit_box = self._chip("limit", lambda: house.set_limit(station_id, None, who=who))
            self._boost, self._boost_box = self._chip("boost", lambda: house.boost(station_id, None, who=who))

    def _chip(self, key: str, end: Callable[[], object]) -> tuple[TextElement, Element]:
        with box("span", "wish gone") as chip:
            said = words("")
            label = self._visit.voice("page.end_wish", wish=self._visit.voice(f"page.{key}"))
            button("", lambda: self._visit.act(end), "", "close", aria_label=label)
        return said, chip

    def draw(self, station: StationState) -> None:
        voice, now = self._visit.voice, self._visit.now()
        goal, limit, until = station.goal, station.temporary_limit, station.boost_until
        dress(self._goal_box, "wish" if goal else "wish gone")
        dress(self._limit_box, "wish" if limit else "wish gone")
        dress(self._boost_box, "wish" if until else "wish gone")
        dress(self._box, "wishes" if goal or limit or until else "wishes gone")
        if goal is not None:
            self._goal.set_text(self._goal_says(station))
        if limit is not None:
            until_text = voice.near(limit.until, now)
            self._limit.set_text(voice("page.limit_chip", limit=voice.amps(limit.limit_a), until=until_text))
        if until is not None:
            self._boost.set_text(voice("page.boost_chip", until=voice.near(until, now)))

    def _goal_says(self, station: StationState) -> str:
        voice, goal = self._visit.voice, station.goal
        if goal is None:
            return ""
        energy = "" if goal.energy_kwh is None else voice.energy(goal.energy_kwh)
        if goal.ready_by is None:
            return voice("page.goal_chip", energy=energy)
        now = self._visit.now()
        by = voice.near(goal.ready_by, now)
        if station.goal_at_risk and station.goal_expected_kwh is not None:
            expected = voice.energy(station.goal_expected_kwh)
            return voice("page.goal_chip_risk", energy=energy, by=by, expected=expected).strip()
        if station.latest_start_at is not None:
            start = voice.near(station.latest_start_at, now)
            return voice("page.goal_chip_start", energy=energy, by=by, start=start).strip()
        return voice("page.goal_chip_by", energy=energy, by=by).strip()
