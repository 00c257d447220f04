"""The page *Settings*: what a person may choose, inside the installer's limits; people and clients."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Final

from pydantic import ValidationError

from ems.api.wire import MinimumWish, PhasesWish, Role, SettingsWish, State, StationState
from ems.model.words import Language
from ems.web.bits import Choice, Field, box, button, labelled, put, words
from ems.web.devices import DevicesCard
from ems.web.house_wishes import ImportCapCard, StrategyCard
from ems.web.people import account_card, clients_card, users_card
from ems.web.push import Draw, follow
from ems.web.visit import LOOKS, Visit
from ems.web.voice import Voice, station_name

LONGEST_VEHICLE: Final = 48
LEAST_A: Final = 6
NAMED_PRIORITIES: Final = 4
"""There are ten; more names than these nobody tells apart."""


async def show(visit: Visit, draw_frame: Draw) -> None:
    """Build the cards that this person may use."""
    with box("div", "stack"):
        words(visit.voice("page.settings"), "h1", "page-title")
        with box("div", "settings"):
            _browser_card(visit)
            optimising, strategy = _Optimising(visit), StrategyCard(visit)
            import_cap = ImportCapCard(visit)
            if visit.may(Role.HOMEOWNER):
                vehicles = await visit.house.vehicles()
                for station in visit.house.state().stations:
                    _station_card(visit, station, vehicles)
            account_card(visit)
            if visit.may(Role.HOMEOWNER):
                users_card(visit)
                clients_card(visit)
            devices = DevicesCard(visit)
    follow(visit, [draw_frame, optimising.draw, strategy.draw, import_cap.draw, devices.draw])


def _browser_card(visit: Visit) -> None:
    """Language and look, of this browser alone."""
    voice = visit.voice
    with box("section", "card stack", aria_label=voice("page.this_browser")):
        words(voice("page.this_browser"), "h2", "card-title")
        with box("div", "field"):
            words(voice("page.language"))
            languages = {language.value: voice(f"language.{language}") for language in Language}
            _remembered("language", languages, voice.language, voice("page.language"))
        with box("div", "field"):
            words(voice("page.look"))
            looks = {look: voice(f"page.look.{look}") for look in LOOKS}
            _remembered("look", looks, visit.look, voice("page.look"))


def _remembered(name: str, options: dict[str, str], value: str, label: str) -> None:
    """A choice that a cookie keeps; the page comes anew with it."""
    with box("div", "segments", role="group", aria_label=label):
        for key, text in options.items():
            pressed = "true" if key == value else "false"
            each = words(text, "button", "", type="button", aria_pressed=pressed, data_value=key)
            each.on("click", js_handler=f"() => fusewise.remember('{name}', '{key}')")


class _Optimising:
    """The switch of the whole optimisation."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        voice = visit.voice
        with box("section", "card stack", aria_label=voice("page.optimisation")):
            with box("div", "row spread"):
                words(voice("page.optimisation"), "h2", "card-title").style("margin: 0")
                label = voice("page.optimisation")
                self._switch = button("", self._turn, "switch", role="switch", aria_label=label)
            words(voice("page.optimisation_says"), "p", "soft small")
        self._on = True

    def _turn(self) -> None:
        wanted, who = not self._on, self._visit.person.name
        self._visit.act(lambda: self._visit.house.set_optimising(optimising=wanted, who=who))

    def draw(self, state: State, _age_s: float) -> None:
        self._on = state.optimising
        put(self._switch, "aria-checked", "true" if state.optimising else "false")
        put(self._switch, "disabled", None if self._visit.may(Role.HOMEOWNER) else True)


def bounds_of(voice: Voice, station: StationState) -> dict[str, str]:
    """Whole amperes to choose from, and the bound that is there, whatever it is."""
    amps = {float(amps) for amps in range(max(int(station.min_a), LEAST_A), ceil(station.max_a))}
    if station.user_max_a is not None:
        amps.add(station.user_max_a)
    none = {"": voice("page.no_bound", most=voice.amps(station.max_a, 0))}
    return none | {key_of(each): voice.amps(each, 0 if each.is_integer() else 1) for each in sorted(amps)}


