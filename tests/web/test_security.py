"""An installer sees how safely stations come, and gives them passwords and certificates, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.web.conftest import Open
from tests.web.contrast import UNREADABLE
from tests.web.test_pages import sticks_out


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_page_shows_on_phone_and_desk_in_light_and_dark(visit: Open, language: str) -> None:
    page = visit("/security", who="Ines", width=390, language=language)
    expect(page.locator("[data-station=garage]")).to_contain_text(
        "Serial number" if language == "en" else "Seriennummer"
    )
    expect(page.get_by_label("What happened" if language == "en" else "Was geschah")).to_contain_text("192.0.2.7")
    assert sticks_out(page) <= 0
    assert page.evaluate(UNREADABLE) == []

    page.set_viewport_size({"width": 1280, "height": 844})
    page.emulate_media(color_scheme="dark")

    assert sticks_out(page) <= 0
    assert page.evaluate(UNREADABLE) == []


def test_it_is_for_installers_alone(visit: Open) -> None:
    page = visit("/security", who="Anna")

    expect(page.locator("h1")).to_contain_text("charging with")


def test_a_password_is_shown_once(visit: Open) -> None:
    page = visit("/security", who="Ines")
    guest = page.locator("[data-station=guest]")
    expect(guest).to_contain_text("It has no password.")

    guest.get_by_role("button", name="New password").click()
    page.get_by_role("dialog").get_by_role("button", name="Show it once").click()
    shown = page.locator(".secret")
    expect(shown).to_be_visible()
    password = shown.inner_text()
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)

    expect(guest).to_contain_text("A new password is on its way")
    assert len(password) == 40
    assert password not in page.content()
