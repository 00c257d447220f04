"""An installer looks after a station, in a real browser: settings, firmware, logs, tags."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.web.conftest import Open
from tests.web.contrast import UNREADABLE
from tests.web.test_pages import sticks_out


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_page_shows_on_phone_and_desk_in_light_and_dark(visit: Open, language: str) -> None:
    page = visit("/station", who="Ines", width=390, language=language)
    expect(page.locator("[data-state=Installing]")).to_be_visible()
    page.get_by_role("button", name="Read settings" if language == "en" else "Einstellungen lesen", exact=True).click()
    expect(page.locator("[data-key=HeartbeatInterval]")).to_contain_text("60 s")
    assert sticks_out(page) <= 0
    assert page.evaluate(UNREADABLE) == []

    page.set_viewport_size({"width": 1280, "height": 844})
    page.emulate_media(color_scheme="dark")

    assert sticks_out(page) <= 0
    assert page.evaluate(UNREADABLE) == []


def test_it_is_for_installers_alone(visit: Open) -> None:
    page = visit("/station", who="Anna")

    expect(page.locator("h1")).to_contain_text("charging with")


def test_a_dangerous_setting_is_changed_with_its_warning_before_ones_eyes(visit: Open) -> None:
    page = visit("/station?station=carport", who="Ines")
    page.get_by_role("button", name="Read settings", exact=True).click()

    page.get_by_role("button", name="Change: HeartbeatInterval").click()
    expect(page.get_by_role("dialog", name="HeartbeatInterval")).to_contain_text("The charger may seem gone")
    page.get_by_label("Value").fill("120")
    page.get_by_role("dialog", name="HeartbeatInterval").get_by_role("button", name="Change").click()

    expect(page.locator("[data-key=HeartbeatInterval]")).to_contain_text("120 s")


def test_firmware_is_brought_and_installed(visit: Open) -> None:
    page = visit("/station?station=guest", who="Ines")

    page.get_by_label("Add a file").set_input_files(
        {"name": "guest 3.0.bin", "mimeType": "application/octet-stream", "buffer": b"firmware" * 100}
    )

    expect(page.get_by_label("Firmware", exact=True)).to_contain_text("guest_3.0.bin")
    page.get_by_role("button", name="Remove guest_3.0.bin").click()
    expect(page.get_by_label("Firmware", exact=True)).not_to_contain_text("guest_3.0.bin")


def test_a_tag_is_written_down_blocked_and_removed(visit: Open) -> None:
    page = visit("/station", who="Ines")
    tags = page.get_by_label("Tags", exact=True)

    tags.get_by_role("button", name="Add").click()
    page.get_by_label("Tag", exact=True).fill("04A1B2C3")
    page.get_by_label("Name", exact=True).fill("Anna's fob")
    page.get_by_label("State", exact=True).select_option("blocked")
    page.get_by_role("button", name="Save").click()
    expect(tags).to_contain_text("Anna's fob")
    expect(tags).to_contain_text("Blocked")
    tags.get_by_role("button", name="Remove Anna's fob").click()

    expect(tags).not_to_contain_text("Anna's fob")


def test_a_monitor_is_shown_with_its_event_and_a_text_is_put_on_the_display(visit: Open) -> None:
    page = visit("/station", who="Ines")
    monitors, display = page.get_by_label("Monitors and events", exact=True), page.get_by_label("Display and costs")
    expect(monitors.locator("[data-monitor='7']")).to_contain_text("above 70")
    expect(monitors).to_contain_text("Connector.Temperature#1 = 81")
    expect(display).to_contain_text("Ends at noon")

    display.get_by_role("button", name="Show a text").click()
    page.get_by_label("Text", exact=True).fill("Hello")
    page.get_by_role("dialog").get_by_role("button", name="Show a text").click()

    expect(page.get_by_text("The charger does it.").first).to_be_visible()


def test_a_connector_says_whose_it_is_and_a_restart_that_it_is_of_all(visit: Open) -> None:
    page = visit("/station?station=carport", who="Ines")
    card = page.get_by_label("Operation", exact=True)

    expect(card).to_contain_text("Connector 2 of one charger, beside Garage")
    card.get_by_role("button", name="Restart", exact=True).click()
    expect(page.get_by_role("dialog", name="Restart Carport?")).to_contain_text("are the whole charger’s: Garage too.")

    now = visit("/", who="Anna")
    expect(now.locator("[data-station=garage]")).to_contain_text("Connector 1 of one charger, beside Carport")
    expect(now.locator("[data-station=guest]")).not_to_contain_text("Connector")


def test_a_report_card_is_made_and_has_a_page_to_print(visit: Open) -> None:
    page = visit("/station?station=guest", who="Ines")
    cards = page.get_by_label("Report cards", exact=True)

    cards.get_by_role("button", name="Make a report card").click()

    expect(cards.locator("[data-card]").first).to_contain_text("good")
    href = cards.get_by_role("link", name="Page to print").first.get_attribute("href")
    assert href is not None
    told = page.request.get(page.url.partition("/station")[0] + href)
    assert told.status == 200
    assert "guest" in told.text()

    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(page.url.partition("/station")[0] + href)
    found = page.get_by_text("It speaks OCPP 1.6.").bounding_box()
    assert found is not None
    assert found["width"] > 300
