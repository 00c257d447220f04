"""What this process costs: memory and processor time."""

from __future__ import annotations

import resource
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Since the process began."""

    rss_mb: float
    """Largest resident memory so far."""

    cpu_s: float
    """Processor seconds so far, user and system."""


def usage() -> Usage:
    """The figures of this process."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return Usage(rss_mb=_peak_rss_mb(spent.ru_maxrss), cpu_s=spent.ru_utime + spent.ru_stime)


def _peak_rss_mb(max_rss: int) -> float:
    # Linux hands a parent's peak down through exec in ru_maxrss; VmHWM belongs to this program alone.
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return max_rss / 2**20 if sys.platform == "darwin" else max_rss / 1024
