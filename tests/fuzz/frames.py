"""A coverage-guided fuzzer of frames: `python -m tests.fuzz.frames --version 1.6 --frames 1000000`.

Every frame goes through the real receive loop and dialect of a station. Inputs that took a new way through the code are
kept and spoilt further. It stops at the first finding: a fault of ours, a request without its one answer, a loop.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ems.clock import VirtualClock, WallClock, run_virtual
from tests.fuzz.mutations import mutant
from tests.fuzz.reach import Reach
from tests.fuzz.seeds import made_up, requests
from tests.fuzz.talk import VERSIONS, Finding, Talk

LONGEST_S: Final = 20
"""Of one batch of frames; only a loop takes longer."""

BATCH: Final = 200
TRACED_EVERY: Final = 8
MOST_KEPT: Final = 5000


@dataclass
class Tally:
    """What was done."""

    frames: int = 0
    calls: int = 0
    """Requests with a right to an answer; each had it."""

    connections: int = 0
    ways: int = 0
    kept: int = 0


class Fuzzer:
    """Makes frames for one version; the same ones for the same seed."""

    def __init__(self, version: str, seed: int) -> None:
        self._version = version
        self._dice = random.Random(seed)
        self._actions = sorted(requests(version))
        self._kept: list[list[Any]] = []
        self._numbers = 0

    def frame(self, asked: Sequence[str]) -> bytes:
        """A frame; `asked` are ids of requests that it may answer."""
        return mutant(self._message(asked), self._dice)

    def keep(self, frame: bytes) -> None:
        """A frame that took a new way, to be spoilt further."""
        try:
            message = json.loads(frame)
        except (ValueError, RecursionError):
            return
        if isinstance(message, list) and message and len(frame) < 20_000:
            if len(self._kept) >= MOST_KEPT:
                del self._kept[self._dice.randrange(len(self._kept))]
            self._kept.append(message)

    @property
    def kept(self) -> int:
        return len(self._kept)

    def _message(self, asked: Sequence[str]) -> list[Any]:
        dice = self._dice
        self._numbers += 1
        if self._kept and dice.random() < 0.6:
            message = list(dice.choice(self._kept))
            if len(message) > 1 and dice.random() < 0.9:
                message[1] = str(self._numbers)
            return message
        if asked and dice.random() < 0.15:
            return dice.choice(
                (
                    [3, dice.choice(asked), {"status": dice.choice(("Accepted", "Rejected", "NotSupported"))}],
                    [4, dice.choice(asked), "InternalError", "", {}],
                    [5, dice.choice(asked), "InternalError", "", {}],
                )
            )
        kind = dice.choice((2, 2, 2, 2, 2, 2, 2, 6))
        action = dice.choice(self._actions)
        return [kind, str(self._numbers), action, made_up(self._version, action, dice)]


async def fuzzed(version: str, frames: int, seed: int, clock: VirtualClock, *, guided: bool = True) -> Tally:
    """So many frames. Raises Finding."""
    fuzzer, reach, tally = Fuzzer(version, seed), Reach(), Tally()
    talk = Talk(version, clock)
    while tally.frames < frames:
        await talk.connect()
        tally.connections += 1
        for _ in range(min(BATCH, frames - tally.frames)):
            if talk.socket.closed:
                break
            frame = fuzzer.frame(talk.socket.asked)
            tally.frames += 1
            if guided and tally.frames % TRACED_EVERY == 0:
                with reach.traced():
                    said = await talk.hear(frame)
                if reach.grew():
                    fuzzer.keep(frame)
            else:
                said = await talk.hear(frame)
            tally.calls += any(each[0] != 2 for each in said)
        await _still_there(talk)
        await talk.hang_up()
        await clock.sleep(1.0)
    tally.ways, tally.kept = len(reach.known), fuzzer.kept
    return tally


async def _still_there(talk: Talk) -> None:
    if talk.socket.closed:
        return
    said = await talk.hear(b'[2,"alive","Heartbeat",{}]')
    if not any(each[0] == 3 and "currentTime" in each[2] for each in said):
        raise Finding("a heartbeat was not answered after all that")


def run(version: str, frames: int, seed: int, *, told: Callable[[Tally, float], None]) -> None:
    """In pieces, so that something can be told; each has a seed of its own."""
    done, clock = Tally(), WallClock()
    began_s = clock.monotonic_s()
    while done.frames < frames:
        signal.alarm(LONGEST_S * 60)
        virtual = VirtualClock()
        part = run_virtual(fuzzed(version, min(50_000, frames - done.frames), seed, virtual), virtual)
        signal.alarm(0)
        seed += 1
        done = Tally(
            done.frames + part.frames,
            done.calls + part.calls,
            done.connections + part.connections,
            max(done.ways, part.ways),
            max(done.kept, part.kept),
        )
        told(done, clock.monotonic_s() - began_s)


def main() -> int:
    """Exit code 1 for a finding."""
    asking = argparse.ArgumentParser(description=__doc__)
    asking.add_argument("--version", choices=VERSIONS, default="1.6")
    asking.add_argument("--frames", type=int, default=1_000_000)
    asking.add_argument("--seed", type=int, default=1)
    wanted = asking.parse_args()
    logging.disable(logging.WARNING)

    def tell(tally: Tally, seconds: float) -> None:
        sys.stdout.write(f"{wanted.version}: {tally} in {seconds:.0f} s\n")
        sys.stdout.flush()

    try:
        run(wanted.version, wanted.frames, wanted.seed, told=tell)
    except Finding as finding:
        sys.stdout.write(f"found: {finding}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
