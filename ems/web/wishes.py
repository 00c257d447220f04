"""The dialogs of one charger: a goal for this stay, a temporary limit, a boost."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Final

from nicegui import ui
from nicegui.element import Element

from ems.api.wire import BoostWish, GoalWish, LimitWish, StationState
from ems.web.bits import Choice, Field, box, button, labelled, words
from ems.web.visit import Visit
from ems.web.voice import station_name

DURATIONS_S: Final = (1800, 3600, 7200, 14_400)
MOST_KWH: Final = 500.0


def ask_boost(visit: Visit, station: StationState) -> None:
    """For how long as fast as the fuses allow."""
    voice = visit.voice

    def wish(seconds: int) -> None:
        until = voice("page.boost_on", duration=voice.lasting(seconds))
        if visit.act(
            lambda: visit.house.boost(station.id, BoostWish(duration_s=seconds), who=visit.person.name), until
        ):
            shown.close()

    with visit.dialog(voice("page.boost_title", station=station_name(station.id))) as shown:
        words(voice("page.boost_says"), "p", "soft")
        with box("div", "choices"):
            for seconds in DURATIONS_S:
                button(voice.lasting(seconds), partial(wish, seconds))
        _end(visit, shown)


def ask_limit(visit: Visit, station: StationState) -> None:
    """A lower current for a while."""
    voice = visit.voice
    most_a = int(station.max_a)
    least_a = int(station.min_a)
    options = {"0": voice("page.pause")} | {str(amps): voice.amps(amps, 0) for amps in range(least_a, most_a + 1)}
    durations = {str(seconds): voice.lasting(seconds) for seconds in DURATIONS_S}

    def wish() -> None:
        body = LimitWish(limit_a=float(limit.value), duration_s=float(duration.value))
        if visit.act(lambda: visit.house.set_limit(station.id, body, who=visit.person.name), voice("page.limit_on")):
            shown.close()

    with visit.dialog(voice("page.limit_title", station=station_name(station.id))) as shown:
        words(voice("page.limit_says"), "p", "soft")
        with box("div", "fields"):
            limit = labelled(voice("page.limit_most"), lambda: Choice(options, str(least_a)))
            duration = labelled(voice("page.limit_for"), lambda: Choice(durations, str(DURATIONS_S[1])))
        _end(visit, shown, button(voice("page.set"), wish, "button button-main"))


def ask_goal(visit: Visit, station: StationState) -> None:
    """How much energy, and by when."""
    voice = visit.voice
    goal = station.goal
    energy_kwh = "" if goal is None or goal.energy_kwh is None else f"{goal.energy_kwh:g}"
    by = "" if goal is None or goal.ready_by is None else f"{voice.local(goal.ready_by):%Y-%m-%dT%H:%M}"

    def wish() -> None:
        body = read_goal(visit, energy.value, ready_by.value)
        if body is None:
            problem.set_text(voice("page.goal_problem", most=f"{MOST_KWH:.0f}"))
        elif visit.act(lambda: visit.house.set_goal(station.id, body, who=visit.person.name), voice("page.goal_on")):
            shown.close()

    with visit.dialog(voice("page.goal_title", station=station_name(station.id))) as shown:
        words(voice("page.goal_says"), "p", "soft")
        with box("div", "fields"):
            energy = labelled(voice("page.goal_energy"), lambda: Field(energy_kwh, "text", inputmode="decimal"))
            ready_by = labelled(voice("page.goal_by"), lambda: Field(by, "datetime-local"))
        problem = words("", "p", "problem", role="alert")
        _end(visit, shown, button(voice("page.set"), wish, "button button-main"))


def read_goal(visit: Visit, energy: str, ready_by: str) -> GoalWish | None:
    """What was typed, as a wish; None where it is none."""
    try:
        energy_kwh = float(energy.replace(",", ".")) if energy.strip() else None
        by = datetime.fromisoformat(ready_by).replace(tzinfo=visit.voice.time_zone) if ready_by.strip() else None
    except ValueError:
        return None
    if energy_kwh is None and by is None:
        return None
    if energy_kwh is not None and not 0 < energy_kwh <= MOST_KWH:
        return None
    if by is not None and by <= visit.now():
        return None
    return GoalWish(energy_kwh=energy_kwh, ready_by=by)


def _end(visit: Visit, shown: ui.dialog, main: Element | None = None) -> None:
    with box("div", "dialog-end") as end:
        visit.closing(shown, visit.voice("page.cancel"))
    if main is not None:
        main.move(end)
