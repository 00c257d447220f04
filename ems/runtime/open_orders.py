"""Keeps what stations were ordered to fetch or bring and have not ended, over restarts of ours.

An order does not end with our restart: the station goes on with it and tells us how.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from sqlalchemy import Engine

from ems.clock import Clock
from ems.csms.service.firmware import FirmwareUpdate
from ems.csms.service.standing import Standing, Upload
from ems.runtime.recorder import Recorder
from ems.store.codec import Written, decode, encode
from ems.store.errors import JournalError
from ems.store.preferences import prefer, preference

LOGGER: Final = logging.getLogger(__name__)

KEY: Final = "open orders of stations"
WRITE_AFTER_S: Final = 2.0
"""Changes of so long are written at once; a database in trouble is tried again after as long."""


class OrderedStation(Protocol):
    """What this needs of a station."""

    standing: Standing

    def when_ordered(self, changed: asyncio.Event) -> None:
        """Set that event whenever an order begins, goes on or ends."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrders:
    """What one station has not ended."""

    update: FirmwareUpdate | None = None
    upload: Upload | None = None


class KeptOrders:
    """Between the stations and the database of the recorder."""

    def __init__(self, stations: Mapping[str, OrderedStation], recorder: Recorder, clock: Clock) -> None:
        self._stations = stations
        self._recorder = recorder
        self._clock = clock
        self._changed = asyncio.Event()

    def recall(self) -> None:
        """Take over what an earlier run ordered; nothing where the database is in trouble. Then follow what changes."""
        engine = self._recorder.engine
        if engine is not None:
            try:
                self.take_over(preference(engine, KEY))
            except JournalError as error:
                LOGGER.warning("what stations were ordered before is not known: %s", error)
        for station in self._stations.values():
            station.when_ordered(self._changed)

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
            station.standing = replace(
                station.standing, update=self._as_of_now(orders.update), upload=_from_before(orders.upload)
            )

    def written(self) -> Written:
        """What is open now, by station."""
        return {
            station_id: encode(orders)
            for station_id, station in self._stations.items()
            if (orders := open_in(station.standing)) is not None
        }

    async def run(self) -> None:
        """Write what changes, for ever; control never waits for it."""
        while True:
            await self._changed.wait()
            await self._clock.sleep(WRITE_AFTER_S)
            if self._recorder.engine is None:
                continue
            self._changed.clear()
            if not await asyncio.to_thread(self.keep, self._recorder.engine, self.written()):
                self._changed.set()

    def keep(self, engine: Engine, written: Written) -> bool:
        """Write it; False while the database is in trouble. Blocks."""
        try:
            prefer(engine, {KEY: written}, utc_s=self._clock.utc_now().timestamp())
        except JournalError as error:
            LOGGER.debug("what stations were ordered is not kept yet: %s", error)
            return False
        return True

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
