"""Step 2: the fuses below the main one."""

from __future__ import annotations

from functools import partial
from typing import Final

from ems.api.wire_commissioning import CircuitLimits, CircuitsWish, CommissioningState
from ems.model.electrical import FuseDevice
from ems.web.bits import Field, box, button, labelled, words
from ems.web.commissioning.desk import InstallerVisit
from ems.web.commissioning.pieces import Fresh, amps_field, choice_field, panel_card, read_number, without_control

MAIN: Final = "main"
ALL_PHASES: Final = ""
PHASE_CHOICES: Final = ("L1", "L2", "L3")


class CircuitsPanel:
    """The list of circuits, and the proof without control."""

    def __init__(self, installer: InstallerVisit, now: CommissioningState) -> None:
        self._installer = installer
        self._circuits = now.circuits
        voice = installer.voice
        with panel_card(voice("page.step.circuits")):
            words(voice("page.circuits_says"), "p", "soft")
            self._list = Fresh(self._build, lambda now: now.circuits)
            with box("div", "dialog-end"):
                button(voice("page.circuit_add"), lambda: self._edit(None))
        self._proof = without_control(installer)

    def draw(self, now: CommissioningState) -> None:
        self._circuits = now.circuits
        self._list.draw(now)
        self._proof.draw(now)

    def _build(self, now: CommissioningState) -> None:
        voice = self._installer.voice
        if not now.circuits:
            words(voice("page.no_circuits"), "p", "soft")
        for circuit in now.circuits:
            with box("div", "row spread", data_circuit=circuit.id):
                with box("div", "grow"):
                    words(circuit.id, "div")
                    words(self._facts(circuit), "div", "soft small")
                button(voice("page.edit"), partial(self._edit, circuit))
                label = voice("page.remove_title", what=circuit.id)
                button("", partial(self._remove, circuit), "icon-button", "close", aria_label=label)

    def _facts(self, circuit: CircuitLimits) -> str:
        voice = self._installer.voice
        phases = voice("page.all_phases") if circuit.phases is None else " ".join(circuit.phases)
        device = voice(f"page.device.{circuit.fuse_device}")
        return f"{voice.amps(circuit.fuse_a, 0)} {device} · {phases} · {voice('page.fed_from')} {circuit.fed_from}"

    async def _remove(self, circuit: CircuitLimits) -> None:
        await self._submit(tuple(each for each in self._circuits if each.id != circuit.id))

    async def _submit(self, circuits: tuple[CircuitLimits, ...]) -> bool:
        installer = self._installer
        wish = CircuitsWish(circuits=circuits)
        return await installer.ask(lambda: installer.desk.set_circuits(wish, who=installer.who)) is not None

    def _edit(self, circuit: CircuitLimits | None) -> None:
        installer, voice = self._installer, self._installer.voice
        feeders = {name: name for name in (MAIN, *(each.id for each in self._circuits if each != circuit))}
        devices = {device.value: voice(f"page.device.{device}") for device in FuseDevice}
        phases = {ALL_PHASES: voice("page.all_phases")} | {phase: phase for phase in PHASE_CHOICES}
        one_phase = circuit is not None and circuit.phases is not None and len(circuit.phases) == 1

        async def save() -> None:
            try:
                typed = CircuitLimits.model_validate(
                    {
                        **(circuit.model_dump() if circuit is not None else {}),
                        "id": name.value.strip(),
                        "fed_from": fed_from.value,
                        "fuse_a": read_number(fuse.value),
                        "fuse_device": device.value,
                        "largest_other_load_a": read_number(others.value) or 0.0,
                        "phases": (phase.value,) if phase.value else None,
                    }
                )
            except ValueError:
                problem.set_text(voice("page.check_numbers"))
                return
            kept = [typed if each == circuit else each for each in self._circuits]
            if await self._submit(tuple(kept if circuit is not None else [*kept, typed])):
                shown.close()

        with installer.visit.dialog(voice("page.circuit_title")) as shown:
            with box("div", "fields"):
                name = labelled(voice("page.name"), lambda: Field("" if circuit is None else circuit.id, maxlength=40))
                fuse = amps_field(voice("page.fuse_rating"), None if circuit is None else circuit.fuse_a)
                given_device = FuseDevice.MCB_C if circuit is None else circuit.fuse_device
                device = choice_field(voice("page.device"), devices, given_device)
                given_feeder = MAIN if circuit is None else circuit.fed_from
                fed_from = choice_field(voice("page.fed_from"), feeders, given_feeder)
                given_phase = circuit.phases[0] if circuit is not None and circuit.phases and one_phase else ALL_PHASES
                phase = choice_field(voice("page.phase_names"), phases, given_phase)
                given_load = 0.0 if circuit is None else circuit.largest_other_load_a
                others = amps_field(voice("page.other_load"), given_load)
            problem = words("", "p", "problem", role="alert")
            with box("div", "dialog-end"):
                installer.visit.closing(shown, voice("page.cancel"))
                button(voice("page.save"), save, "button button-main")
