"""Small trace files and traces for tests."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ems.sim.traces.trace import Trace

START = datetime(2026, 6, 21, tzinfo=UTC)


def written(folder: Path, text: str, name: str = "house.csv") -> Path:
    """A file with that text; gzip'd when the name ends so."""
    path = folder / name
    content = text.encode()
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


def trace(
    load_w: Sequence[float],
    pv_w: Sequence[float] | None = None,
    *,
    step_s: int = 60,
    phases: Sequence[Sequence[float]] | None = None,
) -> Trace:
    """A trace that starts at `START`."""
    l1_w, l2_w, l3_w = (None, None, None) if phases is None else map(np.array, phases)
    return Trace(
        name="house.csv",
        start_utc=START,
        step_s=step_s,
        load_w=np.array(load_w, dtype=np.float64),
        pv_w=np.full(len(load_w), np.nan) if pv_w is None else np.array(pv_w, dtype=np.float64),
        load_l1_w=l1_w,
        load_l2_w=l2_w,
        load_l3_w=l3_w,
    )
