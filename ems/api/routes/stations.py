"""What people set for one station. Everything stays inside the installer's limits."""

from __future__ import annotations

from fastapi import APIRouter

from ems.api.problems import documented
from ems.api.routes.house import StationPath, find_station
from ems.api.routes.needs import GUARDED, AtDesk, Homeowner
from ems.api.wire import (
    BoostWish,
    GoalWish,
    GuestWish,
    LimitWish,
    MinimumWish,
    ModeWish,
    PhasesWish,
    SettingsWish,
    StationState,
)

router = APIRouter(prefix="/stations/{station_id}", tags=["stations"], responses={**GUARDED, **documented(404, 409)})


@router.put("/mode")
async def set_mode(station_id: StationPath, wish: ModeWish, desk: AtDesk, person: Homeowner) -> StationState:
    """How its car charges, from the next second on and over restarts."""
    desk.house.set_mode(station_id, wish.mode, who=person.name)
    return find_station(desk.house.state(), station_id)


@router.put("/settings")
async def set_settings(station_id: StationPath, wish: SettingsWish, desk: AtDesk, person: Homeowner) -> StationState:
    """A person's own bound, priority and vehicle; null goes back to the site file."""
    desk.house.set_settings(station_id, wish, who=person.name)
    return find_station(desk.house.state(), station_id)


@router.put("/phases")
async def set_phases(station_id: StationPath, wish: PhasesWish, desk: AtDesk, person: Homeowner) -> StationState:
    """One phase or three, of a station that can change them; null leaves it to the surplus and the fuses."""
    desk.house.set_phases(station_id, wish, who=person.name)
    return find_station(desk.house.state(), station_id)


@router.put("/minimum")
async def set_minimum(station_id: StationPath, wish: MinimumWish, desk: AtDesk, person: Homeowner) -> StationState:
    """The least current that its car charges with, between the station's minimum and the installer's limit."""
    desk.house.set_minimum(station_id, wish, who=person.name)
    return find_station(desk.house.state(), station_id)


@router.put("/goal")
async def set_goal(station_id: StationPath, wish: GoalWish, desk: AtDesk, person: Homeowner) -> StationState:
    """Energy for this stay: the car pauses once it is in. It ends when the car leaves.

    With `ready_by` too, the car follows its mode until its latest start, and charges from then on; mode off stays off.
    A time without energy is only shown: nobody knows how much the car takes.
    """
    desk.house.set_goal(station_id, wish, who=person.name)
    return find_station(desk.house.state(), station_id)


@router.delete("/goal")
async def clear_goal(station_id: StationPath, desk: AtDesk, person: Homeowner) -> StationState:
    """No goal."""
    desk.house.set_goal(station_id, None, who=person.name)
    return find_station(desk.house.state(), station_id)


@router.put("/guest")
async def set_guest(station_id: StationPath, wish: GuestWish, desk: AtDesk, person: Homeowner) -> StationState:
    """Another car than usual, until it leaves: its session is counted for the guest."""
    desk.house.set_guest(station_id, wish.vehicle, who=person.name)
    return find_station(desk.house.state(), station_id)


@router.delete("/guest")
async def clear_guest(station_id: StationPath, desk: AtDesk, person: Homeowner) -> StationState:
    """The usual car after all."""
    desk.house.set_guest(station_id, None, who=person.name)
    return find_station(desk.house.state(), station_id)


@router.put("/limit")
async def set_limit(station_id: StationPath, wish: LimitWish, desk: AtDesk, person: Homeowner) -> StationState:
    """A lower limit for a while; below the station's minimum it pauses."""
    desk.house.set_limit(station_id, wish, who=person.name)
    return find_station(desk.house.state(), station_id)


@router.delete("/limit")
async def clear_limit(station_id: StationPath, desk: AtDesk, person: Homeowner) -> StationState:
    """End the temporary limit at once."""
    desk.house.set_limit(station_id, None, who=person.name)
    return find_station(desk.house.state(), station_id)


@router.put("/boost")
async def set_boost(station_id: StationPath, wish: BoostWish, desk: AtDesk, person: Homeowner) -> StationState:
    """As fast as the fuses allow, for a while, whatever the mode."""
    desk.house.boost(station_id, wish, who=person.name)
    return find_station(desk.house.state(), station_id)


@router.delete("/boost")
async def end_boost(station_id: StationPath, desk: AtDesk, person: Homeowner) -> StationState:
    """End the boost at once."""
    desk.house.boost(station_id, None, who=person.name)
    return find_station(desk.house.state(), station_id)
