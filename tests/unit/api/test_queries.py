"""Texts in addresses: what no database takes is refused at the door."""

from __future__ import annotations

from typing import Any

import pytest

from ems.api.wire import Role
from tests.api_bench import ApiBench

CLOSED = {"pattern", "format", "enum", "$ref"}


@pytest.mark.parametrize("sign", ["%00", "%0A", "%1F", "%7F"])
@pytest.mark.parametrize(
    "address", ["log?kind=", "decisions?text=", "decisions?station=", "sessions?station=", "sessions.csv?station="]
)
async def test_a_query_with_a_control_character_makes_no_sense(address: str, sign: str) -> None:
    api = await ApiBench(seconds=5).peopled()
    async with api.client(Role.VIEWER) as client:
        answer = await client.get(f"/api/v1/{address}a{sign}b")

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_no_query_takes_just_any_text() -> None:
    api = ApiBench(seconds=5)
    queries = [
        (path, parameter["name"], shape)
        for path, deeds in api.app.state.api.openapi()["paths"].items()
        for deed in deeds.values()
        for parameter in deed.get("parameters", [])
        if parameter["in"] == "query"
        for shape in parameter["schema"].get("anyOf", [parameter["schema"]])
    ]

    assert [found for found in queries if is_any_text(found[2])] == []
    assert any(name == "kind" for _, name, _ in queries)


def is_any_text(shape: dict[str, Any]) -> bool:
    return shape.get("type") == "string" and not CLOSED & shape.keys()
