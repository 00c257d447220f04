"""When a goal will be reached, for people. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ems.api.scene import Scene
from ems.api.wishes import NO_WISHES
from ems.control.pace import Pace, charging_s
from ems.model.goals import ChargeMode

MINUTE_S: Final = 60.0
ESTIMATE_STEP_S: Final = 300.0
"""An estimate to the minute would be another one every few seconds."""

CHARGES_W: Final = 500.0
"""A car that draws less has not begun, or is nearly full."""

STEADY: Final = frozenset({ChargeMode.FAST, ChargeMode.MIN_SOLAR})
"""Modes that never wait for the sun."""

MOST_UTC_S: Final = 4e9
"""An end beyond this century is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What can be told of one station's goal."""

    latest_start_at: datetime | None = None
    finish_at: datetime | None = None
    at_risk: bool = False
    expected_kwh: float | None = None


NO_OUTLOOK: Final = Outlook()


def outlook(scene: Scene, station_id: str, power_w: float | None) -> Outlook:
    """How that station's goal stands; `power_w` is what its car draws."""
    goal, left_kwh = scene.look.goal_of(station_id), still_kwh(scene, station_id)
    if left_kwh is None or goal.fulfilled:
        return NO_OUTLOOK
    pace = scene.memory.paces.get(station_id)
    finish_utc_s = _finish_utc_s(scene, goal.mode, pace, left_kwh, power_w)
    finish_at = None if finish_utc_s is None else _stepped(finish_utc_s, ESTIMATE_STEP_S)
    if pace is None:
        return Outlook(finish_at=finish_at)
    start_utc_s = pace.latest_start_utc_s if pace.began_utc_s is None else pace.began_utc_s
    return Outlook(
        latest_start_at=_stepped(start_utc_s, MINUTE_S) if start_utc_s > 0.0 else None,
        finish_at=finish_at,
        at_risk=pace.at_risk,
        expected_kwh=round(pace.expected_kwh, 1),
    )


def still_kwh(scene: Scene, station_id: str) -> float | None:
    """What is still to come of a person's energy, else of that to the car's target; None where nobody knows."""
    wanted_kwh, goal = scene.wishes.get(station_id, NO_WISHES).energy_kwh, scene.look.goal_of(station_id)
    session = scene.counted.sessions.get(station_id)
    in_car_kwh = 0.0 if session is None else session.energy_kwh
    if wanted_kwh is not None:
        return max(0.0, wanted_kwh - in_car_kwh)
    if goal.target_soc is None:
        return None
    if goal.fulfilled:
        return 0.0
    # All in by our count, and the car has not told for long: then it charges on.
    return None if goal.energy_kwh is None or goal.energy_kwh <= in_car_kwh else goal.energy_kwh - in_car_kwh


def _finish_utc_s(
    scene: Scene, mode: ChargeMode, pace: Pace | None, left_kwh: float, power_w: float | None
) -> float | None:
    """By the power that flows; of a car that waits for the sun, when it will be in although no sun comes."""
    if mode is ChargeMode.OFF:
        return None
    due = pace is not None and pace.due
    if pace is not None and not due and mode is ChargeMode.SOLAR:
        return pace.latest_start_utc_s + charging_s(left_kwh, pace.pull.later_w)
    if not due and mode not in STEADY:
        return None
    counted_w = power_w if power_w is not None and power_w >= CHARGES_W else None
    if counted_w is None and pace is not None:
        counted_w = pace.pull.now_w
    return None if counted_w is None else scene.at.timestamp() + charging_s(left_kwh, counted_w)


def _stepped(utc_s: float, step_s: float) -> datetime | None:
    return datetime.fromtimestamp(utc_s - utc_s % step_s, UTC) if utc_s < MOST_UTC_S else None
