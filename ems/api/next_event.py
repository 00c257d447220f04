"""The next thing that is known to happen in the house. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ems.api.scene import Scene
from ems.api.wire import EventKind, NextEvent, StationState
from ems.model.goals import ChargeMode


def next_event(scene: Scene, stations: Sequence[StationState]) -> NextEvent | None:
    """The earliest one to come; None where nothing is known."""
    coming = [event for station in stations for event in _of(scene, station)]
    if scene.import_cap is not None:
        coming.append(NextEvent(kind=EventKind.IMPORT_CAP_ENDS, at=scene.import_cap.until, station=None))
    coming = [event for event in coming if event.at > scene.at]
    return min(coming, key=lambda event: event.at, default=None)


def _of(scene: Scene, station: StationState) -> Iterator[NextEvent]:
    pace = scene.memory.paces.get(station.id)
    if station.temporary_limit is not None:
        yield NextEvent(kind=EventKind.LIMIT_ENDS, at=station.temporary_limit.until, station=station.id)
    if station.boost_until is not None:
        yield NextEvent(kind=EventKind.BOOST_ENDS, at=station.boost_until, station=station.id)
    if pace is not None and station.latest_start_at is not None and not pace.due:
        yield NextEvent(kind=EventKind.GOAL_START, at=station.latest_start_at, station=station.id)
    waits = station.mode is ChargeMode.SOLAR and (pace is None or not pace.due)
    if station.finish_at is not None and not waits:
        yield NextEvent(kind=EventKind.FINISH, at=station.finish_at, station=station.id)
    if pace is not None and station.goal is not None and station.goal.ready_by is not None:
        yield NextEvent(kind=EventKind.READY_BY, at=station.goal.ready_by, station=station.id)
