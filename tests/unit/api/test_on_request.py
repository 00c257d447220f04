"""What can be asked of a station on request, over the API."""

from __future__ import annotations

from typing import Any

import pytest

from ems.api.wire import Role
from ems.csms.on_request_words import EventTold, Monitor
from tests.api_bench import ApiBench

GARAGE = "/api/v1/stations/garage"

ASKED: tuple[tuple[str, str, Any, str], ...] = (
    ("PUT", "monitor_base", {"base": "All"}, "base All"),
    ("PUT", "monitor_level", {"severity": 4}, "level 4"),
    (
        "POST",
        "monitors",
        {"variable": "Connector.Temperature", "kind": "UpperThreshold", "value": 70},
        "monitor Connector.Temperature UpperThreshold 70",
    ),
    ("DELETE", "monitors/7", None, "stop [7]"),
    ("POST", "monitor_report", None, "report monitors"),
    ("POST", "components_report", {"that": "Problem"}, "report Problem"),
    ("POST", "curves_report", None, "report curves"),
    ("POST", "display_report", None, "report shown"),
    ("PUT", "display/3", {"content": "Hello", "in_session": True}, "show 3 Hello True"),
    ("DELETE", "display/3", None, "show no more 3"),
    ("PUT", "cost", {"total": 3.5}, "cost 3.5"),
    ("POST", "customer", {"tag": "ANNA", "clear": True}, "customer ANNA True True"),
)


@pytest.fixture
async def api() -> ApiBench:
    return await ApiBench(seconds=20).peopled()


@pytest.mark.parametrize(("method", "path", "body", "told"), ASKED)
async def test_everything_reaches_the_station_and_the_diary(
    api: ApiBench, method: str, path: str, body: Any, told: str
) -> None:
    async with api.client(Role.INSTALLER) as client:
        answer = await client.request(method, f"{GARAGE}/{path}", json=body)

    assert (answer.status_code, answer.json()["done"]) == (200, True)
    assert api.stations["garage"].told == [told]
    assert [kind for kind, _, _ in api.bench.diary.notes if kind == "station"] == ["station"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    # Texts that are shown and costs are of a station's own methods, which say so themselves.
    [each[:3] for each in ASKED if each[:2] not in {("PUT", "display/3"), ("PUT", "cost")}],
)
async def test_a_station_of_1_6_has_no_word_for_it_and_that_is_said(
    api: ApiBench, method: str, path: str, body: Any
) -> None:
    api.stations["garage"].speaks = "1.6"
    async with api.client(Role.INSTALLER) as client:
        answer = await client.request(method, f"{GARAGE}/{path}", json=body)

    assert (answer.status_code, answer.json()["code"]) == (409, "station_cannot")
    assert "1.6" in answer.json()["detail"]


async def test_what_it_told_is_shown(api: ApiBench) -> None:
    told = api.stations["garage"].on_request
    told.monitors.put(Monitor(number=7, variable="Connector.Temperature#1", kind="Delta", value=2.0, severity=3))
    told.happened(
        EventTold(at=None, variable="RCD.Problem", value="true", trigger="Alerting", cleared=False, about="", monitor=7)
    )
    async with api.client(Role.INSTALLER) as client:
        state = (await client.get(f"{GARAGE}/on_request")).json()

    assert state["monitors_asked"] == {"asked": None, "complete": False}
    assert [each["number"] for each in state["monitors"]] == [7]
    assert [each["variable"] for each in state["events"]] == ["RCD.Problem"]


async def test_data_of_customers_are_for_installers_and_wishes_are_looked_at(api: ApiBench) -> None:
    async with api.client(Role.HOMEOWNER) as client:
        refused = [
            (await client.get(f"{GARAGE}/on_request")).status_code,
            (await client.post(f"{GARAGE}/customer", json={"tag": "ANNA"})).status_code,
        ]
    async with api.client(Role.INSTALLER) as client:
        wrong = [
            (await client.put(f"{GARAGE}/monitor_level", json={"severity": 10})).status_code,
            (await client.put(f"{GARAGE}/display/1", json={"content": "x" * 513})).status_code,
            (await client.put(f"{GARAGE}/cost", json={"total": -1})).status_code,
        ]

    assert refused == [403, 403]
    assert wrong == [422, 422, 422]
    assert api.stations["garage"].told == []
