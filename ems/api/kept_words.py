"""Events of the log as English lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_LINES: Final[Mapping[str, str]] = {
    "station_offline_began": "{station} went away",
    "station_offline_ended": "{station} is back",
    "meter_lost_began": "the meter of {circuit} is not trusted any more",
    "meter_lost_ended": "the meter of {circuit} is trusted again",
    "house_overload_began": "the house alone draws more than {circuit} carries",
    "house_overload_ended": "the house draws less than {circuit} carries again",
    "ignores_limit_began": "{station} ignores its limit",
    "ignores_limit_ended": "{station} keeps its limit again",
    "meter_flipped_began": "the meter of {circuit} shows more export than sun and battery give",
    "meter_flipped_ended": "the meter of {circuit} makes sense again",
}

LONGEST: Final = 500


def log_text(kind: str, facts: Mapping[str, Any]) -> str:
    """A line for people; of a kind that is not known here, its name and facts."""
    said = facts.get("text")
    if isinstance(said, str):
        return said[:LONGEST]
    line = _LINES.get(kind)
    named = {name: str(facts.get(name, "?")) for name in ("station", "circuit")}
    if line is not None:
        return line.format(**named)[:LONGEST]
    told = ", ".join(f"{name} {value}" for name, value in facts.items())
    return f"{kind.replace('_', ' ')}{': ' if told else ''}{told}"[:LONGEST]
