"""What the page is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ems.sim.lab.records import RunRecord

Row = Mapping[str, object]
"""One policy's score, with the keys of design §7."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultVerdict:
    """How one policy came through one fault of design §6."""

    fault: str
    policy: str
    passed: bool | None
    """None: not played, or no verdict is possible."""

    figure: str
    """What was measured, with its unit."""

    sentence: str
    """The verdict in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that the page says. Parts that are empty or None are left out of it."""

    title: str
    site: str
    trace: str
    days: float
    cars: str
    """In words, as "garage: 3 phases, 16 A; carport: 1 phase, 32 A"."""

    fuse: str
    """In words, as "3 × 25 A breaker, curve B"."""

    version: str
    command: str
    """The command line that makes the same figures again."""

    seed: int | None = None
    zone: str = "UTC"
    """IANA name of the time zone in which times of day are shown."""

    main_circuit: str | None = None
    """The circuit of the main fuse; None: the first one of the record."""

    rows: Sequence[Row] = ()
    house_only: Mapping[str, object] = field(default_factory=dict)
    """Breaker figures by circuit without cars; empty: those of the first row that has some."""

    records: Sequence[RunRecord] = ()
    faults: Sequence[FaultVerdict] = ()
    policy_notes: Mapping[str, str] = field(default_factory=dict)
    """Per policy: one sentence on how it decides."""
