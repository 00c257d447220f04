"""One look at a device with numbered objects: what those that its profile reads hold."""

from __future__ import annotations

from ems.clock import Clock
from ems.devices.inspection.recording import NEWEST, Recording
from ems.devices.rct.link import RctAddress, RctLink
from ems.devices.rct.profile import RctProfile


async def record_objects(profile: RctProfile, address: RctAddress, clock: Clock) -> Recording:
    """Ask for each of them once. Raises LinkDown, NoAnswer or Nonsense."""
    link = RctLink(address, clock)
    points = [point for use in profile.uses.values() for point in use.points.values()]
    try:
        told = await link.read([each for point in points for each in point.objects])
    finally:
        await link.close()
    return Recording(recording=NEWEST, profile=profile.id, objects={each: said.number for each, said in told.items()})
