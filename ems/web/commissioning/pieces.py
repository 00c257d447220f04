"""What several panels of commissioning show: a running proof, a verdict, the proof without control."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from nicegui.element import Element

from ems.api.wire_commissioning import CommissioningState, FuseProofRow, ProofResult
from ems.commissioning.findings import Verdict
from ems.web.bits import Choice, Field, box, button, cell, dress, labelled, measure, table_head, words
from ems.web.commissioning.desk import InstallerVisit

VERDICT_TONES: Final = {
    Verdict.PASSED: "tone-good",
    Verdict.FAILED: "tone-bad",
    Verdict.UNCERTAIN: "tone-sun",
    Verdict.ABORTED: "",
}


Look = Callable[[CommissioningState], object]


class Fresh:
    """A part of a panel that is built anew only when what it shows has changed."""

    def __init__(self, build: Look, key: Look, classes: str = "stack stack-close") -> None:
        self._build, self._key = build, key
        self._shown: object = None
        self._box = box("div", classes)

    def draw(self, now: CommissioningState) -> None:
        key = self._key(now)
        if key == self._shown:
            return
        self._shown = key
        self._box.clear()
        with self._box:
            self._build(now)


class RunningProof:
    """The proof that runs now: what happens, how far it is, and the way out."""

    def __init__(self, installer: InstallerVisit) -> None:
        self._installer = installer
        voice = installer.voice
        with box("section", "card stack stack-close gone", aria_label=voice("page.proof_runs")) as self._box:
            with box("div", "row spread"):
                self._title = words("", "h2", "card-title")
                button(voice("page.abort"), self._abort, "button button-danger")
            self._stage = words("", "p", "", role="status")
            with box("div", "progress", aria_hidden="true"):
                self._bar = box("div")
            self._left = words("", "p", "soft small")

    async def _abort(self) -> None:
        await self._installer.ask(lambda: self._installer.desk.abort(who=self._installer.who))

    def draw(self, now: CommissioningState) -> None:
        proof, voice = now.proof, self._installer.voice
        running = proof is not None and proof.running
        dress(self._box, "card stack stack-close" if running else "card stack stack-close gone")
        if proof is None or not running:
            return
        subject = proof.station or proof.circuit or ""
        self._title.set_text(f"{voice(f'page.proof.{proof.kind}')}: {subject}")
        self._stage.set_text(voice.sentence(proof.stage))
        measure(self._bar, part=proof.progress)
        self._left.set_text(voice("page.at_most", left=voice.lasting(proof.remaining_s)))


def verdict(installer: InstallerVisit, result: ProofResult | None) -> None:
    """How a proof ended, in one line."""
    voice = installer.voice
    with box("div", "row"):
        if result is None:
            words(voice("page.verdict.none"), "span", "chip")
            return
        words(voice(f"page.verdict.{result.verdict}"), "span", f"chip {VERDICT_TONES[result.verdict]}".strip())
        words(voice.near(result.at, installer.visit.now()), "time", "soft small", datetime=result.at.isoformat())
    words(voice.sentence(result.says), "p", "capital")


def fuse_table(installer: InstallerVisit, rows: Sequence[FuseProofRow]) -> None:
    """Whether every fuse holds when all control is gone."""
    voice = installer.voice
    titles = {key: voice(f"page.column.{key}") for key in ("fuse", "stations_a", "other_a", "bound_a", "holds")}
    with box("table", "table"):
        table_head((title, "" if key == "fuse" else "number") for key, title in titles.items())
        with box("tbody"):
            for row in rows:
                with box("tr"):
                    cell(f"{row.circuit} {row.phase}", titles["fuse"])
                    cell(voice.amps(row.stations_a), titles["stations_a"], "number")
                    cell(voice.amps(row.other_load_a), titles["other_a"], "number")
                    cell(voice.amps(row.bound_a), titles["bound_a"], "number")
                    _holds(installer, row, titles["holds"])


def _holds(installer: InstallerVisit, row: FuseProofRow, title: str) -> None:
    unknown = row.other_load_a is None
    word = "unknown" if unknown else "yes" if row.covered else "no"
    tone = "tone-sun" if unknown else "tone-good" if row.covered else "tone-bad"
    with box("td", "number", data_label=title):
        words(installer.voice(f"page.holds.{word}"), "span", f"chip {tone}")


def warnings(installer: InstallerVisit, now: CommissioningState) -> None:
    """What a careful installer would look at."""
    for warning in now.warnings:
        words(installer.voice.sentence(warning), "p", "notice notice-mild")


def without_control(installer: InstallerVisit) -> Fresh:
    """The proof without control, with its warnings."""

    def build(now: CommissioningState) -> None:
        words(installer.voice("page.without_control"), "h2", "card-title")
        warnings(installer, now)
        fuse_table(installer, now.fuses)

    with box("section", "card"):
        return Fresh(build, lambda now: (now.fuses, now.warnings))


def amps_field(text: str, value: float | None) -> Field:
    """A current to type."""
    shown = "" if value is None else f"{value:g}"
    return labelled(text, lambda: Field(shown, "text", inputmode="decimal", maxlength=8))


def choice_field(text: str, options: dict[str, str], value: str) -> Choice:
    """One of a few."""
    return labelled(text, lambda: Choice(options, value))


def read_number(text: str) -> float | None:
    """What was typed as a number; None for nothing. Raises ValueError for what is none."""
    return float(text.replace(",", ".")) if text.strip() else None


def panel_card(title: str) -> Element:
    """A card of a panel."""
    card = box("section", "card stack", aria_label=title)
    with card:
        words(title, "h2", "card-title")
    return card
