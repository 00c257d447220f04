"""Stations are told to restart or to let go of the cable: by whom, how often, and what they answered."""

from __future__ import annotations

import pytest

from ems.api.commands import BURST, EVERY_S
from ems.api.wire import Role
from ems.csms.messages import Outcome
from ems.errors import StationError, StationOffline, StationSilent
from tests.api_bench import ApiBench

GARAGE = "/api/v1/stations/garage"


@pytest.fixture
async def api() -> ApiBench:
    return await ApiBench(seconds=20).peopled()


async def test_a_homeowner_restarts_a_station_and_hears_its_answer(api: ApiBench) -> None:
    async with api.client(Role.HOMEOWNER) as client:
        soft = await client.post(f"{GARAGE}/restart", json={})
        hard = await client.post(f"{GARAGE}/restart", json={"hard": True})

    assert soft.json() == {"station": "garage", "command": "restart", "done": True, "answer": "Accepted"}
    assert hard.status_code == 200
    assert api.stations["garage"].told == ["restart", "hard restart"]


async def test_a_station_that_cannot_says_so(api: ApiBench) -> None:
    api.stations["garage"].answers = Outcome(done=False, answer="NotSupported")
    async with api.client(Role.HOMEOWNER) as client:
        answer = await client.post(f"{GARAGE}/unlock")

    assert (answer.status_code, answer.json()["done"], answer.json()["answer"]) == (200, False, "NotSupported")


@pytest.mark.parametrize("error", [StationOffline("garage is not connected"), StationSilent("no answer from garage")])
async def test_a_station_that_does_not_answer_is_a_problem(api: ApiBench, error: StationError) -> None:
    api.stations["garage"].answers = error
    async with api.client(Role.HOMEOWNER) as client:
        answer = await client.post(f"{GARAGE}/unlock")

    assert (answer.status_code, answer.json()["code"], answer.json()["detail"]) == (503, error.code, str(error))


async def test_who_told_it_and_what_it_answered_is_audited(api: ApiBench) -> None:
    async with api.client(Role.HOMEOWNER) as client:
        await client.post(f"{GARAGE}/restart", json={})
        api.stations["garage"].answers = StationOffline("garage is not connected")
        await client.post(f"{GARAGE}/unlock")

    noted = [note for note in api.bench.diary.notes if note[0] == "station"]
    assert noted == [
        ("station", "homeowner's client", "garage is told to restart: Accepted"),
        ("station", "homeowner's client", "garage is told to let go of the cable: station_offline"),
    ]


@pytest.mark.parametrize(("command", "every_s"), [("restart", EVERY_S["restart"]), ("stop", EVERY_S["stop"])])
async def test_a_station_is_not_told_too_often_whoever_asks(api: ApiBench, command: str, every_s: float) -> None:
    async with api.client(Role.HOMEOWNER) as homeowner, api.client(Role.INSTALLER) as installer:
        codes = [(await homeowner.post(f"{GARAGE}/{command}", json={})).status_code for _ in range(BURST)]
        refused = await installer.post(f"{GARAGE}/{command}", json={})
        api.clock.advance(every_s)
        later = await installer.post(f"{GARAGE}/{command}", json={})

    assert codes == [200] * BURST
    assert (refused.status_code, refused.json()["code"], refused.headers["Retry-After"]) == (
        429,
        "too_often",
        f"{every_s:.0f}",
    )
    assert later.status_code == 200
    assert len(api.stations["garage"].told) == BURST + 1


async def test_viewers_tell_no_station_and_unknown_ones_are_unknown(api: ApiBench) -> None:
    async with api.client(Role.VIEWER) as viewer, api.client(Role.HOMEOWNER) as homeowner:
        denied = await viewer.post(f"{GARAGE}/unlock")
        unknown = await homeowner.post("/api/v1/stations/attic/restart", json={})

    assert (denied.json()["code"], unknown.json()["code"]) == ("may_not", "unknown_station")
    assert api.stations["garage"].told == []
