"""A house whose every cycle is taken down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from ems.control.cycle import Turn, decide
from ems.control.memory import Memory
from ems.model.snapshot import Snapshot
from ems.store.database import file_url, open_database
from ems.store.journal import Cycle, Journal
from tests.house import House

MORNING = datetime(2026, 6, 21, 9, tzinfo=UTC)
EPOCH_S = MORNING.timestamp() - 1000.0
"""Wall time less the house's own seconds."""


@dataclass
class TapedHouse(House):
    """Keeps what `decide` was given and what it answered."""

    turns: list[tuple[Snapshot, Memory, Turn]] = field(default_factory=list)

    def _decide(self) -> None:
        look, before = self.snapshot(), self.memory
        super()._decide()
        assert self.decision is not None
        self.turns.append((look, before, Turn(self.decision, self.memory)))

    @property
    def cycles(self) -> list[Cycle]:
        """As the journal takes them, without a gap."""
        return [
            Cycle(utc_s=EPOCH_S + look.now_s, look=look, before=before, decision=turn.decision, follows=i > 0)
            for i, (look, before, turn) in enumerate(self.turns)
        ]


def two_cars(minutes: float = 2.0, *, sun_w: float = 9000.0) -> TapedHouse:
    """A sunny house with two cars after some minutes; a kettle comes half-way."""
    house = TapedHouse(sun_w=sun_w)
    house.with_car("garage").with_car("carport", priority=1)
    house.run(minutes=minutes / 2)
    house.sun_w /= 2
    house.run(minutes=minutes / 2)
    return house


def opened(path: Path) -> Engine:
    """A journal file for writing, which must be in order."""
    found: list[str] = []
    engine = open_database(file_url(path), now=MORNING, report=found.append)
    assert found == []
    return engine


def written(path: Path, cycles: Sequence[Cycle], *, version: str = "1.0", segment_s: float = 600.0) -> Engine:
    """A journal with these cycles, open for reading."""
    engine = opened(path)
    Journal(engine, bound_b=10_000_000, version=version, segment_s=segment_s).write(cycles)
    return engine


def in_batches(cycles: Sequence[Cycle], size: int = 5) -> list[Sequence[Cycle]]:
    return [cycles[i : i + size] for i in range(0, len(cycles), size)]


def decides_half(look: Snapshot, memory: Memory) -> Turn:
    """Another version of control: every limit is half as high."""
    turn = decide(look, memory)
    setpoints = {name: replace(each, limit_a=each.limit_a / 2) for name, each in turn.decision.setpoints.items()}
    return Turn(replace(turn.decision, setpoints=setpoints), turn.memory)
