"""The numbers of a device with numbered objects, of those that its profile reads. Nothing else is even asked for."""

from __future__ import annotations

from ems.clock import Clock
from ems.devices.inspection.recording import NEWEST, Recording
from ems.devices.rct.link import RctAddress, RctLink
from ems.devices.rct.profile import RctProfile
from ems.errors import NoAnswer


async def record_objects(profile: RctProfile, address: RctAddress, clock: Clock) -> Recording:
    """All of them once; those that it does not answer are absent. Raises LinkDown, NoAnswer or Nonsense."""
    told: dict[str, float | None] = {}
    silent: NoAnswer | None = None
    link = RctLink(address, clock)
    try:
        for each in _objects(profile):
            try:
                said = await link.read([each])
            except NoAnswer as error:
                silent = error
            else:
                told[f"0x{each:08X}"] = said[each].number
    finally:
        await link.close()
    if silent is not None and not told:
        raise silent
    return Recording(recording=NEWEST, profile=profile.id, objects=told)


def _objects(profile: RctProfile) -> list[int]:
    points = [point for use in profile.uses.values() for point in use.points.values()]
    return list(dict.fromkeys(each for point in points for each in point.objects))
