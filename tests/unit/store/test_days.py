"""Steps of the history in wall time, days in the time of the house."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ems.store import days
from ems.store.days import QUARTER_S, day_at, house_zone, machine_zone, step_at

WINTER = datetime(2026, 1, 15, 12, tzinfo=UTC)


def test_zone_of_the_machine_is_that_of_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", ":Europe/Berlin")

    assert machine_zone() == ZoneInfo("Europe/Berlin")
    assert house_zone("America/New_York") == ZoneInfo("America/New_York")
    assert house_zone(None) == ZoneInfo("Europe/Berlin")


def test_without_a_variable_the_machines_own_setting_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TZ", raising=False)
    rules = next(place for place in map(Path, ("/usr/share/zoneinfo/Asia/Kolkata",)) if place.exists())
    monkeypatch.setattr(days, "LOCAL_TIME", rules)
    assert WINTER.astimezone(machine_zone()).isoformat() == "2026-01-15T17:30:00+05:30"

    monkeypatch.setattr(days, "LOCAL_TIME", tmp_path / "missing")
    assert machine_zone() is UTC


@pytest.mark.parametrize("name", ["Nowhere/City", "../../etc/passwd", "CET-1CEST,M3.5.0"])
def test_zone_that_nobody_knows_counts_as_utc(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("TZ", name)

    assert machine_zone() is UTC


def test_steps_begin_at_whole_quarters() -> None:
    assert step_at(WINTER.timestamp() + 899.9, QUARTER_S) == WINTER.timestamp()
    assert step_at(WINTER.timestamp() + 900.0, QUARTER_S) == WINTER.timestamp() + 900


def test_day_of_a_zone_with_half_hours_begins_at_its_midnight() -> None:
    begins, length_s = day_at(WINTER.timestamp(), ZoneInfo("Asia/Kolkata"))

    assert datetime.fromtimestamp(begins, UTC).isoformat() == "2026-01-14T18:30:00+00:00"
    assert length_s == 86_400
