"""One sample of a meter that speaks by itself, as an installer sees it."""

from __future__ import annotations

import asyncio
import socket
from typing import Final

from ems.clock import Clock
from ems.devices.inspection.finding import Finding
from ems.devices.obis_profile import ObisProfile, P1Profile, SpeedwireProfile
from ems.devices.p1.device import P1Device
from ems.devices.p1.line import P1Line
from ems.devices.sample import Sample
from ems.devices.speedwire.device import SpeedwireDevice
from ems.devices.speedwire.ear import SpeedwireEar, Spot
from ems.errors import LinkDown

PORT_PATIENCE_S: Final = 25.0
"""Two telegrams of a meter that speaks every ten seconds."""

SPEEDWIRE_PATIENCE_S: Final = 5.0


async def heard_at_port(profile: P1Profile, line: P1Line, clock: Clock) -> tuple[Finding, ...]:
    """What the next whole telegram says, point by point; None for what it does not tell.

    Raises LinkDown, NoAnswer, Nonsense or Refused.
    """
    meter: P1Device[Sample] = P1Device(
        name=profile.id,
        period_s=1.0,
        silence_s=PORT_PATIENCE_S,
        line=line,
        profile=profile,
        view=_as_it_is,
        clock=clock,
    )
    try:
        return _findings(profile, await meter.read())
    finally:
        await meter.close()


async def heard_on_network(profile: SpeedwireProfile, host: str, port: int, clock: Clock) -> tuple[Finding, ...]:
    """What the only energy meter on the network of `host` says. Raises LinkDown, NoAnswer or Nonsense."""
    meter: SpeedwireDevice[Sample] = SpeedwireDevice(
        name=profile.id,
        period_s=1.0,
        silence_s=SPEEDWIRE_PATIENCE_S,
        serial=None,
        profile=profile,
        view=_as_it_is,
        clock=clock,
    )
    ear = SpeedwireEar(Spot(group=profile.defaults.group, port=port, interface=_own_address(host)), clock)
    ear.follow(meter)
    listening = asyncio.create_task(ear.run())
    try:
        return _findings(profile, await meter.read())
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


def _own_address(host: str) -> str:
    """Ours on the network that leads to `host`; nothing is sent."""
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
