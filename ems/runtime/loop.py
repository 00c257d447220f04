"""The loop: wake, look, decide, send. It holds the only copy of control's memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from ems.clock import Clock
from ems.control.cycle import Turn, decide
from ems.control.memory import Memory
from ems.model.decision import Decision
from ems.model.snapshot import Snapshot
from ems.runtime.board import Board
from ems.runtime.dispatch import Dispatch
from ems.runtime.listeners import Listeners

LONGEST_WAIT_S: Final = 2.0
"""A look at the house at least this often, news or not (design §4, step 2)."""

Watcher = Callable[[Snapshot, Decision], None]
"""Sees every cycle after the limits were handed to dispatch; must not wait."""

Record = Callable[[Snapshot, Memory, Turn], None]
"""Takes down every cycle: the look, what was remembered before it, and what came of it; must not wait."""


class Loop:
    """Runs `decide` on every wake; goes on from `memory` where an earlier run left one."""

    def __init__(
        self,
        board: Board,
        dispatch: Dispatch,
        clock: Clock,
        *,
        beat: Callable[[], None],
        watchers: Sequence[Watcher] = (),
        records: Sequence[Record] = (),
        memory: Memory | None = None,
    ) -> None:
        self._board = board
        self._dispatch = dispatch
        self._beat = beat
        self._watchers = Listeners(watchers)
        self._records = Listeners(records)
        self._clock = clock
        self._memory = memory or Memory.fresh(clock.monotonic_s())
        self.turns = 0
        """Cycles since the start."""

        self.turn_s = 0.0
        """What the last one took."""

    @property
    def memory(self) -> Memory:
        return self._memory

    async def run(self) -> None:
        """Decide for ever."""
        while True:
            await self._board.news(LONGEST_WAIT_S)
            self.turn()
            self._beat()

    def turn(self) -> Turn:
        """One cycle, from what the board knows now."""
        began_s = self._clock.monotonic_s()
        look = self._board.snapshot()
        before = self._memory
        turn = decide(look, before)
        self._memory = turn.memory
        self._dispatch.apply(turn.decision, look)
        self._watchers.tell(look, turn.decision)
        self._records.tell(look, before, turn)
        self.turns += 1
        self.turn_s = self._clock.monotonic_s() - began_s
        return turn
