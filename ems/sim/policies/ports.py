"""What the lab asks of a policy: a tick, a look, an order for every station."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ems.model.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a policy wants one station to offer. 0 A pauses."""

    limit_a: float
    phases: int


class Policy(Protocol):
    """One way to decide. It keeps its own timers; the lab makes a fresh one for each run."""

    @property
    def name(self) -> str:
        """As `--policy` spells it."""
        ...

    @property
    def tick_s(self) -> float:
        """Time between two looks, in seconds."""
        ...

    def decide(self, now: Snapshot) -> Mapping[str, Order]:
        """Orders by station id; a station that is left out keeps its last one.

        The look is the one that our own control gets: newest meter sample with its age, car readings as the stations
        reported them, station states, site and goals. A limit stays until the next order: these systems know no lease.
        """
        ...
