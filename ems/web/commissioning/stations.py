"""Step 4: which chargers there are, how they find us, and what each may do."""

from __future__ import annotations

from functools import partial

from ems.api.wire_commissioning import CommissioningState, StationBench, StationLimits
from ems.web.bits import box, button, words
from ems.web.commissioning.desk import InstallerVisit
from ems.web.commissioning.newcomers import Newcomers
from ems.web.commissioning.pieces import Fresh, amps_field, choice_field, panel_card, read_number
from ems.web.voice import station_name

WIRINGS = ("L1 L2 L3", "L2 L3 L1", "L3 L1 L2", "L1 L3 L2", "L3 L2 L1", "L2 L1 L3", "L1", "L2", "L3")


class StationsPanel:
    """A card per station, and those that nobody knows."""

    def __init__(self, installer: InstallerVisit, _now: CommissioningState) -> None:
        self._installer = installer
        self._cards = Fresh(self._stations, lambda now: (_facts(now.stations), now.circuits), "bench")
        self._newcomers = Newcomers(installer)

    def draw(self, now: CommissioningState) -> None:
        self._cards.draw(now)
        self._newcomers.draw(now)

    def _stations(self, now: CommissioningState) -> None:
        for station in now.stations:
            self._card(station, now)

    def _card(self, station: StationBench, now: CommissioningState) -> None:
        voice = self._installer.voice
        with panel_card(station_name(station.id)):
            with box("div", "row"):
                word, tone = (
                    ("page.connected", "tone-good") if station.connected else ("page.not_connected", "tone-bad")
                )
                words(voice(word), "span", f"chip {tone}")
                protocol = (station.protocol or "").replace("ocpp", "OCPP ")
                known = (protocol, station.vendor, station.model, station.firmware)
                words(" · ".join(each for each in known if each), "span", "soft small")
            words(voice("page.url_says"), "p", "soft small")
            words(station.url, "p", "secret")
            wired = " ".join(station.wired)
            facts = voice(
                "page.bench_facts",
                circuit=station.circuit,
                wired=wired if station.wiring_known else voice("page.wiring_unknown"),
                most=voice.amps(station.max_a, 0),
                fallback=voice.amps(station.fallback_a, 0),
            )
            words(facts, "p", "")
            with box("div", "dialog-end"):
                button(voice("page.edit"), partial(self._edit, station, now))

    def _edit(self, station: StationBench, now: CommissioningState) -> None:
        installer, voice = self._installer, self._installer.voice
        circuits = {name: name for name in ("main", *(each.id for each in now.circuits))}
        wirings = {wiring: wiring for wiring in (" ".join(station.wired), *WIRINGS)}

        async def save() -> None:
            try:
                typed = StationLimits.model_validate(
                    {
                        "circuit": circuit.value,
                        "wired": tuple(wired.value.split()),
                        "max_a": read_number(most.value),
                        "fallback_a": read_number(fallback.value),
                    }
                )
            except ValueError:
                problem.set_text(voice("page.check_numbers"))
                return
            if await installer.ask(lambda: installer.desk.set_station(station.id, typed, who=installer.who)):
                shown.close()

        with installer.visit.dialog(station_name(station.id)) as shown:
            with box("div", "fields"):
                circuit = choice_field(voice("page.fuse"), circuits, station.circuit)
                wired = choice_field(voice("page.wired"), wirings, " ".join(station.wired))
                most = amps_field(voice("page.station_max"), station.max_a)
                fallback = amps_field(voice("page.fallback"), station.fallback_a)
            problem = words("", "p", "problem", role="alert")
            with box("div", "dialog-end"):
                installer.visit.closing(shown, voice("page.cancel"))
                button(voice("page.save"), save, "button button-main")


def _facts(stations: tuple[StationBench, ...]) -> list[StationBench]:
    """Without what moves all the time."""
    still = {"current_a": None, "limit_a": None, "status": None, "plugged": False, "charger": None, "loss": None}
    return [each.model_copy(update=still) for each in stations]
