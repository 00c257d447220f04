"""Memory of this process now."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

STATM: Final = Path("/proc/self/statm")


def resident_mb() -> float | None:
    """What of it is in memory, in MB of 2**20 bytes; None where the system does not tell (only Linux does)."""
    if not STATM.exists():
        return None
    pages = int(STATM.read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
