"""The page *Commissioning*: the installer states the fuses, proves what the house does, and hands it over.

One panel per step · `desk` the installer's calls · `pieces` what several panels show · `connection`, `circuits`,
`meters`, `stations`, `proofs` (chargers, loss, overload) and `hand_over` are the panels.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from nicegui.element import Element

from ems.api.commissioning_port import Commissioning
from ems.api.wire import State
from ems.api.wire_commissioning import CommissioningState, StepState
from ems.commissioning.steps import Condition, StepKey
from ems.web.bits import box, button, dress, icon, put, words
from ems.web.commissioning.circuits import CircuitsPanel
from ems.web.commissioning.connection import ConnectionPanel
from ems.web.commissioning.desk import InstallerVisit, Panel
from ems.web.commissioning.hand_over import HandOverPanel
from ems.web.commissioning.meters import MetersPanel
from ems.web.commissioning.pieces import RunningProof
from ems.web.commissioning.proofs import ChargerProofs, LossProofs, OverloadProofs
from ems.web.commissioning.stations import StationsPanel
from ems.web.push import Draw, follow
from ems.web.visit import Visit

PANELS: Final[Mapping[StepKey, Callable[[InstallerVisit, CommissioningState], Panel]]] = {
    StepKey.CONNECTION: ConnectionPanel,
    StepKey.CIRCUITS: CircuitsPanel,
    StepKey.METER: MetersPanel,
    StepKey.STATIONS: StationsPanel,
    StepKey.CHARGER_PROOF: ChargerProofs,
    StepKey.LOSS_PROOF: LossProofs,
    StepKey.OVERLOAD_PROOF: OverloadProofs,
    StepKey.HAND_OVER: HandOverPanel,
}

CLASSES: Final = {Condition.OPEN: "", Condition.DONE: "step-done", Condition.FAILED: "step-failed"}


def page_of(commissioning: Commissioning) -> Callable[[Visit, Draw], Awaitable[None]]:
    """The page for that desk."""

    async def show(visit: Visit, draw_frame: Draw) -> None:
        page = _Page(InstallerVisit(visit, commissioning))
        follow(visit, [draw_frame, page.draw])

    return show


class _Page:
    """The steps, and the panel of the chosen one."""

    def __init__(self, installer: InstallerVisit) -> None:
        self._installer = installer
        self._now = installer.state()
        self._chosen = next(
            (step.key for step in self._now.steps if step.condition is not Condition.DONE), StepKey.HAND_OVER
        )
        with box("div", "stack"):
            words(installer.voice("page.commissioning"), "h1", "page-title")
            self._seal = words("", "p", "notice notice-mild gone")
            self._trouble = words("", "p", "notice gone", role="alert")
            self._steps = {step.key: _Step(self, place, step) for place, step in enumerate(self._ways(), start=1)}
            self._proof = RunningProof(installer)
            self._says = words("", "p", "soft", role="status")
            self._box = box("div", "stack")
        self._show(self._chosen)

    def _ways(self) -> tuple[StepState, ...]:
        with box("div", "steps", role="group", aria_label=self._installer.voice("page.steps")) as self._way:
            pass
        return self._now.steps

    @property
    def way(self) -> Element:
        return self._way

    @property
    def installer(self) -> InstallerVisit:
        return self._installer

    def choose(self, key: StepKey) -> None:
        """Show the panel of that step; what is typed in the one that is shown stays."""
        if key is not self._chosen:
            self._show(key)

    def _show(self, key: StepKey) -> None:
        self._chosen = key
        self._box.clear()
        with self._box:
            self._panel = PANELS[key](self._installer, self._now)
        self._draw()

    def draw(self, _state: State, _age_s: float) -> None:
        """Once a second: what the desk knows now."""
        self._now = self._installer.state()
        self._draw()

    def _draw(self) -> None:
        now, voice = self._now, self._installer.voice
        for step in now.steps:
            self._steps[step.key].draw(step, chosen=step.key is self._chosen)
            if step.key is self._chosen:
                self._says.set_text(voice.sentence(step.says))
        if now.sealed is not None:
            self._seal.set_text(
                voice("page.sealed", installer=now.sealed.installer, day=voice.day(voice.local(now.sealed.at).date()))
            )
        dress(self._seal, "notice notice-mild" if now.sealed else "notice notice-mild gone")
        self._trouble.set_text(voice("page.storage_trouble", why=now.storage_trouble or ""))
        dress(self._trouble, "notice" if now.storage_trouble else "notice gone")
        self._proof.draw(now)
        self._panel.draw(now)


class _Step:
    """One step on the way."""

    def __init__(self, page: _Page, place: int, step: StepState) -> None:
        key = step.key
        with page.way, button("", lambda: page.choose(key), "", data_step=key) as self._button:
            with box("span", "step-mark"):
                self._number = words(str(place))
                self._check = icon("check")
            words(page.installer.voice(f"page.step.{key}"))

    def draw(self, step: StepState, *, chosen: bool) -> None:
        dress(self._button, CLASSES[step.condition])
        put(self._button, "aria-current", "step" if chosen else None)
        self._number.set_visibility(step.condition is not Condition.DONE)
        self._check.set_visibility(step.condition is Condition.DONE)
