"""Step 8: what was proven is signed, printed, and the limits are locked."""

from __future__ import annotations

from ems.api.wire_commissioning import CommissioningState, HandOverWish, Seal
from ems.commissioning.steps import Condition, StepKey
from ems.web.bits import Field, box, button, labelled, link, put, words
from ems.web.commissioning.desk import InstallerVisit
from ems.web.commissioning.pieces import Fresh, choice_field, panel_card


class HandOverPanel:
    """A summary, the signature, and what was changed by whom."""

    def __init__(self, installer: InstallerVisit, _now: CommissioningState) -> None:
        self._installer = installer
        self._summary = Fresh(self._build_summary, lambda now: now.steps)
        self._signing = Fresh(self._build_signing, lambda now: now.sealed or "open")
        self._changes = Fresh(self._build_changes, lambda now: now.changes)

    def draw(self, now: CommissioningState) -> None:
        self._summary.draw(now)
        self._signing.draw(now)
        self._changes.draw(now)

    def _build_summary(self, now: CommissioningState) -> None:
        voice = self._installer.voice
        tones = {Condition.OPEN: "tone-sun", Condition.DONE: "tone-good", Condition.FAILED: "tone-bad"}
        with panel_card(voice("page.summary")):
            for step in now.steps:
                if step.key is StepKey.HAND_OVER:
                    continue
                with box("div", "row spread tight"):
                    with box("div", "grow"):
                        words(voice(f"page.step.{step.key}"), "div")
                        words(voice.sentence(step.says), "div", "soft small")
                    words(voice(f"page.condition.{step.condition}"), "span", f"chip {tones[step.condition]}")

    def _build_signing(self, now: CommissioningState) -> None:
        voice = self._installer.voice
        with panel_card(voice("page.step.hand_over")):
            if now.sealed is None:
                self._sign()
            else:
                self._sealed(now.sealed)

    def _sign(self) -> None:
        installer, voice = self._installer, self._installer.voice

        async def sign() -> None:
            wish = {
                "installer": name.value.strip(),
                "company": company.value.strip(),
                "remark": remark.value.strip(),
                "accept_open": accept.value == "yes",
            }
            done = await installer.ask(
                lambda: installer.desk.hand_over(HandOverWish.model_validate(wish), who=installer.who)
            )
            if done is not None:
                installer.visit.tell(voice("page.handed_over"))

        words(voice("page.hand_over_says"), "p", "soft")
        with box("div", "fields"):
            name = labelled(voice("page.installer_name"), lambda: Field("", maxlength=80))
            company = labelled(voice("page.company"), lambda: Field("", maxlength=120))
            remark = labelled(voice("page.remark"), lambda: Field("", maxlength=500))
            options = {"no": voice("page.open_no"), "yes": voice("page.open_yes")}
            accept = choice_field(voice("page.open_steps"), options, "no")
        with box("div", "dialog-end"):
            button(voice("page.sign"), sign, "button button-main")

    def _sealed(self, seal: Seal) -> None:
        installer, voice = self._installer, self._installer.voice
        words(voice("page.sealed_hash"), "p", "soft small")
        words(seal.limits_hash, "p", "secret")
        root = f"{installer.visit.root}/api/v1/commissioning"
        with box("div", "dialog-end"):
            button(voice("page.unlock"), self._ask_unlock, "button button-danger")
            signed = link("JSON", f"{root}/hand-over", "button", "file", download="hand-over.json")
            put(signed, "aria-label", voice("page.signed_json"))
            link(voice("page.print"), f"{root}/hand-over.html", "button button-main", "file", target="_blank")

    def _ask_unlock(self) -> None:
        installer, voice = self._installer, self._installer.voice

        async def unlock() -> None:
            async def deed() -> bool:
                await installer.desk.unlock(why.value.strip(), who=installer.who)
                return True

            if await installer.ask(deed):
                shown.close()

        with installer.visit.dialog(voice("page.unlock")) as shown:
            words(voice("page.unlock_says"), "p", "soft")
            why = labelled(voice("page.unlock_why"), lambda: Field("", maxlength=200))
            with box("div", "dialog-end"):
                installer.visit.closing(shown, voice("page.cancel"))
                button(voice("page.unlock"), unlock, "button button-danger")

    def _build_changes(self, now: CommissioningState) -> None:
        voice = self._installer.voice
        with panel_card(voice("page.changes")):
            if not now.changes:
                words(voice("page.no_changes"), "p", "soft")
            for change in now.changes[:30]:
                with box("div", ""):
                    words(f"{voice.moment(change.at)} · {voice.who(change.who)}", "div", "soft small")
                    words(change.what if change.says is None else voice.sentence(change.says), "div")
