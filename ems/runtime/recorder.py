"""Feeds journal and books from the loop without ever waiting for a disk: bounded queues, and a thread that writes.

Whatever befalls the database, control goes on; the trouble is said once, and `trouble` shows it while it lasts. Cycles
that cannot be written are lost; pages of the books wait for better times.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from sqlalchemy import URL, Engine

from ems.clock import Clock
from ems.control.cycle import Turn
from ems.control.memory import Memory
from ems.model.site import Site
from ems.model.snapshot import Snapshot
from ems.store.books import Books, counters_alone, end_lost_sessions, load_state
from ems.store.database import aside_of, carry_over, open_database, set_aside
from ems.store.entries import EventEntry, LedgerState, Page
from ems.store.errors import JournalDamaged, JournalError
from ems.store.journal import SEGMENT_S, Cycle, Journal
from ems.store.memory_file import load_memory, save_memory, warmed
from ems.store.pages import gathered

LOGGER: Final = logging.getLogger(__name__)

FLUSH_EVERY_S: Final = 5.0
"""One transaction in this time: what a power cut may cost, and what an SD card is spared."""

SAVE_EVERY_S: Final = 60.0
"""How old the memory may be that a restart begins with."""

LONGEST_QUEUE: Final = 1000
MOST_PAGES: Final = 1500
"""On their way to the thread, which takes them every few seconds."""

LONGEST_WHY: Final = 200
"""Of a trouble's text in the log."""

ENDS_WITHIN_S: Final = 5.0
"""A disk that hangs does not keep the service from ending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """Where the journal is, and how large it may become."""

    url: URL
    bound_b: int
    segment_s: float = SEGMENT_S
    zone: tzinfo = UTC
    """Of the house: its days end at midnight there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """One turn of the loop."""

    number: int
    utc_s: float
    look: Snapshot
    before: Memory
    turn: Turn


