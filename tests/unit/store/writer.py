"""A process that writes a house's books as fast as it can, to be killed: it forks a writer for every line it reads."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from ems.clock import VirtualClock
from ems.runtime.recorder import Recorder, Storage
from ems.store.database import file_url
from tests.unit.runtime.yard import Yard
from tests.unit.store.taped import MORNING, two_cars

STEP_S = 10.0


def tell(**facts: object) -> None:
    """A line for the one who watches, at once."""
    os.write(1, json.dumps(facts).encode() + b"\n")


def write_for_ever(path: Path) -> None:
    """Minute after minute: what was reached is told before it is written, what was written after."""
    clock = VirtualClock(start_utc=MORNING)
    recorder = Recorder(Storage(url=file_url(path), bound_b=10_000_000), clock)
    recorder._flush()
    kept = recorder.recall_ledger()
    yard = Yard(kept=kept, utc_s=MORNING.timestamp() if kept is None else kept.utc_s, write=recorder.keep)
    yard.grid_w, yard.solar_w, yard.cars_w, yard.plugged = 3000.0, 6000.0, {"garage": 8000.0}, {"garage"}
    turns = two_cars(0.2).turns
    tell(began_kwh=yard.ledger.counters.grid_import_kwh, trouble=recorder.trouble)
    while True:
        for _ in range(6):
            yard.step(STEP_S)
        tell(reached_kwh=yard.ledger.counters.grid_import_kwh)
        for look, before, turn in turns:
            recorder.record(look, before, turn)
        recorder._flush()
        if recorder.written is not None:
            tell(written_kwh=recorder.written.counters.grid_import_kwh, trouble=recorder.trouble)


def main() -> None:
    path = Path(sys.argv[1])
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            write_for_ever(path)
        tell(pid=pid)
        _, status = os.waitpid(pid, 0)
        tell(ended_by=os.WTERMSIG(status))


if __name__ == "__main__":
    main()
