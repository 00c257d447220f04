"""Step 3: what the meters see, and whether they are the right way round."""

from __future__ import annotations

from functools import partial
from typing import Final

from ems.api.wire_commissioning import CommissioningState, MeterLive, ProofWish
from ems.web.bits import box, button, cell, dress, put, table_head, words
from ems.web.commissioning.desk import InstallerVisit
from ems.web.commissioning.pieces import Fresh, choice_field, panel_card, verdict

SUMS: Final = {None: "page.sum_unknown", True: "page.sum_agrees", False: "page.sum_differs"}


class MetersPanel:
    """A card per meter."""

    def __init__(self, installer: InstallerVisit, now: CommissioningState) -> None:
        self._cards = {meter.id: _MeterCard(installer, meter) for meter in now.meters}
        if not self._cards:
            words(installer.voice("page.no_meters"), "p", "nothing")

    def draw(self, now: CommissioningState) -> None:
        for meter in now.meters:
            if meter.id in self._cards:
                self._cards[meter.id].draw(meter, now)


class _MeterCard:
    """Live values, their age, and the test of the sign."""

    def __init__(self, installer: InstallerVisit, meter: MeterLive) -> None:
        self._installer = installer
        voice = installer.voice
        self._id = meter.id
        with panel_card(f"{meter.id} · {meter.circuit}"):
            with box("div", "row"):
                self._fresh = words("", "span", "chip")
                words(meter.profile or "", "span", "soft small")
            self._table(meter)
            self._sum = words("", "p", "soft")
            self._result = Fresh(self._verdict, self._sign)
            words(voice("page.sign_says"), "p", "soft small")
            with box("div", "row row-ends"):
                phases = {"": voice("page.any_phase")} | {each.phase: each.phase for each in meter.phases}
                self._phase = choice_field(voice("page.load_on"), phases, "")
                self._buttons = [
                    button(voice("page.sign_load"), partial(self._test, "load", meter.circuit)),
                    button(voice("page.sign_sun"), partial(self._test, "sun", meter.circuit)),
                ]

    def _table(self, meter: MeterLive) -> None:
        voice = self._installer.voice
        titles = [voice("page.column.phase"), voice("page.column.current"), voice("page.column.voltage")]
        with box("table", "table"):
            table_head((title, "number" if place else "") for place, title in enumerate(titles))
            with box("tbody"):
                self._cells = {}
                for each in meter.phases:
                    with box("tr"):
                        cell(each.phase, titles[0])
                        self._cells[each.phase] = (cell("", titles[1], "number"), cell("", titles[2], "number"))

    async def _test(self, against: str, circuit: str) -> None:
        phase = self._phase.value or None
        wish = ProofWish.model_validate({"kind": "sign", "circuit": circuit, "phase": phase, "against": against})
        await self._installer.start(wish)

    def _sign(self, now: CommissioningState) -> object:
        return next((meter.sign for meter in now.meters if meter.id == self._id), None) or "none"

    def _verdict(self, now: CommissioningState) -> None:
        verdict(self._installer, next((meter.sign for meter in now.meters if meter.id == self._id), None))

    def draw(self, meter: MeterLive, now: CommissioningState) -> None:
        voice = self._installer.voice
        age = "" if meter.age_s is None else voice.lasting(meter.age_s)
        self._fresh.set_text(voice("page.fresh" if meter.fresh else "page.not_fresh", age=age or "–"))
        dress(self._fresh, f"chip {'tone-good' if meter.fresh else 'tone-bad'}")
        for each in meter.phases:
            amps, volts = self._cells[each.phase]
            amps.set_text(voice.amps(each.current_a))
            volts.set_text("–" if each.voltage_v is None else f"{voice.number(each.voltage_v, 0)}\N{NO-BREAK SPACE}V")
        self._sum.set_text(
            voice(SUMS[meter.sum_agrees], total=voice.power(meter.power_w), phases=voice.power(meter.phases_w))
        )
        self._result.draw(now)
        for each_button in self._buttons:
            put(each_button, "disabled", True if now.proof is not None and now.proof.running else None)
