"""One sample of a meter that speaks by itself, as an installer sees it."""

from __future__ import annotations

import asyncio
import socket
from typing import Final

from ems.clock import Clock
from ems.devices.http.address import HttpAddress
from ems.devices.inspection.finding import Finding
from ems.devices.obis_profile import ObisProfile, P1Profile, SmlPageProfile, SmlProfile, SpeedwireProfile
from ems.devices.p1.line import P1Line
from ems.devices.p1.sealed import Keys
from ems.devices.p1.speaking import SpeakingMeter
from ems.devices.p1.tongue import p1_tongue
from ems.devices.sample import Sample
from ems.devices.sml.page import SmlPage
from ems.devices.sml.tongue import SmlTongue
from ems.devices.speedwire.device import SpeedwireDevice
from ems.devices.speedwire.ear import SpeedwireEar, Spot
from ems.errors import LinkDown

PORT_PATIENCE_S: Final = 25.0
"""Two telegrams of a meter that speaks every ten seconds."""

SPEEDWIRE_PATIENCE_S: Final = 5.0


async def heard_at_port(
    profile: P1Profile | SmlProfile,
    line: P1Line,
    clock: Clock,
    *,
    keys: Keys | None = None,
    patience_s: float = PORT_PATIENCE_S,
) -> tuple[Finding, ...]:
    """What the next whole telegram says, point by point; None for what it does not tell.

    Raises LinkDown, NoAnswer, Nonsense or Refused.
    """
    meter: SpeakingMeter[Sample] = SpeakingMeter(
        name=profile.id,
        period_s=1.0,
        silence_s=patience_s,
        line=line,
        tongue=SmlTongue(profile) if isinstance(profile, SmlProfile) else p1_tongue(profile, keys),
        view=_as_it_is,
        clock=clock,
    )
    try:
        return _findings(profile, await meter.read())
    finally:
        await meter.close()


async def read_on_page(profile: SmlPageProfile, address: HttpAddress, clock: Clock) -> tuple[Finding, ...]:
    """What the page of a bridge says. Raises LinkDown, NoAnswer, Nonsense or Refused."""
    meter: SmlPage[Sample] = SmlPage(
        name=profile.id,
        period_s=profile.limits.period_s,
        silence_s=PORT_PATIENCE_S,
        address=address,
        profile=profile,
        view=_as_it_is,
        clock=clock,
    )
    try:
        return _findings(profile, await meter.read())
    finally:
        await meter.close()


async def heard_on_network(
    profile: SpeedwireProfile, spot: Spot, serial: int | None, clock: Clock
) -> tuple[Finding, ...]:
    """What the meter with that number says, or the only one there is. Raises LinkDown, NoAnswer or Nonsense."""
    meter: SpeedwireDevice[Sample] = SpeedwireDevice(
        name=profile.id,
        period_s=1.0,
        silence_s=SPEEDWIRE_PATIENCE_S,
        serial=serial,
        profile=profile,
        view=_as_it_is,
        clock=clock,
    )
    ear = SpeedwireEar(spot, clock)
    ear.follow(meter)
    listening = asyncio.create_task(ear.run())
    try:
        return _findings(profile, await meter.read())
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


def own_address(host: str) -> str:
    """Ours on the network that leads to `host`; nothing is sent. Raises LinkDown."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as towards:
        try:
            towards.connect((host, 9))
        except (OSError, UnicodeError) as err:
            raise LinkDown(f"there is no way to {host} ({type(err).__name__})") from err
        address: str = towards.getsockname()[0]
        return address


def _findings(profile: ObisProfile, sample: Sample) -> tuple[Finding, ...]:
    return tuple(
        Finding(where=point.formula, name=name, value=sample.values.get(name), kind="meter")
        for name, point in profile.points.items()
    )


def _as_it_is(sample: Sample) -> Sample:
    return sample
