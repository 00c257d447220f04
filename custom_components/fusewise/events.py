"""What happened between two looks at the house. Pure; no Home Assistant here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .models import House, Session, Station
from .words import SiteCondition, SiteEvent, StayEvent

Told = dict[str, str | float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One event, with what automations may want to say about it."""

    event: str
    told: Told


BEGINS: Final = {SiteCondition.PROTECTING: SiteEvent.LIMITED, SiteCondition.FALLBACK: SiteEvent.FALLBACK}
ENDS: Final = {SiteCondition.PROTECTING: SiteEvent.RELEASED, SiteCondition.FALLBACK: SiteEvent.RESUMED}


def of_house(before: House, now: House) -> Iterator[Happened]:
    """A fuse that was protected, meters that were missing; the end of one comes before the start of the other."""
    if before.condition is now.condition or now.condition is None or before.condition is None:
        return
    told: Told = {"headline": now.headline.text}
    if before.condition in ENDS:
        yield Happened(event=ENDS[before.condition], told=told)
    if now.condition in BEGINS:
        yield Happened(event=BEGINS[now.condition], told=told)


def of_station(before: House, now: House, station_id: str) -> Iterator[Happened]:
    """Sessions and goals of one charging station."""
    was, station = before.station(station_id), now.station(station_id)
    if was is None or station is None:
        return
    earlier, session = was.session, station.session
    if earlier is not None and session is not None and earlier.id == session.id:
        yield from _of_goal(before, now, was, station)
        return
    if earlier is not None:
        if _lacks_kwh(was, earlier) and not _is_over(was, before):
            yield _happened(StayEvent.GOAL_MISSED, was, earlier)
        yield _happened(StayEvent.ENDED, was, earlier)
    if session is not None:
        yield _happened(StayEvent.STARTED, station, session)


def _of_goal(before: House, now: House, was: Station, station: Station) -> Iterator[Happened]:
    """A goal in the course of a session: reached once, or its time goes by once."""
    if was.session is None or station.session is None or station.goal is None:
        return
    if _lacks_kwh(station, station.session):
        if _is_over(station, now) and not _is_over(station, before):
            yield _happened(StayEvent.GOAL_MISSED, station, station.session)
    elif was.goal is not None and _lacks_kwh(was, was.session):
        yield _happened(StayEvent.GOAL_REACHED, station, station.session)


def _lacks_kwh(station: Station, session: Session) -> bool:
    """Whether energy was asked for and is not in."""
    goal = station.goal
    return goal is not None and goal.energy_kwh is not None and session.energy_kwh < goal.energy_kwh


def _is_over(station: Station, house: House) -> bool:
    """Whether the time that was asked for has gone by."""
    goal = station.goal
    return goal is not None and goal.ready_by is not None and goal.ready_by <= house.at


def _happened(event: StayEvent, station: Station, session: Session) -> Happened:
    share = session.solar_share
    return Happened(
        event=event,
        told={
            "session_id": session.id,
            "vehicle": station.vehicle,
            "energy_kwh": session.energy_kwh,
            "solar_share": None if share is None else round(100.0 * share, 1),
            "cost": session.cost,
            "currency": session.currency,
            "goal_kwh": None if station.goal is None else station.goal.energy_kwh,
        },
    )
