"""Step 1: the house connection, as printed on the fuse holder, typed twice."""

from __future__ import annotations

from typing import Final

from ems.api.wire_commissioning import CommissioningState, ConnectionLimits, GridOperatorLimits
from ems.model.electrical import FuseDevice
from ems.web.bits import Choice, box, button, words
from ems.web.commissioning.desk import InstallerVisit
from ems.web.commissioning.pieces import amps_field, choice_field, panel_card, read_number, without_control

NO_RULE: Final = ""


class ConnectionPanel:
    """The form, and the proof without control."""

    def __init__(self, installer: InstallerVisit, now: CommissioningState) -> None:
        self._installer = installer
        self._given: ConnectionLimits = now.draft
        with panel_card(installer.voice("page.step.connection")):
            self._says = words(installer.voice("page.twice"), "p", "soft", role="status")
            self._box = box("div", "stack")
        self._form(now.draft)
        self._proof = without_control(installer)

    def draw(self, now: CommissioningState) -> None:
        self._proof.draw(now)

    def _form(self, given: ConnectionLimits) -> None:
        voice = self._installer.voice
        self._box.clear()
        with self._box:
            with box("div", "fields"):
                self._fuse = amps_field(voice("page.main_fuse"), given.main_fuse_a)
                self._device = self._devices(given)
                phases = {"1": voice("page.phases", phases=1), "3": voice("page.phases", phases=3)}
                stated = str(given.phases)
                self._phases = choice_field(voice("page.phase_count"), phases, stated)
                self._reserve = amps_field(voice("page.reserve"), given.reserve_a)
                self._others = amps_field(voice("page.other_load"), given.largest_other_load_a)
                self._power = amps_field(voice("page.contract"), given.max_import_kw)
                self._imbalance = amps_field(voice("page.imbalance"), given.max_imbalance_a)
                rules = {NO_RULE: voice("page.rule.none"), "de14a": "§ 14a EnWG"}
                rule = NO_RULE if given.grid_operator is None else given.grid_operator.rule
                self._rule = choice_field(voice("page.rule"), rules, rule)
            with box("div", "dialog-end"):
                button(voice("page.state_it"), self._submit, "button button-main")

    def _devices(self, given: ConnectionLimits) -> Choice:
        voice = self._installer.voice
        devices = {device.value: voice(f"page.device.{device}") for device in FuseDevice}
        return choice_field(voice("page.device"), devices, given.main_fuse_device)

    def _typed(self) -> ConnectionLimits:
        """What the form says. Raises ValueError."""
        rule = None
        if self._rule.value != NO_RULE:
            rule = self._given.grid_operator or GridOperatorLimits(rule="de14a", devices=1)
        return ConnectionLimits.model_validate(
            {
                **self._given.model_dump(),
                "main_fuse_a": read_number(self._fuse.value),
                "main_fuse_device": self._device.value,
                "phases": int(self._phases.value),
                "reserve_a": read_number(self._reserve.value) or 0.0,
                "largest_other_load_a": read_number(self._others.value),
                "max_import_kw": read_number(self._power.value),
                "max_imbalance_a": read_number(self._imbalance.value),
                "grid_operator": rule,
            }
        )

    async def _submit(self) -> None:
        installer, voice = self._installer, self._installer.voice
        try:
            typed = self._typed()
        except ValueError:
            installer.visit.tell(voice("page.check_numbers"), bad=True)
            return
        answer = await installer.ask(lambda: installer.desk.set_connection(typed, who=installer.who))
        if answer is None:
            # Nothing of the first time counts any more.
            self._says.set_text(voice("page.twice"))
            return
        if answer.outcome == "type_again":
            self._says.set_text(voice("page.once_more"))
            # The fuse itself is typed a second time; all else stays as it was typed.
            self._given = typed
            self._form(typed)
            self._fuse.value = ""
            self._fuse.props["defaultValue"] = ""
            return
        self._given = typed
        self._says.set_text(voice("page.in_force"))
        self._form(typed)
