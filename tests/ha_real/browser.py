"""Chromium in front of Home Assistant's real front-end, as its owner uses it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, Page, async_playwright

from tests.chromium import ARGS, CHROMIUM
from tests.ha_real.hass import CLOCK, OWNER

GUARD_MS: Final = 120_000
WIDTHS: Final = {"phone": (390, 844), "desktop": (1280, 900)}
TALL: Final = 1700
SETTLES_MS: Final = 3_000
"""Charts are drawn a moment after the page is there; only pictures wait for it."""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    assert CHROMIUM is not None, "no Chromium. Cure on Debian and Ubuntu: apt-get install chromium"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGS))
        yield browser
        await browser.close()


async def logged_in(browser: Browser, url: str) -> Page:
    """A page of the owner's, after the login form."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900}, device_scale_factor=1)
    context.set_default_timeout(GUARD_MS)
    page = await context.new_page()
    await page.goto(url)
    await page.locator("input[name=username]").fill(OWNER["username"])
    await page.locator("input[name=password]").fill(OWNER["password"])
    await page.keyboard.press("Enter")
    # Its box has no height, so it never counts as visible.
    await page.wait_for_selector("home-assistant-main", state="attached")
    return page


async def add_house(page: Page, url: str, service: str, code: str) -> None:
    """Through the dialogs, as the documentation says."""
    await page.goto(f"{url}/config/integrations/dashboard")
    await page.get_by_role("button", name="Add integration").first.click()
    await page.get_by_placeholder("Search for a brand name").fill("Fusewise")
    await page.get_by_text("Fusewise", exact=True).first.click()
    await page.locator("input[name=url]").fill(service)
    await page.locator("input[name=code]").fill(code)
    await page.get_by_role("button", name="Submit").click()
    await page.get_by_role("button", name="Skip and finish").click()


async def open_dashboard(page: Page, url: str) -> None:
    await page.goto(f"{url}/our-house/now")
    await page.locator("ha-control-select-menu").wait_for()


async def choose_mode(page: Page, mode: str) -> float:
    """On the dashboard; when it was clicked, on the monotonic clock."""
    menu = page.locator("ha-control-select-menu")
    await menu.click()
    choice = menu.get_by_role("menuitem", name=mode, exact=True)
    await choice.wait_for()
    clicked_at_s = CLOCK.monotonic_s()
    await choice.click()
    return clicked_at_s


async def shows_mode(page: Page, mode: str) -> None:
    """Return once the dashboard does, as the service says, and its menu is closed again."""
    menu = page.locator("ha-control-select-menu")
    await menu.locator("button[aria-expanded=false]").wait_for()
    await menu.locator(".value", has_text=mode).wait_for()
    await page.locator("hui-tile-card", has=menu).locator("state-display", has_text=mode).wait_for()


async def picture(page: Page, address: str, folder: Path, name: str, *, whole: bool = False) -> None:
    """That page at phone and at desktop width; `whole` with all that is below."""
    for width, (wide, high) in WIDTHS.items():
        await page.set_viewport_size({"width": wide, "height": TALL if whole else high})
        await page.goto(address)
        await page.wait_for_selector("home-assistant-main", state="attached")
        await page.wait_for_timeout(SETTLES_MS)
        await page.screenshot(path=folder / f"{name}-{width}.png")
    await page.set_viewport_size({"width": 1280, "height": 900})
