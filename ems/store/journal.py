"""Writes the journal: every cycle as control saw and decided it, in segments that a replay can start at.

A bounded size: the oldest segments are deleted whole. A cycle of three stations and two meters takes about 350 bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, CursorResult, Engine, delete, func, insert, select, update

from ems.control.memory import Memory
from ems.model.decision import Decision
from ems.model.site import Site
from ems.model.snapshot import Snapshot
from ems.store.codec import encode, to_text
from ems.store.database import spoken_errors
from ems.store.packing import decision_words, pack
from ems.store.tables import CHECKPOINTS, CYCLES, EVENTS, SITES

SEGMENT_S: Final = 600.0
"""A checkpoint at least this often: so much is deleted at once, and so far back a replay has to start."""

ROW_B: Final = 60
"""What a cycle takes beside its two packets: row, page and index entries of SQLite."""

EVENTS_KEPT: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """One turn of the loop, to be written."""

    utc_s: float
    look: Snapshot
    before: Memory
    """What control remembered when it looked."""

    decision: Decision
    follows: bool
    """Whether this is the very next turn after the one written before."""


@dataclass(slots=True)
class _Segment:
    """The one being written."""

    row_id: int
    site: Site
    began_at_s: float
    size_b: int
    look: bytes = b""
    """The last one written, which the next one is packed with."""

    decision: bytes = b""


class Journal:
    """Appends to a database that `open_database` made ready. Belongs to one thread."""

    def __init__(self, engine: Engine, *, bound_b: int, version: str, segment_s: float = SEGMENT_S) -> None:
        self._engine = engine
        self._bound_b = bound_b
        self._version = version
        self._segment_s = segment_s
        self._segment: _Segment | None = None

    @property
    def engine(self) -> Engine:
        return self._engine

    def write(self, cycles: Sequence[Cycle]) -> None:
        """All of them or none, in one transaction. Raises JournalError; then a new segment begins with the next."""
        try:
            with spoken_errors(self._engine.url), self._engine.begin() as connection:
                for cycle in cycles:
                    self._append(connection, cycle)
                if self._segment is not None:
                    self._note_size(connection, self._segment)
        except BaseException:
            self._segment = None
            raise

    def note(self, utc_s: float, kind: str, facts: Mapping[str, Any]) -> None:
        """An event beside the cycles: a start, a file set aside. Raises JournalError."""
        with spoken_errors(self._engine.url), self._engine.begin() as connection:
            connection.execute(insert(EVENTS).values(utc_s=utc_s, kind=kind, facts=to_text(facts).decode()))

    def close(self) -> None:
        self._engine.dispose()

    def _append(self, connection: Connection, cycle: Cycle) -> None:
        look = to_text(encode(cycle.look, without=("site",)))
        decision = to_text(encode(cycle.decision))
        segment = self._segment
        if segment is None or self._is_over(segment, cycle):
            if segment is not None:
                self._note_size(connection, segment)
            segment = self._segment = self._begun(connection, cycle)
            self._make_room(connection, segment.row_id)
        packed = (pack(look, segment.look), pack(decision, decision_words(look, segment.decision)))
        segment.look, segment.decision = look, decision
        segment.size_b += ROW_B + sum(map(len, packed))
        connection.execute(
            insert(CYCLES).values(checkpoint_id=segment.row_id, utc_s=cycle.utc_s, look=packed[0], decision=packed[1])
        )

    def _is_over(self, segment: _Segment, cycle: Cycle) -> bool:
        return (
            not cycle.follows
            or cycle.look.now_s - segment.began_at_s >= self._segment_s
            or cycle.look.site is not segment.site
        )

    def _begun(self, connection: Connection, cycle: Cycle) -> _Segment:
        memory = pack(to_text(encode(cycle.before)))
        size_b = ROW_B + len(memory)
        added = connection.execute(
            insert(CHECKPOINTS).values(
                follows_id=self._segment.row_id if self._segment is not None and cycle.follows else None,
                utc_s=cycle.utc_s,
                at_s=cycle.look.now_s,
                site_id=_site_id(connection, cycle.look.site),
                version=self._version,
                memory=memory,
                size_b=size_b,
            )
        )
        return _Segment(_row_id(added), cycle.look.site, cycle.look.now_s, size_b)

    def _note_size(self, connection: Connection, segment: _Segment) -> None:
        connection.execute(update(CHECKPOINTS).where(CHECKPOINTS.c.id == segment.row_id).values(size_b=segment.size_b))

    def _make_room(self, connection: Connection, newest_id: int) -> None:
        rows = connection.execute(select(CHECKPOINTS.c.id, CHECKPOINTS.c.size_b).order_by(CHECKPOINTS.c.id)).all()
        over_b = sum(row.size_b for row in rows) - self._bound_b
        doomed = []
        for row in rows:
            if over_b <= 0 or row.id == newest_id:
                break
            doomed.append(row.id)
            over_b -= row.size_b
        for row_id in doomed:
            connection.execute(delete(CYCLES).where(CYCLES.c.checkpoint_id == row_id))
            connection.execute(delete(CHECKPOINTS).where(CHECKPOINTS.c.id == row_id))
        if doomed:
            connection.execute(delete(SITES).where(SITES.c.id.not_in(select(CHECKPOINTS.c.site_id))))
        newest_event = select(func.max(EVENTS.c.id)).scalar_subquery()
        connection.execute(delete(EVENTS).where(EVENTS.c.id <= newest_event - EVENTS_KEPT))


def _site_id(connection: Connection, site: Site) -> int:
    """The row of that site, written when it is new."""
    text = to_text(encode(site))
    digest = hashlib.sha256(text).hexdigest()
    known = connection.execute(select(SITES.c.id).where(SITES.c.digest == digest)).scalar()
    if known is not None:
        return int(known)
    return _row_id(connection.execute(insert(SITES).values(digest=digest, body=pack(text))))


def _row_id(added: CursorResult[Any]) -> int:
    [row_id] = added.inserted_primary_key or [0]
    return int(row_id)
