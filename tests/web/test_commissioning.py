"""The installer's way through commissioning, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web.conftest import Open
from tests.web.contrast import UNREADABLE

STEPS = (
    "connection",
    "circuits",
    "meter",
    "stations",
    "charger_proof",
    "loss_proof",
    "overload_proof",
    "hand_over",
)


def go(page: Page, step: str) -> None:
    page.locator(f"[data-step={step}]").click()
    expect(page.locator(f"[data-step={step}]")).to_have_attribute("aria-current", "step")


def prove(page: Page, run: Locator) -> None:
    """Run a proof: the page shows it for as long as it lasts, and no longer."""
    running = page.get_by_label("A proof is running")
    run.click()
    expect(running).to_be_visible()
    page.context.request.post(page.url.replace("/commissioning", "/paper/proof"))
    expect(running).to_be_hidden()


@pytest.mark.parametrize(("width", "look"), [(390, "dark"), (1280, "light")])
def test_every_step_shows_without_complaint(visit: Open, width: int, look: str) -> None:
    page = visit("/commissioning", who="Ines", width=width, look=look, language="de")

    for step in STEPS:
        go(page, step)
        assert page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth") <= 0, step
        assert page.evaluate(UNREADABLE) == [], step


def test_a_homeowner_does_not_get_in(visit: Open) -> None:
    page = visit("/commissioning", who="Anna")

    expect(page.locator("h1")).to_contain_text("charging with")
    assert not page.url.endswith("/commissioning")


def test_the_main_fuse_counts_when_it_is_typed_twice(visit: Open) -> None:
    page = visit("/commissioning", who="Ines")
    fuse, state = page.get_by_label("Main fuse (A)"), page.get_by_role("button", name="State it")

    fuse.fill("25")
    state.click()
    expect(page.get_by_text("Once more: type the main fuse again.")).to_be_visible()
    expect(fuse).to_have_value("")
    fuse.fill("35")
    state.click()
    expect(page.get_by_text("typed differently the second time")).to_be_visible()
    fuse.fill("35")
    state.click()

    expect(page.get_by_text("In force now.")).to_be_visible()
    expect(page.locator("[data-step=connection]")).to_have_class("step-done")


def test_a_charger_proof_finds_the_wiring_and_it_is_taken_over(visit: Open) -> None:
    page = visit("/commissioning", who="Ines")
    go(page, "charger_proof")
    garage = page.locator("[data-proof=garage]")

    prove(page, garage.get_by_role("button", name="Run the proof"))
    expect(garage).to_contain_text("Passed")
    expect(garage).to_contain_text("L1 → L2 · L2 → L3 · L3 → L1")
    garage.get_by_role("button", name="Take L2 L3 L1 as the wiring").click()

    expect(garage.get_by_role("button", name=re.compile("as the wiring"))).to_have_count(0)
    go(page, "stations")
    expect(page.get_by_label("Garage", exact=True)).to_contain_text("wired L2 L3 L1")


def test_a_proof_is_aborted(visit: Open) -> None:
    page = visit("/commissioning", who="Ines")
    go(page, "loss_proof")

    page.locator("[data-proof=garage]").get_by_role("button", name="Run the proof").click()
    expect(page.get_by_label("A proof is running")).to_be_visible()
    page.get_by_role("button", name="Abort").click()

    expect(page.get_by_label("A proof is running")).to_be_hidden()


def test_the_other_proofs_say_what_they_measured(visit: Open) -> None:
    page = visit("/commissioning", who="Ines")

    go(page, "meter")
    prove(page, page.get_by_role("button", name="Sign test with a load"))
    expect(page.get_by_text("L2 rose by 8.7 A: right way round.")).to_be_visible()
    go(page, "loss_proof")
    prove(page, page.locator("[data-proof=garage]").get_by_role("button", name="Run the proof"))
    expect(page.locator("[data-proof=garage]")).to_contain_text("fell after")
    go(page, "overload_proof")
    prove(page, page.get_by_role("button", name="Run the proof"))

    expect(page.get_by_text("Garage: 16.0 A → 6.0 A")).to_be_visible()


def test_a_charger_that_nobody_knows_is_adopted(visit: Open) -> None:
    page = visit("/commissioning", who="Ines")
    go(page, "stations")

    page.get_by_label("It is").select_option("carport")
    page.get_by_role("button", name="Adopt").click()

    expect(page.get_by_label("Carport", exact=True)).to_contain_text("/ocpp/CP_4711")
    expect(page.get_by_text("None has called.")).to_be_visible()


def test_a_charger_that_nobody_waits_for_is_taken_in_as_a_new_one(visit: Open) -> None:
    page = visit("/commissioning", who="Ines")
    go(page, "stations")

    page.get_by_role("button", name="New charger").click()
    dialog = page.get_by_role("dialog", name="CP_4711 as a new charger")
    page.get_by_label("Name", exact=True).fill("not a name")
    dialog.get_by_role("button", name="Check").click()
    expect(dialog).to_contain_text("letters, digits")
    page.get_by_label("Name", exact=True).fill("yard")
    dialog.get_by_role("button", name="Check").click()
    expect(dialog).to_contain_text("main L1")
    dialog.get_by_role("button", name="New charger").click()

    expect(page.locator("[data-added=yard]")).to_contain_text("after a restart")
    expect(page.get_by_text("None has called.")).to_be_visible()


def test_a_circuit_is_added(visit: Open) -> None:
    page = visit("/commissioning", who="Ines")
    go(page, "circuits")

    page.get_by_role("button", name="Add a circuit").click()
    page.get_by_label("Name", exact=True).fill("barn")
    page.get_by_label("Fuse (A)", exact=True).fill("20")
    page.get_by_role("button", name="Save").click()

    expect(page.locator("[data-circuit=barn]")).to_contain_text("20 A MCB C · all phases · fed from main")


def test_the_hand_over_locks_the_limits_until_somebody_unlocks(visit: Open) -> None:
    page = visit("/commissioning", who="Ines")
    go(page, "hand_over")

    page.get_by_label("Installer", exact=True).fill("Ines Weber")
    page.get_by_role("button", name="Sign and lock").click()
    expect(page.get_by_text("Some steps are still open.")).to_be_visible()
    page.get_by_label("Open steps").select_option("yes")
    page.get_by_role("button", name="Sign and lock").click()
    expect(page.get_by_text("Handed over by Ines Weber")).to_be_visible()
    expect(page.get_by_role("link", name="Page to print")).to_have_attribute("href", re.compile("hand-over.html$"))
    page.get_by_role("button", name="Unlock").click()
    page.get_by_label("Why", exact=True).fill("a larger fuse")
    page.locator(".dialog").get_by_role("button", name="Unlock").click()

    expect(page.get_by_role("button", name="Sign and lock")).to_be_visible()
    expect(page.get_by_text("unlocked: a larger fuse")).to_be_visible()
