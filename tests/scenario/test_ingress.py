"""The pages of the real service behind Home Assistant's front door, in a real browser, over real sockets."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.async_api import Page, async_playwright, expect
from websockets.asyncio.client import connect

from tests.chromium import ARGS, chromium_path
from tests.protocol.command import ems
from tests.scenario.front_door import PREFIX, front_door
from tests.web.conftest import WITHIN_MS

SITE: Final = """
connection: {main_fuse_a: 25}
meters: [{id: grid, profile: eastron_sdm630, modbus: {host: 127.0.0.1, port: 9}}]
stations: [{id: garage, fallback_a: 6}]
storage: {path: kept}
csms: {host: 127.0.0.1}
api: {host: 127.0.0.1, announce: false, trusted_proxies: [127.0.0.1]}
"""


@asynccontextmanager
async def behind_the_door(folder: Path) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """The address that a browser of Home Assistant sees, and what the service said at its start."""
    (folder / "site.yaml").write_text(SITE)
    async with ems("run", str(folder / "site.yaml"), "--json", "--ocpp-port", "0", "--api-port", "0") as service:
        started = await service.tells("pages")
        async with front_door(urlsplit(started["page"]).port or 0) as address:
            yield address, started


@asynccontextmanager
async def browsing() -> AsyncIterator[Page]:
    path = chromium_path()
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=path, args=list(ARGS))
        page = await chromium.new_page()
        page.set_default_timeout(WITHIN_MS)
        yield page
        await chromium.close()


async def test_people_come_in_and_set_things_through_the_front_door(tmp_path: Path) -> None:
    expect.set_options(timeout=WITHIN_MS)
    asked: list[str] = []
    async with behind_the_door(tmp_path) as (address, started), browsing() as page:
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(address + "/")
        await page.get_by_label("Code").fill(started["setup_code"])
        await page.get_by_label("Name").fill("Ines")
        await page.get_by_label("Password").fill("battery staple")
        await page.get_by_role("button", name="Create account").click()
        await page.wait_for_function("() => window.did_handshake === true")
        fast = page.locator("[data-station=garage]").get_by_role("button", name="Fast")
        await fast.click()
        await expect(fast).to_have_attribute("aria-pressed", "true")
        await page.get_by_role("link", name="Settings").click()
        await expect(page.locator("h1")).to_have_text("Settings")

        cookies = await page.context.cookies()
        ways = await page.locator("nav a").evaluate_all("links => links.map(link => link.getAttribute('href'))")

    assert all(urlsplit(url).path.startswith(PREFIX) for url in asked if url.startswith("http"))
    assert all(way.startswith(f"{PREFIX}/") for way in ways)
    assert {cookie["path"] for cookie in cookies if cookie["name"] == "fusewise_session"} == {PREFIX}


async def test_the_push_socket_works_through_the_front_door(tmp_path: Path) -> None:
    """It greets even who shows no good token, and then says why it ends."""
    async with behind_the_door(tmp_path) as (address, _), connect(f"ws{address[4:]}/api/v1/ws") as socket:
        await socket.send(json.dumps({"kind": "hello", "token": "none", "api_version": 1, "min_api": 1}))
        await socket.wait_closed()

    assert socket.close_code == 4401
