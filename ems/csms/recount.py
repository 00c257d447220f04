"""Whether the profiles in a station still say what they were meant to say."""

from __future__ import annotations

import logging
from typing import Final, NamedTuple

from ems.csms.capabilities import RateUnit
from ems.csms.constructions import Purpose
from ems.csms.limits import Limits
from ems.csms.pace import Pace
from ems.csms.station_clock import StationClock
from ems.model.transaction import TransactionId

LOGGER: Final = logging.getLogger(__name__)


class Basis(NamedTuple):
    """What a limit may have to be counted for."""

    drawing_phases: int | None
    transaction_id: TransactionId | None
    clock_set: bool = True


class Recount:
    """Remembers what the last limit was counted for."""

    def __init__(self, station_id: str, limits: Limits, station_clock: StationClock, pace: Pace) -> None:
        self._station_id = station_id
        self._limits = limits
        self._station_clock = station_clock
        self._pace = pace
        self._counted_on = Basis(None, None)

    def counted(self, basis: Basis) -> None:
        """A limit is counted for that."""
        self._counted_on = basis

    def is_due(self, now: Basis) -> bool:
        """Whether limits must be sent again: a clock was set, or what they count on changed. True once for each."""
        stepped = self._station_clock.stepped(self._pace.clock_guard_s / 2.0, self._station_id)
        if stepped:
            LOGGER.info("%s: its clock or ours was set; its limits are sent again", self._station_id)
            self._limits.refresh()
        before, self._counted_on = self._counted_on, now
        stepped = stepped or before.clock_set is not now.clock_set
        way = self._limits.way
        # A station that took nothing may take limits in a transaction alone.
        on_transaction = self._limits.search.found_nothing if way is None else way.purpose is Purpose.TX
        retarget = on_transaction and before.transaction_id != now.transaction_id
        if way is None:
            return stepped or retarget
        recount = way.unit is RateUnit.WATT and before.drawing_phases != now.drawing_phases
        return stepped or recount or retarget
