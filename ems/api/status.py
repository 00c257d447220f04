"""One word for a station and one for the house, from what was decided and what is seen."""

from __future__ import annotations

from typing import Final

from ems.api.scene import Scene
from ems.api.wire import SiteCondition, StationStatus
from ems.control.seen.trust import lost_meters as lost_meters_of
from ems.model.decision import LimitReason, NoticeCode, Setpoint
from ems.model.goals import ChargeMode
from ems.model.station import USES_A, ConnectorStatus, StationState

PROTECTS: Final = frozenset(
    {
        LimitReason.MAIN_FUSE,
        LimitReason.CIRCUIT_FUSE,
        LimitReason.PHASE_IMBALANCE,
        LimitReason.GRID_OPERATOR,
        LimitReason.PRICE,
        LimitReason.IGNORES_LIMIT,
    }
)
"""Reasons of fuses, rules and caps."""

SUN: Final = frozenset({LimitReason.SOLAR_SURPLUS, LimitReason.BATTERY_FIRST})

STARTS_WITHIN_S: Final = 60.0
"""A car that may draw and does not after this is waited for (`ocpp-smart-charging.md`: cars need up to a minute)."""

DONE_AFTER_S: Final = 120.0
DONE_KWH: Final = 0.1
"""A car that took energy, says it wants no more, and keeps to that for two minutes is done (assumed)."""


def station_status(scene: Scene, station_id: str) -> StationStatus:
    """The station in a person's words."""
    state, setpoint = scene.look.state_of(station_id), scene.decision.setpoints[station_id]
    if not state.connected:
        return StationStatus.OFFLINE
    if state.status in {ConnectorStatus.FAULTED, ConnectorStatus.UNAVAILABLE}:
        return StationStatus.FAULT
    if not state.plugged:
        return StationStatus.UNPLUGGED
    if scene.look.goal_of(station_id).mode is ChargeMode.OFF:
        return StationStatus.OFF
    if setpoint.limit_a <= 0:
        return _paused(setpoint)
    if draws(state):
        return StationStatus.CHARGING
    return _idle(scene, station_id, state)


def site_condition(scene: Scene) -> SiteCondition:
    """The house in one word; the gravest one that is true."""
    if not scene.look.site.commissioned:
        return SiteCondition.NOT_COMMISSIONED
    if lost_meters(scene):
        return SiteCondition.FALLBACK
    if protecting(scene):
        return SiteCondition.PROTECTING
    return SiteCondition.OPTIMISING if scene.optimising else SiteCondition.PAUSED


def lost_meters(scene: Scene) -> tuple[str, ...]:
    """Circuits whose meter is not trusted now."""
    return lost_meters_of(scene.look.site, scene.decision)


def protecting(scene: Scene) -> tuple[Setpoint, ...]:
    """Set-points of plugged cars that a fuse, a rule or a cap holds down now. A house overload holds down all."""
    overload = any(notice.code is NoticeCode.HOUSE_OVERLOAD for notice in scene.decision.notices)
    return tuple(
        setpoint
        for station_id, setpoint in scene.decision.setpoints.items()
        if scene.look.state_of(station_id).plugged and (overload or setpoint.reason.code in PROTECTS)
    )


def draws(state: StationState) -> bool:
    """Whether current flows into the car, as the station last measured."""
    return state.car is not None and max(state.car.current_a, default=0.0) > USES_A


def _paused(setpoint: Setpoint) -> StationStatus:
    code = setpoint.reason.code
    if code is LimitReason.PLAN:
        return StationStatus.FINISHED
    if code in SUN:
        return StationStatus.WAITING_SUN
    return StationStatus.WAITING_FUSE if code in PROTECTS else StationStatus.WAITING


def _idle(scene: Scene, station_id: str, state: StationState) -> StationStatus:
    """A car that may draw and does not."""
    if state.status is ConnectorStatus.FINISHING:
        return StationStatus.FINISHED
    since_s = scene.memory.timers_of(station_id).on_since_s
    allowed_for_s = 0.0 if since_s is None else scene.look.now_s - since_s
    session = scene.counted.sessions.get(station_id)
    full = session is not None and session.energy_kwh >= DONE_KWH and allowed_for_s >= DONE_AFTER_S
    if state.status is ConnectorStatus.SUSPENDED_EV:
        return StationStatus.FINISHED if full else StationStatus.WAITING_CAR
    return StationStatus.STARTING if allowed_for_s < STARTS_WITHIN_S else StationStatus.WAITING_CAR
