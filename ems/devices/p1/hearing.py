"""One telegram of a smart meter, as an installer sees it."""

from __future__ import annotations

from typing import Final

from ems.clock import Clock
from ems.devices.obis_profile import P1Profile
from ems.devices.p1.device import P1Device
from ems.devices.p1.line import P1Line
from ems.devices.probe import Finding
from ems.devices.sample import Sample

PATIENCE_S: Final = 25.0
"""Two telegrams of a meter that speaks every ten seconds."""


async def heard_once(profile: P1Profile, line: P1Line, clock: Clock) -> tuple[Finding, ...]:
    """What the next whole telegram says, point by point; None for what it does not tell.

    Raises LinkDown, NoAnswer, Nonsense or Refused.
    """
    meter: P1Device[Sample] = P1Device(
        name=profile.id, period_s=1.0, silence_s=PATIENCE_S, line=line, profile=profile, view=_as_it_is, clock=clock
    )
    try:
        sample = await meter.read()
    finally:
        await meter.close()
    return tuple(
        Finding(where=point.formula, name=name, value=sample.values.get(name), kind="meter")
        for name, point in profile.points.items()
    )


def _as_it_is(sample: Sample) -> Sample:
    return sample
