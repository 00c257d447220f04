"""A client that applies deltas has what a new snapshot would give it."""

from __future__ import annotations

from typing import Any

from ems.api.delta import as_json, changes, is_whole
from ems.model.goals import ChargeMode
from tests.live import LiveBench


def applied(before: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    """As a client does it."""
    after = {**before, **changed}
    for key in ("circuits", "stations"):
        news = {entry["id"]: entry for entry in changed.get(key, ())}
        after[key] = [news.get(entry["id"], entry) for entry in before[key]]
    return after


def test_deltas_add_up_to_the_newest_state() -> None:
    bench = LiveBench()
    held = as_json(bench.run(20))

    for _ in range(10):
        bench.house.sun_w += 500.0
        now = as_json(bench.run(7))
        held = {**applied(held, changes(held, now)), "at": now["at"], "sequence": now["sequence"]}

        assert held == now


def test_a_quiet_second_is_a_short_delta() -> None:
    bench = LiveBench()
    before = as_json(bench.run(60))

    after = as_json(bench.live.state())

    assert changes(before, after) == {}


def test_only_the_station_that_changed_is_sent() -> None:
    bench = LiveBench()
    before = as_json(bench.run(60))
    bench.live.set_mode("carport", ChargeMode.OFF, who="anna")

    changed = changes(before, as_json(bench.live.state()))

    assert [station["id"] for station in changed["stations"]] == ["carport"]


def test_other_stations_need_a_new_snapshot() -> None:
    before = as_json(LiveBench().run(20))
    after = {**before, "stations": before["stations"][:1]}

    assert is_whole(before, before)
    assert not is_whole(before, after)
