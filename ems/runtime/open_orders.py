"""Keeps what stations were ordered to fetch or bring and have not ended, over restarts of ours.

An order does not end with our restart: the station goes on with it and tells us how.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from ems.clock import Clock
from ems.csms.service.firmware import FirmwareUpdate
from ems.csms.service.standing import Standing, Upload
from ems.runtime.kept_changes import KeptChanges
from ems.runtime.recorder import Recorder
from ems.store.codec import Written, decode, encode
from ems.store.errors import JournalError

LOGGER: Final = logging.getLogger(__name__)

KEY: Final = "open orders of stations"
ABOUT: Final = "what stations were ordered"
WRITE_AFTER_S: Final = 2.0


class OrderedStation(Protocol):
    """What this needs of a station."""

    @property
    def standing(self) -> Standing: ...

    def recall_orders(self, update: FirmwareUpdate | None, upload: Upload | None) -> None:
        """Go on from what an earlier run ordered."""
        ...

    def when_ordered(self, changed: asyncio.Event) -> None:
        """Set that event whenever an order begins, goes on or ends."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrders:
    """What one station has not ended."""

    update: FirmwareUpdate | None = None
    upload: Upload | None = None


class KeptOrders(KeptChanges):
    """Between the stations and the database of the recorder."""

    def __init__(self, stations: Mapping[str, OrderedStation], recorder: Recorder, clock: Clock) -> None:
        super().__init__(KEY, ABOUT, self.written, recorder, clock, write_after_s=WRITE_AFTER_S)
        self._stations = stations

    def recall(self) -> None:
        """Take over what an earlier run ordered; nothing where the database is in trouble. Then follow what changes."""
        self.give_back(self.take_over)
        for station in self._stations.values():
            station.when_ordered(self.changed)

    def take_over(self, written: Written) -> None:
        """What was written, by station; what makes no sense is passed over."""
        for station_id, told in written.items() if isinstance(written, dict) else ():
            station = self._stations.get(station_id)
            if station is None:
                continue
            try:
                orders = decode(OpenOrders, told)
            except (JournalError, ValueError, TypeError, AttributeError) as error:
                LOGGER.warning("an order of %s from before makes no sense: %s", station_id, error)
                continue
            station.recall_orders(self._as_of_now(orders.update), _from_before(orders.upload))

    def written(self) -> Written:
        """What is open now, by station."""
        return {
            station_id: encode(orders)
            for station_id, station in self._stations.items()
            if (orders := open_in(station.standing)) is not None
        }

    def _as_of_now(self, update: FirmwareUpdate | None) -> FirmwareUpdate | None:
        """Its newest state was told so long ago by the clock on the wall: ours began anew."""
        if update is None or not update.steps:
            return None
        age_s = max(0.0, (self._clock.utc_now() - update.steps[-1].at).total_seconds())
        return replace(update, told_at_s=self._clock.monotonic_s() - age_s, from_before=True)


def open_in(standing: Standing) -> OpenOrders | None:
    """The orders that have not ended; None where there are none."""
    update, upload = standing.update, standing.upload
    orders = OpenOrders(
        update=None if update is None or update.state.ended else update,
        upload=None if upload is None or upload.state.ended else upload,
    )
    return None if orders == OpenOrders() else orders


def _from_before(upload: Upload | None) -> Upload | None:
    return None if upload is None else replace(upload, from_before=True)
