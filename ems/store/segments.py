"""Reads a journal: its segments, and the cycles of each as they were."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Engine, Row, select

from ems.control.memory import Memory
from ems.model.decision import Decision
from ems.model.site import Site
from ems.model.snapshot import Snapshot
from ems.store.codec import decode, from_text
from ems.store.database import spoken_errors
from ems.store.packing import decision_words, unpack
from ems.store.tables import CHECKPOINTS, CYCLES, SITES


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A run of cycles without a gap, and what control remembered before the first."""

    segment_id: int
    follows_id: int | None
    """The segment before, when this one goes on where that one ended."""

    utc_s: float
    version: str
    """Of the Fusewise that decided."""

    site: Site
    memory: Memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One cycle of the journal."""

    utc_s: float
    look: Snapshot
    decision_text: bytes
    """The decision as JSON; see `decision`."""

    @property
    def decision(self) -> Decision:
        """Raises JournalError."""
        return decode(Decision, from_text(self.decision_text))


def segments(
    engine: Engine, *, since_utc_s: float | None = None, until_utc_s: float | None = None
) -> Iterator[Segment]:
    """Those with a cycle in that time, oldest first. Raises JournalError."""
    inside = select(CYCLES.c.checkpoint_id).distinct()
    if since_utc_s is not None:
        inside = inside.where(CYCLES.c.utc_s >= since_utc_s)
    if until_utc_s is not None:
        inside = inside.where(CYCLES.c.utc_s <= until_utc_s)
    query = (
        select(CHECKPOINTS, SITES.c.body)
        .join(SITES, SITES.c.id == CHECKPOINTS.c.site_id)
        .where(CHECKPOINTS.c.id.in_(inside))
        .order_by(CHECKPOINTS.c.id)
    )
    with spoken_errors(engine.url), engine.connect() as connection:
        for row in connection.execute(query):
            yield _segment(row)


def segment_at(engine: Engine, utc_s: float | None = None) -> Segment | None:
    """The one with the newest cycle at or before that time, or of all; None without any. Raises JournalError."""
    newest = select(CYCLES.c.checkpoint_id).order_by(CYCLES.c.id.desc()).limit(1)
    if utc_s is not None:
        newest = newest.where(CYCLES.c.utc_s <= utc_s)
    query = (
        select(CHECKPOINTS, SITES.c.body)
        .join(SITES, SITES.c.id == CHECKPOINTS.c.site_id)
        .where(CHECKPOINTS.c.id == newest.scalar_subquery())
    )
    with spoken_errors(engine.url), engine.connect() as connection:
        row = connection.execute(query).first()
    return None if row is None else _segment(row)


def cycles(engine: Engine, segment: Segment) -> Iterator[Recorded]:
    """The cycles of a segment in their order. Raises JournalError."""
    query = select(CYCLES).where(CYCLES.c.checkpoint_id == segment.segment_id).order_by(CYCLES.c.id)
    with spoken_errors(engine.url), engine.connect() as connection:
        look = decision = b""
        for row in connection.execute(query):
            look = unpack(row.look, look)
            decision = unpack(row.decision, decision_words(look, decision))
            yield Recorded(
                utc_s=row.utc_s,
                look=decode(Snapshot, from_text(look), given={"site": segment.site}),
                decision_text=decision,
            )


def _segment(row: Row[tuple[object, ...]]) -> Segment:
    return Segment(
        segment_id=row.id,
        follows_id=row.follows_id,
        utc_s=row.utc_s,
        version=row.version,
        site=decode(Site, from_text(unpack(row.body))),
        memory=decode(Memory, from_text(unpack(row.memory))),
    )
