"""The card with chargers that none of the site file waits for: bound to one of it, taken in as new ones, or refused."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from pydantic import ValidationError

from ems.api.wire_commissioning import CommissioningState, LimitsAnswer, NewStationWish, Stranger
from ems.web.bits import Choice, box, button, labelled, words
from ems.web.bits import Field as TextField
from ems.web.commissioning.desk import InstallerVisit
from ems.web.commissioning.pieces import Fresh, amps_field, choice_field, panel_card, read_number
from ems.web.voice import station_name

PHASES: Final = ("L1 L2 L3", "L1", "L2", "L3")
USUAL_A: Final = 16.0


class Newcomers:
    """Those who ask, and those who were taken in and count after a restart."""

    def __init__(self, installer: InstallerVisit) -> None:
        self._installer = installer
        with panel_card(installer.voice("page.strangers")):
            words(installer.voice("page.strangers_says"), "p", "soft")
            self._strangers = Fresh(
                self._unknown, lambda now: ([(each.identity, _who(each)) for each in _asking(now)], now.added)
            )

    def draw(self, now: CommissioningState) -> None:
        self._strangers.draw(now)

    def _unknown(self, now: CommissioningState) -> None:
        voice = self._installer.voice
        strangers = _asking(now)
        if not strangers:
            words(voice("page.no_strangers"), "p", "soft small")
        for stranger in strangers:
            with box("div", "row spread"):
                with box("div", "grow"):
                    words(stranger.identity, "div")
                    words(_who(stranger), "div", "soft small")
                stations = {each.id: station_name(each.id) for each in now.stations}
                choice = choice_field(voice("page.is_station"), stations, next(iter(stations), ""))
                button(voice("page.adopt"), partial(self._adopt, stranger, choice), "button button-main")
                button(voice("page.take_in"), partial(self._ask, stranger, now))
                button(voice("page.refuse"), partial(self._refuse, stranger))
        for each in now.added:
            with box("div", "row spread", data_added=each.id):
                with box("div", "grow"):
                    words(f"{station_name(each.id)} ({each.identity})", "div")
                    words(voice("page.added_in_force" if each.in_force else "page.after_restart"), "div", "soft small")
                label = voice("page.remove_title", what=station_name(each.id))
                button("", partial(self._leave_out, each.id), "icon-button", "close", aria_label=label)

    async def _adopt(self, stranger: Stranger, choice: Choice) -> None:
        installer = self._installer
        await installer.ask(
            lambda: installer.desk.adopt(choice.value, stranger.identity, host=installer.host, who=installer.who)
        )

    async def _refuse(self, stranger: Stranger) -> None:
        installer = self._installer
        await installer.ask(lambda: installer.desk.refuse(stranger.identity, who=installer.who))

    async def _leave_out(self, station_id: str) -> None:
        installer = self._installer
        await installer.ask(lambda: installer.desk.leave_out(station_id, who=installer.who))

    def _ask(self, stranger: Stranger, now: CommissioningState) -> None:
        installer, voice = self._installer, self._installer.voice
        circuits = {name: name for name in ("main", *(each.id for each in now.circuits))}

        def wish() -> NewStationWish | None:
            try:
                return NewStationWish.model_validate(
                    {
                        "identity": stranger.identity,
                        "id": name.value.strip(),
                        "circuit": circuit.value,
                        "wired": tuple(wired.value.split()),
                        "max_a": read_number(most.value),
                    }
                )
            except (ValueError, ValidationError):
                problem.set_text(voice("page.check_new"))
                return None

        async def try_it(*, dry_run: bool) -> LimitsAnswer | None:
            problem.set_text("")
            typed = wish()
            if typed is None:
                return None
            return await installer.ask(lambda: installer.desk.take_in(typed, who=installer.who, dry_run=dry_run))

        async def check() -> None:
            answer = await try_it(dry_run=True)
            result.clear()
            if answer is not None:
                with result:
                    _tell_check(installer, answer)

        async def take_in() -> None:
            if await try_it(dry_run=False) is not None:
                shown.close()

        with installer.visit.dialog(voice("page.take_in_title", identity=stranger.identity)) as shown:
            words(voice("page.take_in_says"), "p", "soft")
            with box("div", "fields"):
                name = labelled(
                    voice("page.name"),
                    lambda: TextField(_name_from(stranger.identity), maxlength=48, autocomplete="off"),
                )
                circuit = choice_field(voice("page.fuse"), circuits, "main")
                wired = choice_field(voice("page.wired"), {each: each for each in PHASES}, PHASES[0])
                most = amps_field(voice("page.station_max"), USUAL_A)
            result = box("div", "stack stack-close")
            problem = words("", "p", "problem", role="alert")
            with box("div", "dialog-end"):
                installer.visit.closing(shown, voice("page.cancel"))
                button(voice("page.check"), check)
                button(voice("page.take_in"), take_in, "button button-main")


def _tell_check(installer: InstallerVisit, answer: LimitsAnswer) -> None:
    """What every fuse carries when all control is gone, as `ems check` says it."""
    voice = installer.voice
    bare = [row for row in answer.fuses if not row.covered]
    word = "page.check_holds" if not bare else "page.check_uncovered"
    words(voice(word), "p", "notice notice-mild" if bare else "chip tone-good")
    for row in bare:
        says = voice("page.check_row", circuit=row.circuit, phase=row.phase, stations=voice.amps(row.stations_a),
                     bound=voice.amps(row.bound_a))  # fmt: skip
        words(says, "p", "small")
    for warning in answer.warnings:
        words(voice.sentence(warning), "p", "soft small")


def _name_from(identity: str) -> str:
    """A name that the site file takes, near to what the charger calls itself."""
    return re.sub(r"[^A-Za-z0-9_.|-]+", "-", identity).strip("-_.|")[:48]


def _who(stranger: Stranger) -> str:
    """Its address, and who it says it is."""
    said = (stranger.vendor, stranger.model, *stranger.serials)
    return " · ".join(word for word in (stranger.address, *said) if word)


def _asking(now: CommissioningState) -> list[Stranger]:
    taken = {each.identity for each in now.added}
    return [each for each in now.strangers if not each.refused and each.identity not in taken]
