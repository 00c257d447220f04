"""The watchdog: quiet while the loop beats, once when it stalls, and it really ends a process that hangs."""

from __future__ import annotations

import subprocess
import sys

from ems.clock import VirtualClock, WallClock
from ems.runtime.watchdog import STALLED_EXIT, Watchdog

HANG = """
import threading
from ems.clock import WallClock
from ems.runtime.watchdog import Watchdog
with Watchdog(WallClock(), patience_s=0.2, look_every_s=0.05):
    threading.Event().wait(60)
"""


def test_quiet_while_the_loop_beats() -> None:
    clock = VirtualClock()
    stalls: list[float] = []
    watchdog = Watchdog(clock, patience_s=20.0, stalled=stalls.append)
    clock.advance(19.0)

    assert watchdog.check()
    watchdog.beat()
    clock.advance(19.0)
    assert watchdog.check()
    assert not stalls


def test_a_stall_is_called_out_with_its_length() -> None:
    clock = VirtualClock()
    stalls: list[float] = []
    watchdog = Watchdog(clock, patience_s=20.0, stalled=stalls.append)
    clock.advance(21.0)

    assert not watchdog.check()
    assert stalls == [21.0]


def test_its_thread_ends_with_the_block_or_with_the_stall() -> None:
    stalls: list[float] = []
    with Watchdog(WallClock(), patience_s=-1.0, look_every_s=0.01, stalled=stalls.append) as watchdog:
        watchdog._thread.join()
    with Watchdog(WallClock(), patience_s=60.0, look_every_s=0.01, stalled=stalls.append) as quiet:
        quiet.beat()

    assert len(stalls) == 1
    assert not quiet._thread.is_alive()


def test_a_process_whose_loop_hangs_ends_itself_and_says_where() -> None:
    hung = subprocess.run([sys.executable, "-c", HANG], capture_output=True, text=True, timeout=60, check=False)

    assert hung.returncode == STALLED_EXIT
    assert "control loop stalled" in hung.stderr
    assert "most recent call first" in hung.stderr
