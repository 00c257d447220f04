"""One look at a device with numbered objects, as an installer sees it."""

from __future__ import annotations

from ems.clock import Clock
from ems.devices.inspection.probe import Finding
from ems.devices.rct.link import RctAddress, RctLink
from ems.devices.rct.profile import RctProfile


async def told_objects(profile: RctProfile, address: RctAddress, clock: Clock) -> tuple[Finding, ...]:
    """What every object of every use says; None for what is no number. Raises LinkDown, NoAnswer or Nonsense."""
    link = RctLink(address, clock)
    points = [(kind, name, point) for kind, use in profile.uses.items() for name, point in use.points.items()]
    try:
        told = await link.read([each for _, _, point in points for each in point.objects])
    finally:
        await link.close()
    numbers = {each: said.number for each, said in told.items()}
    return tuple(
        Finding(where=point.formula, name=name, value=point.value(numbers), kind=kind) for kind, name, point in points
    )
