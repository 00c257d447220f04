"""Whether and how fast a simulated station's car follows the limits that it was told, and the station's figures."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from ems.sim.wire.station_box import StationBox
from ems.sim.wire.tongue import FrameLog, ProfileFrame

MOST_REACTIONS: Final = 10_000
OBEYED_WITHIN_A: Final = 0.5
"""A car that draws no more than this above a limit obeys it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """How long an accepted limit took to be true at the car."""

    message_id: str
    received_at_s: float
    obeyed_at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StationReport:
    """A station's figures since its start."""

    station_id: str
    connections: int
    transactions: int
    profiles_sent: int
    """SetChargingProfile requests that reached it."""

    profiles_accepted: int
    limit_changes: int
    """Changes of the limit in force, also those that came by expiry."""

    energy_kwh: float


def reports_of(box: StationBox, log: FrameLog, connections: int) -> tuple[StationReport, ...]:
    """Of each connector; that of a station with one counts all limits that reached the station."""
    alone = len(box.outlets) == 1
    return tuple(
        StationReport(
            station_id=outlet.place_id,
            connections=connections,
            transactions=outlet.transaction_count,
            profiles_sent=log.received if alone else log.received_at[outlet.connector_id],
            profiles_accepted=log.accepted if alone else log.accepted_at[outlet.connector_id],
            limit_changes=outlet.limit_change_count,
            energy_kwh=outlet.car.energy_kwh,
        )
        for outlet in box.outlets
    )


class Obedience:
    """Watches one station."""

    def __init__(self, box: StationBox, log: FrameLog) -> None:
        self.reactions: Final[deque[Reaction]] = deque(maxlen=MOST_REACTIONS)
        self._box = box
        self._log = log
        self._last_seen: ProfileFrame | None = None

    def look(self, now_s: float) -> None:
        """Note it when the newest accepted limit has come true."""
        if not self._log.frames:
            return
        frame = self._log.frames[-1]
        if frame is self._last_seen or not frame.accepted or frame.limit_a is None:
            return
        if frame.connector_id is not None and frame.connector_id > 1:
            return
        if max(self._box.car.current_a) <= frame.limit_a + OBEYED_WITHIN_A:
            self._last_seen = frame
            self.reactions.append(
                Reaction(message_id=frame.message_id, received_at_s=frame.received_at_s, obeyed_at_s=now_s)
            )
