"""Steps of the history: minutes and quarters of an hour in wall time, days from midnight to midnight of a time zone."""

from __future__ import annotations

import os
from datetime import UTC, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MINUTE_S: Final = 60
QUARTER_S: Final = 900
LOCAL_TIME: Final = Path("/etc/localtime")


def machine_zone() -> tzinfo:
    """The time zone of this machine: the variable TZ, else its own setting, else UTC."""
    name = os.environ.get("TZ", "").removeprefix(":")
    try:
        if name:
            return ZoneInfo(name)
        with LOCAL_TIME.open("rb") as rules:
            return ZoneInfo.from_file(rules, key="local")
    except (OSError, ValueError, ZoneInfoNotFoundError):
        return UTC


def house_zone(name: str | None) -> tzinfo:
    """The time zone of that name; the machine's where the house names none."""
    return machine_zone() if name is None else ZoneInfo(name)


def step_at(utc_s: float, length_s: int) -> int:
    """When the step of that length began that holds this time."""
    return int(utc_s // length_s) * length_s


def day_at(utc_s: float, zone: tzinfo) -> tuple[int, int]:
    """When the day began that holds this time, and its length: 23 or 25 hours where the clocks change."""
    day = datetime.fromtimestamp(utc_s, zone).date()
    begins, ends = (datetime.combine(each, time(), zone).timestamp() for each in (day, day + timedelta(days=1)))
    return int(begins), int(ends - begins)
