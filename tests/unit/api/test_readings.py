"""Readings that programs bring: who may, what becomes of them, and what the state says of it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from ems.api.feed import BURST, EVERY_S
from ems.api.health import health
from ems.api.wire import Role
from tests.api_bench import PASSWORD, PEOPLE, ApiBench
from tests.inlets import inlets
from tests.live import LiveBench

ADDRESS = "/api/v1/readings"
GRID = {"device": "grid", "age_s": 2.0, "power_w": 2070.0, "powers_w": [2300.0, -460.0, 230.0]}


@pytest.fixture
async def api() -> ApiBench:
    return await ApiBench(LiveBench(inlets=inlets), seconds=20).peopled()


async def brought(api: ApiBench, *readings: dict[str, Any], role: Role = Role.HOMEOWNER) -> httpx.Response:
    async with api.client(role) as client:
        return await client.post(ADDRESS, json={"readings": readings})


def verdicts(answer: httpx.Response) -> list[tuple[str, str | None]]:
    assert answer.status_code == 200, answer.text
    return [(each["device"], each["code"]) for each in answer.json()["verdicts"]]


async def test_readings_of_every_kind_are_taken_with_their_age(api: ApiBench) -> None:
    roof = {"device": "roof", "age_s": 11.0, "power_w": 4200.0, "energy_kwh": 1204.5}
    cellar = {"device": "cellar", "age_s": 5.0, "power_w": -800.0, "soc": 0.62}

    answer = await brought(api, GRID, roof, cellar)
    async with api.client(Role.VIEWER) as client:
        sources = (await client.get(ADDRESS)).json()

    assert verdicts(answer) == [("grid", None), ("roof", None), ("cellar", None)]
    assert [(each["id"], each["kind"], each["age_s"], each["silent"]) for each in sources] == [
        ("grid", "meter", 2.0, False),
        ("roof", "solar", 11.0, False),
        ("cellar", "battery", 5.0, False),
    ]
    assert (sources[0]["circuit"], sources[0]["phases"], sources[0]["client"]) == ("main", 3, "homeowner's client")


@pytest.mark.parametrize(
    ("reading", "code", "detail"),
    [
        ({"device": "attic", "age_s": 0.0, "power_w": 1.0}, "unknown_source", "there are: grid, roof, cellar"),
        ({**GRID, "age_s": 60.0}, "too_old", "after 50 s it is silent"),
        ({**GRID, "powers_w": [1.0, 2.0]}, "nonsense", "grid has 3 phases, and powers_w tells 2"),
        ({"device": "grid", "age_s": 0.0, "power_w": 4000.0}, "nonsense", "neither current nor power for L1"),
        ({**GRID, "current_a": [400.0, 0.0, 0.0]}, "nonsense", "more than 75 A is impossible"),
        ({**GRID, "soc": 0.5}, "nonsense", "grid is a meter, which tells no soc"),
        ({"device": "cellar", "age_s": 0.0, "power_w": 0.0, "soc": 62.0}, "nonsense", "6200 % is impossible"),
        ({"device": "roof", "age_s": 0.0, "power_w": 90_000.0}, "nonsense", "of sun"),
    ],
)
async def test_what_cannot_be_is_refused_with_the_reason(
    api: ApiBench, reading: dict[str, Any], code: str, detail: str
) -> None:
    answer = await brought(api, reading)

    assert verdicts(answer) == [(reading["device"], code)]
    assert detail in answer.json()["verdicts"][0]["detail"]
    known = {source.id: source.refused for source in api.bench.run(1).sources}
    refused = known.get(reading["device"])
    assert (refused.code if refused else None) == (None if code == "unknown_source" else code)


async def test_one_refused_reading_does_not_hold_up_the_others(api: ApiBench) -> None:
    answer = await brought(api, {**GRID, "age_s": 999.0}, {"device": "roof", "age_s": 0.0, "power_w": 10.0})

    assert verdicts(answer) == [("grid", "too_old"), ("roof", None)]


async def test_a_request_that_was_held_up_is_as_old_as_its_time_says(api: ApiBench) -> None:
    measured = api.clock.utc_now().isoformat()
    api.clock.advance(20.0)

    await brought(api, {**GRID, "age_s": 0.0, "taken_at": measured})

    assert api.bench.feed.sources()[0].age_s == 20.0


async def test_a_clock_that_is_ahead_makes_no_reading_younger(api: ApiBench) -> None:
    ahead = api.clock.utc_now().replace(year=2030).isoformat()

    await brought(api, {**GRID, "age_s": 7.0, "taken_at": ahead})

    assert api.bench.feed.sources()[0].age_s == 7.0


async def test_a_value_that_is_brought_again_is_no_new_one(api: ApiBench) -> None:
    await brought(api, GRID)
    api.clock.advance(5.0)

    assert verdicts(await brought(api, {**GRID, "age_s": 7.0})) == [("grid", "not_newer")]
    assert api.bench.feed.sources()[0].refused is None


async def test_only_one_client_at_a_time_brings_the_readings_of_a_device(api: ApiBench) -> None:
    await brought(api, GRID)
    api.clock.advance(10.0)
    second = await brought(api, GRID, role=Role.INSTALLER)
    api.clock.advance(45.0)
    later = await brought(api, GRID, role=Role.INSTALLER)

    assert verdicts(second) == [("grid", "other_client")]
    assert verdicts(later) == [("grid", None)]


async def test_the_first_reading_of_a_client_is_audited_and_no_other(api: ApiBench) -> None:
    for _ in range(3):
        await brought(api, GRID)
        api.clock.advance(5.0)

    noted = [note for note in api.bench.diary.notes if note[0] == "feed"]
    assert noted == [("feed", "homeowner's client", "grid: its readings come from this client")]


async def test_viewers_bring_none_and_neither_do_browsers(api: ApiBench) -> None:
    viewer = await brought(api, GRID, role=Role.VIEWER)
    async with api.client() as browser:
        await browser.post("/api/v1/login", json={"name": PEOPLE[Role.HOMEOWNER], "password": PASSWORD})
        session = await browser.post(ADDRESS, json={"readings": [GRID]}, headers={"X-Fusewise": "1"})

    assert [answer.json()["code"] for answer in (viewer, session)] == ["may_not", "may_not"]
    assert api.bench.feed.sources()[0].age_s is None


async def test_too_many_requests_have_to_wait(api: ApiBench) -> None:
    answers = [(await brought(api, GRID)).status_code for _ in range(BURST)]
    refused = await brought(api, GRID)
    api.clock.advance(EVERY_S)

    assert set(answers) == {200}
    assert (refused.status_code, refused.json()["code"], refused.headers["Retry-After"]) == (429, "too_often", "1")
    assert (await brought(api, GRID)).status_code == 200


@pytest.mark.parametrize("readings", [[], [GRID] * 51, [{**GRID, "power_w": 1e12}], [{**GRID, "age_s": -1.0}]])
async def test_bodies_without_bounds_make_no_sense(api: ApiBench, readings: list[dict[str, Any]]) -> None:
    answer = await brought(api, *readings)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_supervisors_are_told_of_a_silent_source_and_of_a_refused_reading(api: ApiBench) -> None:
    before = health(api.bench.live, api.clock).reasons
    await brought(
        api, GRID, {"device": "roof", "age_s": 0, "power_w": 1}, {"device": "cellar", "age_s": 0, "power_w": 1}
    )
    api.bench.run(1)
    fed = health(api.bench.live, api.clock).reasons
    await brought(api, {**GRID, "powers_w": [1.0]})
    api.bench.run(1)

    assert (before, fed) == (("source_silent",), ())
    assert health(api.bench.live, api.clock).reasons == ("source_refused",)
