"""The search for the construction that a station takes and obeys (`ocpp-smart-charging.md` §5)."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from ems.config.schema_quirks import QuirkSection
from ems.csms.capabilities import UNKNOWN, Capabilities
from ems.csms.constructions import (
    FALLBACK_FORMS,
    Construction,
    Purpose,
    constructions,
    in_transactions_first,
    is_for,
    still_possible,
)
from ems.csms.quickness import Quickness

LOGGER = logging.getLogger(__name__)

NO_QUIRKS: Final = QuirkSection()

SILENCES_TO_MOVE_ON: Final = 2
"""Some stations do not refuse a purpose or kind of profile but never answer it (Timxon)."""

_Target: TypeAlias = tuple[Purpose, int, bool]


class Search:
    """Which constructions to try on one station, and in which order."""

    def __init__(self, station_id: str, only: int | None = None) -> None:
        """`only` is the connector that may be limited, and no other; None where it stands for the whole station."""
        self._station_id = station_id
        self._only = only
        self._silences: Counter[_Target] = Counter()
        self._given_up: set[Construction] = set()
        self._tried_last: list[Construction] = []
        self._disobeyed = False
        self.can: Capabilities = UNKNOWN
        self.quirks: QuirkSection = NO_QUIRKS
        self.way: Construction | None = None
        """The construction that the station took last."""

        self.obeyed: Construction | None = None
        """What such a station was seen to obey; tried first."""

        self.found_nothing = False
        """Whether the last attempt came to its end in vain."""

        self.quickness = Quickness()
        """How quickly it answers what it does answer; connectors of one station share it."""

        self.gave_up: Callable[[Construction], None] = lambda _: None
        """Told of each construction that the station took and did not obey."""

    def order(self, *, in_transaction: bool) -> Iterator[Construction]:
        """What to try: the last one that was taken, what others like it obeyed, and then one after the other."""
        if self.way is not None and self._may_try(self.way, in_transaction):
            yield self.way
        ways = [way for way in constructions(self.can, self.quirks, self._only) if _fits(way, in_transaction)]
        if self._disobeyed and in_transaction:
            ways = list(in_transactions_first(ways))
        if self.obeyed is not None and self._may_try(self.obeyed, in_transaction):
            ways = [self.obeyed, *(way for way in ways if way != self.obeyed)]
        yield from self._in_turn([way for way in ways if way.form not in FALLBACK_FORMS])

    def _may_try(self, way: Construction, in_transaction: bool) -> bool:
        own = is_for(way.purpose, way.connector, self._only)
        return own and still_possible(way, self.can) and _fits(way, in_transaction)

    def fallbacks(self) -> Iterator[Construction]:
        """What is left for a station that refuses all of these."""
        return (way for way in constructions(self.can, self.quirks, self._only) if way.form in FALLBACK_FORMS)

    def _in_turn(self, leases: list[Construction]) -> Iterator[Construction]:
        """Those that were not obeyed come again after all others, before the station is left with its fallback."""
        worth_trying = [way for way in leases if way not in self._given_up and not self._is_mute(way)]
        if not worth_trying:
            self._given_up.clear()
            if self._silences:
                # None was answered in the time of a quick station: all of them get that of a slow one.
                self.quickness.doubted()
            self._silences.clear()
            worth_trying = leases
        again = [way for way in leases if way in self._given_up and not self._is_mute(way)]
        left = [way for way in (*worth_trying, *again) if way != self.way]
        # Looked at one by one: what is found to be mute meanwhile is passed over.
        yield from (way for way in left if way not in self._tried_last and not self._is_mute(way))
        yield from (way for way in left if way in self._tried_last and not self._is_mute(way))

    def interrupted(self, tried: list[Construction]) -> None:
        """An attempt ended in the middle: the next one goes on with those that it did not come to."""
        self._tried_last = tried

    def all_refused(self) -> None:
        """An attempt came to its end in vain: the next one begins anew."""
        self._tried_last = []
        self.found_nothing = True

    def silent(self, way: Construction) -> None:
        """The station never answered that construction."""
        if way != self.way:
            self._silences[_target(way)] += 1

    def mute(self, way: Construction) -> None:
        """It never answered that construction, and answers everything else at once: once is enough."""
        self._silences[_target(way)] = SILENCES_TO_MOVE_ON

    def within_s(self, way: Construction) -> float | None:
        """How long to wait for its answer to that construction; None for as long as to everything."""
        within_s = self.quickness.within_s
        if within_s is None or way == self.way or self.quirks.call_timeout_s:
            return None
        # A limit may wait behind those of other connectors.
        return within_s if self._only is None else 2.0 * within_s

    def settle_on(self, way: Construction) -> None:
        """The station took it."""
        if self.way != way:
            LOGGER.info(
                "%s takes limits as construction %s (%s, connector %d, %s)",
                self._station_id,
                way.form.value,
                way.purpose.value,
                way.connector,
                way.unit.value,
            )
        self.way = way
        self.found_nothing = False
        self._tried_last = []
        self._silences.pop(_target(way), None)

    def restarted(self) -> None:
        """The station may answer now what it did not answer before."""
        self._silences.clear()

    def look_for_better(self) -> None:
        """A station that refused everything but its fallback may have had its reasons then."""
        if self.way is not None and self.way.form in FALLBACK_FORMS:
            self.way = None

    def give_up(self) -> None:
        """The station takes the construction but does not obey it: the next one from now on."""
        given_up, self.way = self.way, None
        if given_up is not None:
            self.ignored(given_up)
            self._disobeyed = True
            self.gave_up(given_up)

    def ignored(self, way: Construction) -> None:
        """Such a station was seen not to obey that construction: it comes last."""
        self._given_up.add(way)
        if self.obeyed == way:
            self.obeyed = None

    def begin_anew(self) -> None:
        """Another station, or another firmware: nothing that was learnt holds."""
        self._given_up.clear()
        self._silences.clear()
        self._tried_last = []
        self._disobeyed = False
        self.quickness.begin_anew()
        self.obeyed = self.way = None

    def _is_mute(self, way: Construction) -> bool:
        return self._silences[_target(way)] >= SILENCES_TO_MOVE_ON


def _fits(way: Construction, in_transaction: bool) -> bool:
    """Whether something can be installed so while a car charges, or does not."""
    return in_transaction or not way.needs_transaction


def _target(way: Construction) -> _Target:
    return way.purpose, way.connector, way.is_relative
