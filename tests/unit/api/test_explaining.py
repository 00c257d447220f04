"""Explanations are decided in control's loop: a token gets as many as a person reads."""

from __future__ import annotations

from ems.api.access.book import EXPLAINS_BURST, EXPLAINS_EVERY_S
from ems.api.wire import Role
from tests.api_bench import ApiBench

WHY = "/api/v1/explain/garage"


async def test_who_asks_why_all_the_time_must_wait_and_nobody_else() -> None:
    api = await ApiBench(seconds=5).peopled()
    async with api.client(Role.VIEWER) as client, api.client(Role.HOMEOWNER) as other:
        asked = [(await client.get(WHY)).status_code for _ in range(EXPLAINS_BURST)]
        refused = await client.get(WHY)
        others = await other.get(WHY)
        api.clock.advance(EXPLAINS_EVERY_S)
        later = await client.get(WHY)

    assert set(asked) == {200}
    assert (refused.status_code, refused.json()["code"]) == (429, "too_often")
    assert int(refused.headers["retry-after"]) == EXPLAINS_EVERY_S
    assert (others.status_code, later.status_code) == (200, 200)
