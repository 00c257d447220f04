"""One station as it is known: what it says it is, the quirks that follow, and what was seen of its kind."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Final

from ems.config.schema import StationEntry
from ems.csms.constructions import Construction
from ems.csms.limits import Limits
from ems.csms.messages import Boot
from ems.csms.pace import Pace
from ems.csms.quirks.learned import Kind, Learned, LearnedBook
from ems.csms.quirks.match import Match, match
from ems.csms.quirks.obeying import ObedienceWatch
from ems.model.station import Peculiar

LOGGER = logging.getLogger(__name__)


class Acquaintance:
    """Kept for the life of a station; `meet` is told each time it says who it is."""

    def __init__(self, entry: StationEntry, pace: Pace, limits: Limits, book: LearnedBook) -> None:
        self._entry = entry
        self._plain_pace = pace
        self._limits = limits
        self._book = book
        self._watch = ObedienceWatch()
        self.kind: Kind | None = None
        """None for a station that never said who it is."""

        self.match: Match
        self.pace: Pace
        """How patient to be with it."""

        self._take(match(None, entry.quirks))
        limits.search.gave_up = self._ignored

    @property
    def learned(self) -> Learned | None:
        """What was seen of its kind."""
        return None if self.kind is None else self._book.of(self.kind)

    @property
    def version_hint(self) -> str | None:
        """The OCPP version that it should speak."""
        return self.match.quirks.ocpp_pin

    @property
    def peculiar(self) -> Peculiar | None:
        """What control has to know of it."""
        quirks, way = self.match.quirks, self._limits.way
        peculiar = Peculiar(
            lets_go=quirks.persist_on_disconnect is False
            or quirks.deadman == "failed"
            or (way is not None and way.needs_transaction),
            keeps_phases=quirks.phase_switch in {"auto", "none"},
            least_w=quirks.min_pause_w or 0.0,
            away_s=quirks.connect_wait_s or 0.0,
        )
        return None if peculiar == Peculiar() else peculiar

    def recall(self) -> None:
        """Take it for what it was when it was met last, until it says otherwise."""
        met = self._book.met(self._entry.id)
        if met is None or self.kind is not None:
            return
        self._become(met.kind)
        if met.way is not None:
            self._limits.held_before(met.way)

    def meet(self, boot: Boot) -> None:
        """It says who it is."""
        kind = Kind.of(boot)
        self._book.meet(self._entry.id, kind)
        if kind == self.kind:
            return
        if self.kind is not None:
            LOGGER.info("%s is another one, or has other firmware; its limits are looked at anew", self._entry.id)
            self._limits.search.begin_anew()
        self._become(kind)

    def limited(self, limit_a: float, now_s: float) -> None:
        """It took that limit."""
        way = self._limits.way
        if way is not None:
            self._book.told(self._entry.id, way)
            self._watch.limited(way, limit_a, now_s)

    def metered(self, drawn_a: float, now_s: float) -> None:
        """The most that a phase of its car draws."""
        obeyed = self._watch.metered(drawn_a, now_s)
        if obeyed is not None:
            self._limits.search.obeyed = obeyed
            if self.kind is not None:
                self._book.obeys(self.kind, self._as_first(obeyed))

    def idle(self) -> None:
        """No car charges."""
        self._watch.ended()

    def _ignored(self, way: Construction) -> None:
        self._watch.ended()
        if self.kind is not None:
            self._book.ignores(self.kind, self._as_first(way))

    def _as_first(self, way: Construction) -> Construction:
        """As it is for the first connector, so that what one does tells of the others."""
        return replace(way, connector=1) if way.connector == self._entry.connector else way

    def _here(self, way: Construction) -> Construction:
        """As it is for this connector."""
        return replace(way, connector=self._entry.connector) if way.connector == 1 else way

    def _become(self, kind: Kind) -> None:
        self.kind = kind
        self._take(match(kind.boot, self._entry.quirks))
        learned = self._book.of(kind)
        self._limits.search.obeyed = None if learned.obeyed is None else self._here(learned.obeyed)
        for way in learned.ignored:
            self._limits.search.ignored(self._here(way))
        if self.match.rows:
            LOGGER.info("%s is known as: %s", self._entry.id, ", ".join(self.match.rows))

    def _take(self, found: Match) -> None:
        self.match = found
        self._limits.search.quirks = found.quirks
        self.pace = paced(self._plain_pace, found)


PREPARING_SHORTEST_S: Final = 1.0
"""A car that has to be started from here is given so long to be started by its card."""


def paced(pace: Pace, found: Match) -> Pace:
    """The same patience, but for what is peculiar."""
    quirks = found.quirks
    changes: dict[str, float | int | None] = {}
    if quirks.call_timeout_s is not None:
        changes["answer_within_s"] = quirks.call_timeout_s
        changes["trigger_within_s"] = max(quirks.call_timeout_s, pace.trigger_within_s)
    if quirks.ping_s is not None:
        changes["ping_s"] = quirks.ping_s or None
    if quirks.boot_wait_s is not None:
        changes["report_within_s"] = quirks.boot_wait_s
    if quirks.needs_remote_start:
        changes["preparing_s"] = min(pace.preparing_s, PREPARING_SHORTEST_S)
    elif quirks.needs_remote_start is False:
        changes["preparing_s"] = float("inf")
    if quirks.meter_interval_min_s is not None:
        changes["meter_values_s"] = max(pace.meter_values_s, quirks.meter_interval_min_s)
    return replace(pace, **changes)  # type: ignore[arg-type]
