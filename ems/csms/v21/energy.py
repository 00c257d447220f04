"""What stations of OCPP 2.1 say of energy beyond 2.0.1."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

from ems.clock import Clock
from ems.csms.energy_words import EnergyTold
from ems.csms.fields import text, whole
from ems.csms.inbound import Answers
from ems.csms.v201.book import Book

LOGGER = logging.getLogger(__name__)


class EnergyV21:
    """PullDynamicScheduleUpdate and NotifyPriorityCharging."""

    def __init__(self, energy: EnergyTold, book: Book, clock: Clock, *, station: str) -> None:
        self._energy = energy
        self._book = book
        self._clock = clock
        self._station = station
        self.answers: Final[Answers] = {
            "NotifyPriorityCharging": self._priority,
            "PullDynamicScheduleUpdate": self._pulled,
        }

    def _pulled(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        """The limit that holds now. One that nobody renewed gets no answer that could lengthen it."""
        profile_id = whole(payload, "chargingProfileId")
        limit = None if profile_id is None else self._book.dynamic.value(profile_id, self._clock.monotonic_s())
        if limit is None:
            return {"status": "Rejected", "statusInfo": {"reasonCode": "InvalidProfileId"}}
        return {"status": "Accepted", "scheduleUpdate": {"limit": limit}}

    def _priority(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        on = payload.get("activated") is True
        LOGGER.info("%s: priority charging was switched %s at the station", self._station, "on" if on else "off")
        self._energy.hurried(on=on, transaction_id=text(payload, "transactionId"))
        return {}
