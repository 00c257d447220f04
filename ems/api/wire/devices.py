"""How well the devices of the site file are read."""

from __future__ import annotations

from ems.api.wire.readings import SourceKind
from ems.api.wire.words import Sentence, Shape


class DeviceTrouble(Shape):
    """Why the newest bad read of a device gave nothing."""

    code: str
    """`link_down`, `no_answer`, `refused`, `nonsense`."""

    says: Sentence
    age_s: float


class DeviceState(Shape):
    """A meter, inverter or battery, and how its reads went."""

    id: str
    kind: SourceKind
    circuit: str | None
    """Whose fuse a meter sits at; null for others."""

    period_s: float
    """Between two reads in normal work."""

    pushes: bool
    """It speaks by itself, so it has no latency."""

    age_s: float | None
    """Of the newest good reading, since it was measured; null before the first."""

    good: int
    bad: int
    """Reads since the start of the service."""

    error_share: float | None
    """Of the newest hundred reads, 0 to 1; null before the first."""

    latency_p50_s: float | None
    latency_p99_s: float | None
    """From asking to having the reading: half of the newest hundred good ones took no longer, and 99 of 100."""

    reconnects: int | None
    """Of its connection since the start, which others may share; null where it opens none."""

    bad_in_a_row: int
    """0 while all is well."""

    trouble: DeviceTrouble | None
    """The newest one, however long ago; null before the first."""