def minimums_of(voice: Voice, station: StationState) -> dict[str, str]:
    """Whole amperes above the station's minimum, and the bound that is there."""
    amps = {float(amps) for amps in range(int(station.min_a) + 1, int(station.max_a) + 1)}
    if station.user_min_a is not None:
        amps.add(station.user_min_a)
    own = {"": voice("page.own_minimum", least=voice.amps(station.min_a, 0))}
    return own | {key_of(each): voice.amps(each, 0 if each.is_integer() else 1) for each in sorted(amps)}


def phases_of(voice: Voice, station: StationState) -> dict[str, str]:
    """One choice alone where the station cannot change them."""
    auto = {"": voice("page.phases_auto")}
    if not station.can_switch_phases or len(station.wired) < 3:
        return {"": voice("page.phases", phases=len(station.wired))}
    return auto | {str(phases): voice("page.phases", phases=phases) for phases in (1, 3)}


def key_of(amps: float) -> str:
    """A bound as the list of choices knows it; to the last digit, so that saving changes nothing."""
    return f"{amps:.0f}" if amps.is_integer() else str(amps)


def priorities_of(voice: Voice, station: StationState) -> dict[str, str]:
    """The named ones, and the one that is there, which the site file or a program may have chosen."""
    named = {str(place): voice(f"page.priority.{place}") for place in range(NAMED_PRIORITIES)}
    return named | {
        str(place): voice("page.priority.other", place=place) for place in [station.priority] if str(place) not in named
    }


def usual_vehicle(station: StationState) -> str:
    """The car that the field of the settings shows: a guest of this stay is none of them."""
    return (station.user_vehicle if station.guest else station.vehicle) or ""


def _station_card(visit: Visit, station: StationState, vehicles: Sequence[str]) -> None:
    """A person's own bounds of one charger."""
    voice = visit.voice
    chosen = "" if station.user_max_a is None else key_of(station.user_max_a)
    bounds, priorities = bounds_of(voice, station), priorities_of(voice, station)

    def save() -> None:
        try:
            wish = SettingsWish(
                max_a=float(bound.value) if bound.value else None,
                priority=int(priority.value),
                vehicle=vehicle.value.strip() or None,
            )
        except ValidationError:
            visit.tell(voice("page.vehicle_problem", most=LONGEST_VEHICLE), bad=True)
            return
        who, house = visit.person.name, visit.house
        least_a = float(least.value) if least.value else None
        wanted = PhasesWish.model_validate({"phases": int(phases.value) if phases.value else None})

        def keep() -> None:
            house.set_settings(station.id, wish, who=who)
            if least_a != station_now().user_min_a:
                house.set_minimum(station.id, MinimumWish(min_a=least_a), who=who)
            if wanted.phases != station_now().user_phases:
                house.set_phases(station.id, wanted, who=who)

        visit.act(keep, voice("page.saved"))

    def station_now() -> StationState:
        return next(each for each in visit.house.state().stations if each.id == station.id)

    with box("section", "card stack", aria_label=station_name(station.id), data_station=station.id):
        words(station_name(station.id), "h2", "card-title")
        with box("div", "fields"):
            bound = labelled(voice("page.my_bound"), lambda: Choice(bounds, chosen))
            least_key = "" if station.user_min_a is None else key_of(station.user_min_a)
            least = labelled(voice("page.my_minimum"), lambda: Choice(minimums_of(voice, station), least_key))
            phases_key = "" if station.user_phases is None else str(station.user_phases)
            phases = labelled(voice("page.my_phases"), lambda: Choice(phases_of(voice, station), phases_key))
            priority = labelled(voice("page.priority"), lambda: Choice(priorities, str(station.priority)))
            known = f"vehicles-{station.id}"
            vehicle = labelled(
                voice("page.vehicle"),
                lambda: Field(usual_vehicle(station), maxlength=LONGEST_VEHICLE, list=known, autocomplete="off"),
            )
            with box("datalist", id=known):
                for name in vehicles:
                    box("option", value=name)
        words(voice("page.vehicle_says"), "p", "soft small")
        words(voice("page.inside_limits", most=voice.amps(station.max_a, 0)), "p", "soft small")
        with box("div", "dialog-end"):
            button(voice("page.save"), save, "button button-main")
