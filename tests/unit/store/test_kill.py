"""Killed in the middle of writing, fifty times over: the database opens, counters rise, a minute is lost at most."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ems.store.archive import StepLength, history, sessions
from ems.store.books import load_counters, load_state
from ems.store.database import file_url, open_database
from tests.unit.store.taped import MORNING

KILLS: Final = 50
MINUTE_KWH: Final = 3.0 / 60
ROUNDING_KWH: Final = 1e-6


class Victim:
    """One writer after the other."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def starts(self) -> int:
        """A new writer; its process id."""
        assert self._process.stdin is not None
        self._process.stdin.write("write\n")
        self._process.stdin.flush()
        pid: int = self.tells()["pid"]
        return pid

    def tells(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line: dict[str, Any] = json.loads(self._process.stdout.readline())
        return line


@contextmanager
def victim(path: Path) -> Iterator[Victim]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.unit.store.writer", str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Victim(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(30) == 0


def killed(writer: Victim, after_lines: int) -> list[dict[str, Any]]:
    """All that it told before and while it died."""
    pid = writer.starts()
    told = [writer.tells() for _ in range(after_lines)]
    os.kill(pid, signal.SIGKILL)
    while not told or "ended_by" not in told[-1]:
        told.append(writer.tells())
    assert told.pop()["ended_by"] == signal.SIGKILL
    return told


def test_fifty_kills_leave_a_database_that_opens_and_counters_that_rise(tmp_path: Path) -> None:
    path, dice = tmp_path / "j.db", random.Random(7)
    least_kwh = 0.0
    with victim(path) as writer:
        for _ in range(KILLS):
            told = killed(writer, dice.randint(0, 5))
            reached_kwh = max([line["reached_kwh"] for line in told if "reached_kwh" in line], default=least_kwh)
            written_kwh = max([line["written_kwh"] for line in told if "written_kwh" in line], default=least_kwh)
            found: list[str] = []
            engine = open_database(file_url(path), now=MORNING, report=found.append)
            with engine.connect() as connection:
                assert connection.exec_driver_sql("PRAGMA quick_check").scalar_one() == "ok"
            kept_kwh, state = load_counters(engine).grid_import_kwh, load_state(engine)
            engine.dispose()

            assert found == []
            assert [line["trouble"] for line in told if line.get("trouble")] == []
            assert kept_kwh >= max(least_kwh, written_kwh, reached_kwh - MINUTE_KWH) - ROUNDING_KWH
            assert state is None or state.counters.grid_import_kwh == kept_kwh
            least_kwh = kept_kwh

    assert_whole(path, least_kwh)


def assert_whole(path: Path, counted_kwh: float) -> None:
    """Something was written, minutes and sums agree with it, and the session went through it all."""
    engine = open_database(file_url(path), now=MORNING, report=print)
    sums = [sum(step.flows.grid_import_wh or 0.0 for step in history(engine, length)) / 1000.0 for length in StepLength]
    open_sessions = [entry for entry in sessions(engine) if entry.ended_utc_s is None]
    engine.dispose()

    assert counted_kwh > KILLS * MINUTE_KWH / 4
    assert max(sums) - min(sums) < ROUNDING_KWH
    assert abs(sums[0] - counted_kwh) < ROUNDING_KWH
    assert len(open_sessions) == 1
