"""Steps 5 to 7: chargers obey, fall back by themselves, and the guard lowers in time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import Literal

from ems.api.wire_commissioning import (
    ChargerResult,
    CommissioningState,
    LossResult,
    OverloadResult,
    ProofWish,
    StationBench,
)
from ems.web.bits import box, button, cell, table_head, words
from ems.web.commissioning.desk import InstallerVisit
from ems.web.commissioning.pieces import Fresh, choice_field, panel_card, verdict
from ems.web.voice import station_name


class _StationProofs(ABC):
    """A card per station with its last result, and the way to a new one."""

    kind: Literal["charger", "loss"]

    def __init__(self, installer: InstallerVisit, _now: CommissioningState) -> None:
        self._installer = installer
        words(installer.voice(f"page.proof.{self.kind}.says"), "p", "soft")
        self._cards = Fresh(self._build, self._key, "bench")

    def draw(self, now: CommissioningState) -> None:
        self._cards.draw(now)

    def _key(self, now: CommissioningState) -> object:
        running = now.proof is not None and now.proof.running
        return running, [
            (each.id, each.connected, each.plugged, self._result(each), each.wired) for each in now.stations
        ]

    def _build(self, now: CommissioningState) -> None:
        voice = self._installer.voice
        running = now.proof is not None and now.proof.running
        for station in now.stations:
            with panel_card(station_name(station.id)) as card:
                card.props["data-proof"] = station.id
                verdict(self._installer, self._result(station))
                self._details(station)
                with box("div", "dialog-end"):
                    if not station.plugged:
                        words(voice("page.plug_in"), "span", "soft small")
                    pressed = button(voice("page.run_proof"), partial(self._run, station.id), "button button-main")
                    if running:
                        pressed.props["disabled"] = True

    async def _run(self, station_id: str) -> None:
        await self._installer.start(ProofWish(kind=self.kind, station=station_id))

    @abstractmethod
    def _result(self, station: StationBench) -> ChargerResult | LossResult | None:
        """The last one of this kind at that station."""

    @abstractmethod
    def _details(self, station: StationBench) -> None:
        """Its figures, below the verdict."""


class ChargerProofs(_StationProofs):
    """6 A, 10 A, pause: measured obedience, and the phases behind every station."""

    kind = "charger"

    def _result(self, station: StationBench) -> ChargerResult | None:
        return station.charger

    def _details(self, station: StationBench) -> None:
        result, voice = station.charger, self._installer.voice
        if result is None:
            return
        with box("div", "row"):
            reaction = voice.seconds(result.reaction_s)
            words(voice("page.reaction", reaction=reaction), "span", "soft")
        if result.wiring:
            found = " · ".join(
                f"{each.station_phase} → {each.house_phase or '?'}{'' if each.certainty == 'certain' else ' (?)'}"
                for each in result.wiring
            )
            words(voice("page.found_wiring", found=found, stated=" ".join(result.stated)), "p", "")
        if result.found is not None and result.found != station.wired:
            button(voice("page.take_wiring", found=" ".join(result.found)), partial(self._take, station.id))
        _plateaus(self._installer, result)

    async def _take(self, station_id: str) -> None:
        installer = self._installer
        if await installer.ask(lambda: installer.desk.take_found_wiring(station_id, who=installer.who)):
            installer.visit.tell(installer.voice("page.saved"))


class LossProofs(_StationProofs):
    """No message any more, until the lease ends: the station must fall by itself."""

    kind = "loss"

    def _result(self, station: StationBench) -> LossResult | None:
        return station.loss

    def _details(self, station: StationBench) -> None:
        result, voice = station.loss, self._installer.voice
        if result is None:
            return
        after = "–" if result.fell_after_s is None else voice.lasting(result.fell_after_s)
        facts = voice(
            "page.loss_facts",
            before=voice.amps(result.before_a),
            after=voice.amps(result.after_a),
            fallback=voice.amps(result.fallback_a),
            seconds=after,
        )
        words(facts, "p", "soft")


class OverloadProofs:
    """A virtual load on a fuse: the guard must lower the cars before the fuse would act."""

    def __init__(self, installer: InstallerVisit, now: CommissioningState) -> None:
        self._installer = installer
        voice = installer.voice
        circuits = {name: name for name in ("main", *(each.id for each in now.circuits))}
        phases = {"": voice("page.fullest_phase"), "L1": "L1", "L2": "L2", "L3": "L3"}
        with panel_card(voice("page.step.overload_proof")):
            words(voice("page.proof.overload.says"), "p", "soft")
            self._result = Fresh(self._build, lambda now: now.overload or "none")
            with box("div", "fields"):
                self._circuit = choice_field(voice("page.fuse"), circuits, "main")
                self._phase = choice_field(voice("page.phase_names"), phases, "")
            with box("div", "dialog-end"):
                button(voice("page.run_proof"), self._run, "button button-main")

    def draw(self, now: CommissioningState) -> None:
        self._result.draw(now)

    async def _run(self) -> None:
        phase = self._phase.value or None
        wish = ProofWish.model_validate({"kind": "overload", "circuit": self._circuit.value, "phase": phase})
        await self._installer.start(wish)

    def _build(self, now: CommissioningState) -> None:
        verdict(self._installer, now.overload)
        if now.overload is not None:
            _lowered(self._installer, now.overload)


def _plateaus(installer: InstallerVisit, result: ChargerResult) -> None:
    voice = installer.voice
    titles = {key: voice(f"page.column.{key}") for key in ("limit", "station_a", "meter_a", "obeyed", "reaction")}
    with box("table", "table"):
        table_head((title, "number") for title in titles.values())
        with box("tbody"):
            for each in result.plateaus:
                with box("tr"):
                    limit = voice.amps(each.limit_a) if each.limit_a else voice("page.pause")
                    cell(limit, titles["limit"], "number")
                    cell(voice.amps(each.station_a), titles["station_a"], "number")
                    cell(_all(installer, each.meter_a), titles["meter_a"], "number")
                    cell(voice("page.yes" if each.obeyed else "page.no"), titles["obeyed"], "number")
                    cell(voice.seconds(each.reaction_s), titles["reaction"], "number")


def _lowered(installer: InstallerVisit, result: OverloadResult) -> None:
    voice = installer.voice
    facts = voice(
        "page.overload_facts",
        place=f"{result.circuit} {result.phase}",
        virtual=voice.amps(result.virtual_a),
        fell=voice.seconds(result.fell_s),
        allowed=voice.lasting(result.allowed_s),
    )
    words(facts, "p", "soft")
    for each in result.lowered:
        words(f"{station_name(each.station)}: {voice.amps(each.from_a)} → {voice.amps(each.to_a)}", "p", "")


def _all(installer: InstallerVisit, amps: Sequence[float]) -> str:
    return " · ".join(installer.voice.number(each, 1) for each in amps) + "\N{NO-BREAK SPACE}A"
