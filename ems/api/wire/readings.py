"""Readings that a program brings, and the devices that wait for them."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, Field

from ems.api.wire.words import Shape

MOST_READINGS: Final = 50

DeviceId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.|-]{0,47}$")]
Quantity = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]
"""Bounded as nonsense is; what a house can carry is checked beyond."""

ByPhase = Annotated[tuple[Quantity, ...], Field(min_length=1, max_length=3)]
"""The device's own L1 first."""

SourceKind = Literal["meter", "solar", "battery"]


class Reading(Shape):
    """What one device measured at one instant; null is unknown. Signs as everywhere, unless the file inverts."""

    device: DeviceId
    """Its id in the site file, where it stands with `pushed: true`."""

    age_s: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]
    """How long ago the sensor measured it, as this request is sent; of several sensors the oldest."""

    taken_at: AwareDatetime | None = None
    """The same as a time, for requests that are held up on their way. Where the two differ the older one counts."""

    power_w: Quantity | None = None
    """Meter + import, solar + production, battery + discharge."""

    powers_w: ByPhase | None = None
    current_a: ByPhase | None = None
    """Without a sign it takes the direction of the power on the same phase; without that it counts as import."""

    voltage_v: ByPhase | None = None
    """Meter only."""

    frequency_hz: Quantity | None = None
    """Meter only."""

    energy_import_kwh: Quantity | None = None
    energy_export_kwh: Quantity | None = None
    """Counters of a meter."""

    energy_kwh: Quantity | None = None
    """Counter of an inverter."""

    soc: Quantity | None = None
    """Battery only, 0 to 1."""


class Readings(Shape):
    """Body of `POST /readings`."""

    readings: Annotated[tuple[Reading, ...], Field(min_length=1, max_length=MOST_READINGS)]


class ReadingVerdict(Shape):
    """What became of one reading."""

    device: str
    taken: bool
    code: str | None
    """Why not: `unknown_source`, `other_client`, `too_old`, `not_newer`, `nonsense`."""

    detail: str | None


class ReadingsAnswer(Shape):
    """What became of each reading, in their order."""

    verdicts: tuple[ReadingVerdict, ...]


class RefusedReading(Shape):
    """Why the newest reading of a device was refused."""

    code: str
    detail: str
    age_s: float
    """Since it was brought."""


class SourceState(Shape):
    """A device of the site file whose readings a program brings."""

    id: str
    kind: SourceKind
    circuit: str | None
    """Whose fuse a meter sits at; null for others."""

    phases: int
    """A meter's reading must tell current or power of so many."""

    period_s: float
    """Within which a new reading is due."""

    silent_after_s: float
    age_s: float | None
    """Of the newest good reading, since it was measured; null before the first."""

    silent: bool
    client: str | None
    """Who brought it last."""

    refused: RefusedReading | None
    """Null where the newest reading was good."""
