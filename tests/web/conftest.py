"""A real Chromium in front of the real pages, whose house is a paper one in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Request, expect, sync_playwright

from tests.chromium import ARGS, chromium_path

PASSWORDS = {"Anna": "correct horse", "Ines": "battery staple", "Vito": "only looking"}
WITHIN_MS = 15_000
"""Of every wait for what must come; nothing waits that long on an idle machine."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests, with a profile that is gone afterwards."""
    path = chromium_path()
    expect.set_options(timeout=WITHIN_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(ARGS))
        yield chromium
        chromium.close()


@dataclass(frozen=True)
class Server:
    """A service of pages in a process of its own."""

    process: subprocess.Popen[str]
    url: str


@pytest.fixture(scope="session")
def paper(browser: Browser) -> Iterator[Server]:  # noqa: ARG001 # no browser, no need for it
    """The house of all tests."""
    command = [sys.executable, "-m", "tests.web.paper_server"]
    root = Path(__file__).parents[2]
    process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, "the paper server did not start"
        yield Server(process, f"http://127.0.0.1:{port}")
        process.kill()


@dataclass
class Watch:
    """What a page must not do."""

    complaints: list[str] = field(default_factory=list)

    def over(self, page: Page, url: str) -> None:
        def said(message: ConsoleMessage) -> None:
            # The browser's own remark on a wrong password is none of ours.
            if message.type in {"error", "warning"} and "status of 401" not in message.text:
                self.complaints.append(f"console: {message.text}")

        def failed(error: Error) -> None:
            self.complaints.append(f"error: {error}")

        def asked(request: Request) -> None:
            if not request.url.startswith((url, url.replace("http:", "ws:"), "data:", "blob:")):
                self.complaints.append(f"left the machine: {request.url}")

        page.on("console", said)
        page.on("pageerror", failed)
        page.on("request", asked)


Open = Callable[..., Page]


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One profile, so that scripts are fetched once."""
    context = browser.new_context(reduced_motion="reduce", accept_downloads=True)
    context.set_default_timeout(WITHIN_MS)
    yield context
    context.close()


@pytest.fixture
def visit(context: BrowserContext, paper: Server) -> Iterator[Open]:
    """Open a page as somebody; afterwards nothing may have gone wrong in it."""
    pages: list[Page] = []
    watch = Watch()

    def visit(
        path: str = "/", *, who: str = "Anna", width: int = 1280, look: str = "light", language: str = "en"
    ) -> Page:
        context.clear_cookies()
        context.add_cookies([{"name": "fusewise_language", "value": language, "url": paper.url}])
        context.request.post(f"{paper.url}/paper/afresh")
        if who:
            context.request.post(f"{paper.url}/api/v1/login", data={"name": who, "password": PASSWORDS[who]})
        page = context.new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme="dark" if look == "dark" else "light")
        watch.over(page, paper.url)
        page.goto(f"{paper.url}{path}")
        if who:
            page.wait_for_function("() => window.did_handshake === true")
        return page

    yield visit
    for page in pages:
        page.close()
    assert watch.complaints == []
