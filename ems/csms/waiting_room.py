"""Configured stations that are not to be served yet, or not at all: what they may say meanwhile (scenarios B02, B03).

Nothing is asked of them and nothing that they say counts: to everybody else they are not connected.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Final

from ems.clock import Clock
from ems.config.schema_csms import BootAnswer
from ems.csms.rpc import Rpc, Unanswerable
from ems.csms.station_clock import format_timestamp
from ems.csms.visit import StationSocket

LOGGER = logging.getLogger(__name__)

BOOTS_AGAIN_S: Final = 30
REJECTED_BOOTS_AGAIN_S: Final = 300

_NOTED: Final = frozenset({"StatusNotification", "SecurityEventNotification"})


def answer_waiting(action: str, now: datetime, why: str) -> Mapping[str, object]:
    """The answer to one that waits: it may say who it is, and ask for the time. Raises Unanswerable for `why`."""
    if action == "BootNotification":
        return {"status": "Pending", "currentTime": format_timestamp(now), "interval": BOOTS_AGAIN_S}
    if action == "Heartbeat":
        return {"currentTime": format_timestamp(now)}
    if action in _NOTED:
        return {}
    raise Unanswerable("SecurityError", why)


def answer_rejected(action: str, now: datetime) -> Mapping[str, object]:
    """The answer to one that is not wanted. Raises Unanswerable for everything but a boot."""
    if action == "BootNotification":
        return {"status": "Rejected", "currentTime": format_timestamp(now), "interval": REJECTED_BOOTS_AGAIN_S}
    raise Unanswerable("SecurityError", "this station was rejected")


class WaitingRoom:
    """One connection of each; a newer one takes its place."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._guests: dict[str, StationSocket] = {}

    async def host(self, station_id: str, boot: BootAnswer, socket: StationSocket) -> None:
        """Keep it until it goes."""
        before = self._guests.get(station_id)
        if before is None:
            LOGGER.warning("%s connected; it is not served while the site file has `boot: %s`", station_id, boot)
        else:
            before.hang_up(1000, "replaced")
        self._guests[station_id] = socket
        rpc = Rpc(socket, partial(self._answer, boot), self._clock, station=station_id)
        try:
            await rpc.receive()
        finally:
            if self._guests.get(station_id) is socket:
                del self._guests[station_id]

    def _answer(
        self, boot: BootAnswer, action: str, _payload: Mapping[str, object], _message_id: str
    ) -> Mapping[str, object]:
        now = self._clock.utc_now()
        if boot is BootAnswer.REJECT:
            return answer_rejected(action, now)
        return answer_waiting(action, now, "this station waits until it is accepted")
