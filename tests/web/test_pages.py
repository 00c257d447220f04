"""Every page in a real browser: nothing complains, nothing sticks out, nothing leaves the machine, all can be read."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import Open
from tests.web.contrast import UNREADABLE

PATHS = ("/", "/history", "/sessions", "/log", "/settings")
HEADS = {
    "/": "charging with",
    "/history": "History",
    "/sessions": "Sessions",
    "/log": "Log",
    "/settings": "Settings",
}


def sticks_out(page: Page) -> int:
    """Pixels that the page is wider than its window."""
    wide: int = page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
    return wide


@pytest.mark.parametrize("path", PATHS)
def test_page_shows_on_phone_and_desk_in_light_and_dark(visit: Open, path: str) -> None:
    page = visit(path, width=390, look="light")
    expect(page.locator("h1")).to_contain_text(HEADS[path])
    assert sticks_out(page) <= 0
    assert page.evaluate(UNREADABLE) == []

    page.set_viewport_size({"width": 1280, "height": 844})
    page.emulate_media(color_scheme="dark")

    assert sticks_out(page) <= 0
    assert page.evaluate(UNREADABLE) == []


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_smallest_phone_has_room_for_the_now_page(visit: Open, language: str) -> None:
    page = visit("/", width=360, language=language)

    expect(page.locator("[data-station=garage] .power")).to_contain_text("kW")
    assert sticks_out(page) <= 0


@pytest.mark.parametrize("path", ["/login", "/setup"])
def test_doors_show_without_complaint(visit: Open, path: str) -> None:
    page = visit(path, who="", width=390, look="dark")

    expect(page.locator("form")).to_be_visible()
    assert page.evaluate(UNREADABLE) == []
    assert sticks_out(page) <= 0


def test_pages_follow_the_systems_look_and_a_persons_choice(visit: Open) -> None:
    page = visit("/settings", look="dark")
    dark = page.evaluate("() => getComputedStyle(document.body).backgroundColor")

    page.get_by_role("button", name="Light", exact=True).click()
    page.wait_for_function("() => document.documentElement.dataset.look === 'light'")

    light = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert (dark, light) == ("rgb(14, 20, 18)", "rgb(244, 246, 244)")
