"""The sentence above everything: what the house does now."""

from __future__ import annotations

from typing import Final

from ems.api.scene import Scene
from ems.api.status import lost_meters, protecting, site_condition
from ems.api.wire import CircuitState, Powers, Sentence, SiteCondition, StationState, StationStatus
from ems.model.words import Number, say

LEAST_SUN_W: Final = 50.0
"""An inverter at night is no sun worth a word."""


def headline(
    scene: Scene, powers: Powers, circuits: tuple[CircuitState, ...], stations: tuple[StationState, ...]
) -> Sentence:
    """The gravest thing that is true, else what sun and cars do."""
    condition = site_condition(scene)
    if condition is SiteCondition.NOT_COMMISSIONED:
        return _say("headline.not_commissioned")
    if condition is SiteCondition.FALLBACK:
        return _say("headline.fallback", circuit=lost_meters(scene)[0])
    if any(notice.code == "house_overload" for notice in scene.decision.notices):
        return _say("headline.overload")
    if condition is SiteCondition.PAUSED:
        return _say("headline.paused")
    if condition is SiteCondition.PROTECTING:
        return _protecting(scene, circuits)
    return _calm(powers, stations)


def _protecting(scene: Scene, circuits: tuple[CircuitState, ...]) -> Sentence:
    held = protecting(scene)
    named = next((setpoint.reason for setpoint in held if setpoint.reason.phase is not None), None)
    if named is None or named.phase is None:
        return _say("headline.rule", held=len(held))
    place = named.circuit_id or scene.look.site.circuits.main.circuit_id
    circuit = next(each for each in circuits if each.id == place)
    free_a = named.room_a or 0.0
    if circuit.headroom_a is not None:
        free_a = circuit.headroom_a[circuit.phases.index(named.phase.name)]
    return _say(
        "headline.protecting", circuit=place, phase=named.phase.name, free_a=max(round(free_a, 1), 0.0), held=len(held)
    )


def _calm(powers: Powers, stations: tuple[StationState, ...]) -> Sentence:
    charging = sum(station.status is StationStatus.CHARGING for station in stations)
    waiting = sum(station.status is StationStatus.WAITING_SUN for station in stations)
    solar_kw = round((powers.solar_w or 0.0) / 1000.0, 2)
    charging_kw = round((powers.charging_w or 0.0) / 1000.0, 2)
    sunny = (powers.solar_w or 0.0) >= LEAST_SUN_W
    if charging and sunny:
        return _say("headline.sun_charging", solar_kw=solar_kw, cars=charging, charging_kw=charging_kw)
    if charging:
        return _say("headline.charging", cars=charging, charging_kw=charging_kw)
    if waiting:
        return _say("headline.waiting_sun", solar_kw=solar_kw, waiting=waiting)
    return _say("headline.sun", solar_kw=solar_kw) if sunny else _say("headline.quiet")


def _say(key: str, **numbers: Number) -> Sentence:
    return Sentence(key=key, numbers=numbers, text=say(key, **numbers))
