"""A database that is away at the start: health answers, browsers are told, and the log says it once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import httpx
import pytest

from ems.api.errors import StorageTrouble
from ems.api.health import STALLED_AFTER_S, health_without_database
from ems.api.waiting import OPENS_EVERY_S, Waiting, waiting_application, waiting_server
from ems.clock import WallClock
from ems.config.schema_api import ApiSection
from tests.api_bench import GUARD_S
from tests.live import HandClock

AWAY = "the database is of a newer Fusewise"


class Away:
    """A database that comes when a test says so."""

    def __init__(self) -> None:
        self.why: str | None = AWAY
        self.asked = 0

    async def ask(self) -> None:
        self.asked += 1
        if self.why is not None:
            raise StorageTrouble(self.why)


def client(clock: HandClock, *, decided: bool = True) -> httpx.AsyncClient:
    """Calls while the database is away; the last decision is made now."""
    cycle_at_s = clock.monotonic_s() if decided else None
    app = waiting_application(lambda: health_without_database(cycle_at_s, clock))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://house.test")


@pytest.mark.parametrize(
    ("silent_s", "decided", "status", "reasons"),
    [
        (STALLED_AFTER_S, True, 200, ["storage"]),
        (STALLED_AFTER_S + 1.0, True, 503, ["stalled", "storage"]),
        (0.0, False, 503, ["starting"]),
    ],
)
async def test_health_tells_of_decisions_and_of_the_database(
    silent_s: float, decided: bool, status: int, reasons: list[str]
) -> None:
    clock = HandClock()
    async with client(clock, decided=decided) as nobody:
        clock.advance(silent_s)
        answer = await nobody.get("/api/v1/health")

    assert (answer.status_code, answer.json()["reasons"]) == (status, reasons)


@pytest.mark.parametrize(("language", "said"), [("de", "antwortet noch nicht"), ("en", "does not answer")])
async def test_a_browser_is_told_in_its_language(language: str, said: str) -> None:
    async with client(HandClock()) as browser:
        page = await browser.get("/log", headers={"Accept": "text/html", "Accept-Language": language})

    assert (page.status_code, page.headers["retry-after"]) == (503, "5")
    assert said in page.text


async def test_all_else_is_a_problem() -> None:
    async with client(HandClock()) as program:
        answer = await program.post("/api/v1/login", json={})

    assert (answer.status_code, answer.json()["code"]) == (503, "storage_trouble")


async def test_the_same_reason_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    clock, away = HandClock(), Away()
    waiting = Waiting(clock)
    with caplog.at_level(logging.ERROR):
        task = asyncio.create_task(waiting.until(away.ask, "nobody can log in yet"))
        for tries in (1, 2, 3):
            await turns_until(lambda tries=tries: away.asked == tries and clock.sleeps)  # type: ignore[misc]
            clock.advance(OPENS_EVERY_S)
        await turns_until(lambda: away.asked == 4 and clock.sleeps)
        away.why = None
        clock.advance(OPENS_EVERY_S)
        await task

    assert [record.getMessage() for record in caplog.records] == [f"nobody can log in yet: {AWAY}"]


async def test_the_port_is_answered_meanwhile_and_free_afterwards() -> None:
    clock, away = HandClock(), Away()
    now_s = clock.monotonic_s()
    waiting = Waiting(
        clock,
        lambda: waiting_server(ApiSection(), clock, lambda: health_without_database(now_s, clock), bind_port=0),
    )
    task = asyncio.create_task(waiting.until(away.ask, "nobody can log in yet"))
    await turns_until(lambda: port_of(waiting) is not None)
    port = port_of(waiting)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as nobody:
        answer = await nobody.get("/api/v1/health")
    away.why = None
    clock.advance(OPENS_EVERY_S)
    await task

    assert (answer.status_code, answer.json()["reasons"]) == (200, ["storage"])
    assert port_of(waiting) is None
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as nobody:
        with pytest.raises(httpx.ConnectError):
            await nobody.get("/api/v1/health")


def port_of(waiting: Waiting) -> int | None:
    return None if waiting.server is None else waiting.server.port


async def turns_until(come: Callable[[], bool]) -> None:
    """Let others work until it has come."""
    async with asyncio.timeout(GUARD_S):
        while not come():
            await WallClock().sleep(0)
