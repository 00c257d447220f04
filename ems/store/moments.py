"""One cycle of a journal, with all that control knew then."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from ems.control.cycle import decide
from ems.control.memory import Memory
from ems.model.decision import Decision
from ems.model.snapshot import Snapshot
from ems.store.errors import JournalError
from ems.store.segments import Recorded, cycles, segment_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What a cycle saw and remembered, and what was decided."""

    utc_s: float
    look: Snapshot
    memory: Memory
    """Before the cycle, as our own control comes to it from the checkpoint before."""

    recorded: Decision
    version: str
    """Of the Fusewise that decided it."""


def moment_at(engine: Engine, utc_s: float | None = None) -> Moment:
    """The newest cycle at or before that time, or of all. Raises JournalError, also when there is none."""
    segment = segment_at(engine, utc_s)
    found: tuple[Recorded, Memory] | None = None
    if segment is not None:
        memory = segment.memory
        for recorded in cycles(engine, segment):
            if utc_s is None or recorded.utc_s <= utc_s:
                found = (recorded, memory)
            memory = decide(recorded.look, memory).memory
    if segment is None or found is None:
        raise JournalError("the journal holds no cycle at that time or before")
    recorded, memory = found
    return Moment(
        utc_s=recorded.utc_s,
        look=recorded.look,
        memory=memory,
        recorded=recorded.decision,
        version=segment.version,
    )
