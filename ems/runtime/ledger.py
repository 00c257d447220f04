"""The accounting of energy: what flowed, by the minute, by the session and over the years.

A watcher of the loop. Pure but for its memory: it hands finished pages to `write`, which must not wait, and answers
questions from memory. After a restart it goes on from the state in the last page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ems.model.decision import Decision
from ems.model.electrical import NOMINAL_V
from ems.model.readings import GridReading
from ems.model.site import Site
from ems.model.snapshot import Snapshot
from ems.model.transaction import Transaction
from ems.runtime.grid_energy import GridEnergy
from ems.runtime.happenings import Happenings
from ems.runtime.powers import Powers, good_sample, powers_at
from ems.runtime.recent_sun import RecentSun
from ems.runtime.stays import Stay, Stays
from ems.runtime.tally import Sum, counted, day_after, day_together, energy_of, together
from ems.runtime.terms import Terms
from ems.store.days import MINUTE_S, day_at, step_at
from ems.store.entries import Counters, Day, EventEntry, Flows, LedgerState, Page, Step

LONGEST_CYCLE_S: Final = 10.0
"""The loop looks every 2 s at least; what a longer pause held, nobody saw."""

SOON_S: Final = 5.0
"""Decisions and events are handed on no later than this."""

CLOCK_SLIP_S: Final = 3600.0
"""A wall clock set back by less does not open a minute anew."""

MOST_OVER_FUSE: Final = 1.5
"""No fuse lets more than this through for long."""


class Ledger:
    """Give `watch` to the loop; call `close` at the end."""

    def __init__(
        self,
        site: Site,
        terms: Terms,
        write: Callable[[Page], None],
        *,
        kept: LedgerState | None = None,
        late: Callable[[], LedgerState | None] | None = None,
        lasting: Callable[[], LedgerState | None] = lambda: None,
    ) -> None:
        """`kept` is where an earlier run stood. `late` brings it when nobody can tell yet: None until somebody can.

        `lasting` is the newest state that no power cut takes any more; None where nothing is kept now.
        """
        self._terms = terms
        self._write = write
        self._counters = kept.counters if kept else Counters()
        self._day = kept.day if kept else Day(at_utc_s=0)
        self._minute = kept.minute if kept else None
        self._sum = Sum.of(kept.minute.flows) if kept and kept.minute else Sum()
        self._grid = GridEnergy(
            _most_w(site), imported=kept.grid_import if kept else None, exported=kept.grid_export if kept else None
        )
        self._stays = Stays(site, terms, kept.stations if kept else {})
        self._happenings = Happenings()
        self._sun = RecentSun()
        self._good: GridReading | None = None
        self._powers = Powers()
        self._last: tuple[float, float] | None = None
        """Monotonic and wall time of the look before."""

        self._handed_at_s = float("-inf")
        self._late = late
        self._lasting = lasting
        self._shown = self._counters
        self._shown_wh: dict[str, float] = {}

    def watch(self, look: Snapshot, decision: Decision) -> None:
        """A watcher of the loop."""
        if look.utc_s is None:
            return
        self._look_for_earlier_run()
        seconds = self._seconds_since(look)
        if seconds is None:
            self._turn(look.utc_s)
        # What flowed since the last look belongs to the minute of that look.
        self._add(look, decision, look.utc_s, seconds)
        self._turn(look.utc_s)
        self._last = (look.now_s, look.utc_s)
        self._happenings.watch(look, decision, look.utc_s)
        changed = self._stays.follow(look, look.utc_s)
        if changed:
            self._hand_on(look.now_s, look.utc_s)
        elif self._happenings and look.now_s - self._handed_at_s >= SOON_S:
            self._handed_at_s = look.now_s
            self._write(Page(decisions=self._happenings.decisions(), events=self._happenings.events()))

    def note(self, event: EventEntry) -> None:
        """Something that happened elsewhere, for the log."""
        self._happenings.note(event)

    def told(self, transaction: Transaction) -> None:
        """A transaction that began, ended or was corrected, by the word of its station."""
        if self._stays.told(transaction, self._sun) and self._last is not None:
            self._hand_on(*self._last)

    def close(self) -> None:
        """Hand on all that is left; the minute that runs too, which the next run goes on with."""
        if self._last is not None:
            self._hand_on(*self._last)

    @property
    def powers(self) -> Powers:
        """What flowed at the last look."""
        return self._powers

    @property
    def counters(self) -> Counters:
        """Lifetime energies for others to see: where they are kept, as of the last minute that is.

        A power cut costs a minute; whoever saw it already would see these run backwards.
        """
        lasting = self._lasting()
        self._shown = self._shown.upper(self._counters if lasting is None else lasting.counters)
        return self._shown

    @property
    def today(self) -> Day:
        """Since midnight."""
        return self._day

    def stay(self, station_id: str) -> Stay | None:
        """The running session of that station; None while no car is there."""
        return self._stays.running(station_id)

    def station_kwh(self, station_id: str) -> float:
        """What that station drew in all its life, for others to see."""
        lasting = self._lasting()
        book = None if lasting is None else lasting.stations.get(station_id)
        kept_wh = self._stays.counted_wh(station_id) if lasting is None else 0.0 if book is None else book.counted_wh
        shown_wh = self._shown_wh[station_id] = max(self._shown_wh.get(station_id, 0.0), kept_wh)
        return shown_wh / 1000.0

    def name_vehicle(self, station_id: str, vehicle: str | None) -> None:
        """Which car hangs on that station, now and from now on."""
        self._stays.name_vehicle(station_id, vehicle)

    def state(self, utc_s: float) -> LedgerState:
        """All that the next run goes on from."""
        return LedgerState(
            utc_s=utc_s,
            counters=self._counters,
            stations=self._stays.books(),
            day=self._day,
            minute=None if self._minute is None else replace(self._minute, flows=self._sum.total()),
            grid_import=self._grid.imported,
            grid_export=self._grid.exported,
            goes_on=self._late is None,
        )

    def _look_for_earlier_run(self) -> None:
        """Add what an earlier run counted, once somebody knows it."""
        earlier = None if self._late is None else self._late()
        if earlier is None:
            return
        self._late = None
        self._counters = together(earlier.counters, self._counters)
        if earlier.day.at_utc_s == self._day.at_utc_s:
            self._day = day_together(earlier.day, self._day)
        self._stays.go_on(earlier.stations)

    def _seconds_since(self, look: Snapshot) -> float | None:
        """Since the look before; None where nobody saw what flowed meanwhile."""
        if self._last is None:
            return None
        seconds = look.now_s - self._last[0]
        return seconds if 0.0 <= seconds <= LONGEST_CYCLE_S else None

    def _add(self, look: Snapshot, decision: Decision, utc_s: float, seconds: float | None) -> None:
        """The energy of this cycle."""
        reading = good_sample(look, decision)
        self._good = reading or self._good
        self._powers = powers = powers_at(look, self._good, car_lasts_s=self._terms.car_lasts_s)
        self._grid.flow(powers.grid_w if seconds is not None else None, LONGEST_CYCLE_S if seconds is None else seconds)
        missed = self._grid.hear(reading, utc_s)
        drawn = self._stays.draw(look, powers, utc_s, seconds)
        energy = energy_of(powers, drawn, seconds or 0.0)
        self._sum.add(energy.flows)
        self._day = day_after(self._day, energy)
        counters = counted(self._counters, energy)
        self._counters = replace(
            counters,
            grid_import_kwh=counters.grid_import_kwh + missed.import_wh / 1000.0,
            grid_export_kwh=counters.grid_export_kwh + missed.export_wh / 1000.0,
        )

    def _turn(self, utc_s: float) -> None:
        """Close the minute and the day when they are over."""
        minute, at_utc_s = self._minute, step_at(utc_s, MINUTE_S)
        if minute is None:
            self._begin(at_utc_s)
        elif utc_s >= minute.at_utc_s + MINUTE_S or utc_s < minute.at_utc_s - CLOCK_SLIP_S:
            done = replace(minute, flows=self._sum.total())
            self._sun.add(done)
            self._begin(at_utc_s)
            self._write(self._page(utc_s, done))
        day_at_utc_s, _ = day_at(utc_s, self._terms.zone)
        if day_at_utc_s != self._day.at_utc_s:
            self._day = Day(at_utc_s=day_at_utc_s)

    def _begin(self, at_utc_s: int) -> None:
        self._minute, self._sum = _minute(at_utc_s), Sum()

    def _hand_on(self, now_s: float, utc_s: float) -> None:
        self._handed_at_s = now_s
        running = [] if self._minute is None else [replace(self._minute, flows=self._sum.total())]
        self._write(self._page(utc_s, *running))

    def _page(self, utc_s: float, *minutes: Step) -> Page:
        return Page(
            minutes=minutes,
            sessions=self._stays.entries(),
            decisions=self._happenings.decisions(),
            events=self._happenings.events(),
            state=self.state(utc_s),
        )


def _minute(at_utc_s: int) -> Step:
    return Step(at_utc_s=at_utc_s, length_s=MINUTE_S, flows=Flows())


def _most_w(site: Site) -> float:
    """What may flow through the house connection."""
    main = site.circuits.main
    return MOST_OVER_FUSE * main.fuse.rating_a * NOMINAL_V * len(main.phases)