class Recorder:
    """Use as a context manager around the loop: `recall()` before it starts, `record` at every turn."""

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        *,
        flush_every_s: float = FLUSH_EVERY_S,
        ends_within_s: float = ENDS_WITHIN_S,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._flush_every_s = flush_every_s
        self._ends_within_s = ends_within_s
        self._told: queue.Queue[_Told] = queue.Queue(LONGEST_QUEUE)
        self._numbers = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._write_for_ever, name="journal", daemon=True)
        self._journal: Journal | None = None
        self._books: Books | None = None
        self._pages: deque[Page] = deque(maxlen=MOST_PAGES)
        self._aside: Path | None = None
        self._unwritten = Page()
        """What the thread has taken over."""

        self._state: LedgerState | None = None
        self.earlier: LedgerState | None = None
        """Where the accounting stood before this run; None until the database could be asked."""

        self.written: LedgerState | None = None
        """The newest accounting that a power cut cannot take any more."""

        self._written = -1
        self._saved_at_s = float("-inf")
        self._newest: _Told | None = None
        self.trouble: str | None = None
        """Why nothing is written now, for people; None while all is well."""

    def __enter__(self) -> Self:
        self._flush()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join(self._ends_within_s)

    @property
    def engine(self) -> Engine | None:
        """The database, for queries in other threads; None while there is none. Ask anew: a damaged one is replaced."""
        return None if self._journal is None else self._journal.engine

    def recall(self, site: Site) -> Memory | None:
        """What control knew when it last ran, in the seconds of this clock; None when nobody remembers.

        Its fuses are as warm as 0.95 of their rating made them since then.
        """
        if self._journal is None:
            return None
        utc_s, monotonic_s = self._clock.utc_now().timestamp(), self._clock.monotonic_s()
        try:
            recalled = load_memory(self._journal.engine, utc_s=utc_s, monotonic_s=monotonic_s)
        except JournalError as error:
            LOGGER.warning("control starts without what it remembered: %s", error)
            return None
        if recalled is None:
            return None
        LOGGER.info("control remembers what it knew %.0f s ago", recalled.age_s)
        return warmed(recalled, site)

    def lasting(self) -> LedgerState | None:
        """The accounting that a power cut cannot take any more; None while nothing is written."""
        return None if self.trouble is not None else self.written

    def recall_ledger(self) -> LedgerState | None:
        """Where the accounting of energy stood when it last ran; None when nobody can tell yet."""
        if self._journal is not None:
            self._look_up(self._journal.engine, goes_on=True)
        return self.earlier

    def _look_up(self, engine: Engine, *, goes_on: bool) -> None:
        """Find what an earlier run counted; end the sessions that nobody goes on with."""
        utc_s = self._clock.utc_now().timestamp()
        try:
            try:
                earlier = load_state(engine) or counters_alone(engine, utc_s)
            except JournalError as error:
                LOGGER.warning("the accounting of energy goes on from its counters alone: %s", error)
                earlier = counters_alone(engine, utc_s)
            sessions = [book.session for book in earlier.stations.values() if book.session] if goes_on else []
            end_lost_sessions(engine, [session.session_id for session in sessions], utc_s)
        except JournalError as error:
            LOGGER.warning("what was counted earlier cannot be read yet: %s", error)
            return
        self.earlier = self.written = earlier
        self._state = self._state or earlier

    def keep(self, page: Page) -> None:
        """A page of the books; returns at once."""
        self._pages.append(page)

    def note(self, kind: str, *, who: str | None = None, facts: Mapping[str, Any] | None = None) -> None:
        """Something that happened, for the log; returns at once. `facts` must be JSON without secrets."""
        utc_s = self._clock.utc_now().timestamp()
        self.keep(Page(events=(EventEntry(utc_s=utc_s, kind=kind, who=who, facts=facts or {}),)))

    def record(self, look: Snapshot, before: Memory, turn: Turn) -> None:
        """One turn of the loop; returns at once. A disk that is too slow loses cycles, not us time."""
        utc_s = self._clock.utc_now().timestamp()
        number, self._numbers = self._numbers, self._numbers + 1
        with suppress(queue.Full):
            self._told.put_nowait(_Told(number=number, utc_s=utc_s, look=look, before=before, turn=turn))

    def _write_for_ever(self) -> None:
        ended = False
        while not ended:
            ended = self._done.wait(self._flush_every_s)
            self._flush(save=ended)
        if self._journal is not None:
            self._journal.close()

    def _flush(self, *, save: bool = False) -> None:
        """Write what was told since the last time. What cannot be written is lost; a new segment begins after it."""
        told = [self._told.get_nowait() for _ in range(self._told.qsize())]
        self._unwritten = gathered([self._unwritten, *(self._pages.popleft() for _ in range(len(self._pages)))])
        state = self._unwritten.state
        self._state = state if state is not None and state.goes_on else self._state
        try:
            journal = self._journal = self._journal or self._opened()
            try:
                self._write(journal, told)
                self._save(journal, told, at_once=save)
            finally:
                self._write_books()
        except JournalDamaged as error:
            self._say(str(error))
            self._set_aside()
        except JournalError as error:
            self._say(str(error))
        except Exception as error:
            LOGGER.exception("the journal failed; control goes on without it")
            self._say(repr(error))
        else:
            self._say(None)

    def _opened(self) -> Journal:
        found: list[str] = []
        engine = open_database(self._storage.url, now=self._clock.utc_now(), report=found.append)
        if self._aside is not None:
            carry_over(self._aside, engine, found.append)
            self._aside = None
        journal = Journal(
            engine, bound_b=self._storage.bound_b, version=version("fusewise"), segment_s=self._storage.segment_s
        )
        self._books = Books(engine, self._storage.zone)
        if self._state is not None:
            # A new file in place of a damaged one: what was counted so far goes on.
            self._unwritten = gathered([Page(state=self._state), self._unwritten])
        for sentence in found:
            LOGGER.error("%s", sentence)
        journal.note(self._clock.utc_now().timestamp(), "opened", _opened(found))
        return journal

    def _write_books(self) -> None:
        if self._books is None:
            return
        page = self._unwritten
        if page == Page():
            return
        if self.earlier is None and self._journal is not None:
            self._look_up(self._journal.engine, goes_on=False)
        knows_all = page.state is not None and page.state.goes_on
        self._books.write(page if knows_all else replace(page, state=None))
        self._unwritten = Page()
        self.written = page.state if knows_all else self.written

    def _write(self, journal: Journal, told: Sequence[_Told]) -> None:
        if not told:
            return
        lost = told[-1].number - self._written - len(told)
        if lost:
            LOGGER.warning("%d cycles are missing in the journal", lost)
        numbers = [self._written, *(each.number for each in told)]
        journal.write(
            [
                Cycle(
                    utc_s=each.utc_s,
                    look=each.look,
                    before=each.before,
                    decision=each.turn.decision,
                    follows=each.number == number_before + 1,
                )
                for number_before, each in zip(numbers, told, strict=False)
            ]
        )
        self._written = told[-1].number

    def _save(self, journal: Journal, told: Sequence[_Told], *, at_once: bool) -> None:
        self._newest = told[-1] if told else self._newest
        newest = self._newest
        if newest is None or (newest.look.now_s - self._saved_at_s < SAVE_EVERY_S and not at_once):
            return
        save_memory(journal.engine, newest.turn.memory, utc_s=newest.utc_s, monotonic_s=newest.look.now_s)
        self._saved_at_s = newest.look.now_s

    def _set_aside(self) -> None:
        """Make place for a new file, which the next flush begins."""
        if self._journal is not None:
            self._journal.close()
            self._journal = self._books = None
        self._saved_at_s = float("-inf")
        now = self._clock.utc_now()
        try:
            LOGGER.error("%s", set_aside(self._storage.url, now))
            self._aside = aside_of(self._storage.url, now)
        except (JournalError, OSError) as error:
            LOGGER.error("%s", error)  # noqa: TRY400 (the sentence is for a person, not the traceback)

    def _say(self, trouble: str | None) -> None:
        """Once when it begins, once when it ends."""
        if trouble is not None and self.trouble is None:
            LOGGER.error("nothing is written to the journal, control goes on without: %s", trouble)
            self.note("storage_trouble_began", facts={"why": trouble[:LONGEST_WHY]})
        if trouble is None and self.trouble is not None:
            LOGGER.info("the journal is written again")
            self.note("storage_trouble_ended")
        self.trouble = trouble


def _opened(found: Sequence[str]) -> dict[str, str]:
    """The facts of a start: with what was found damaged, where anything was."""
    facts = {"version": version("fusewise")}
    return facts | {"says": "log.opened.found", "found": "; ".join(found)[:LONGEST_WHY]} if found else facts
