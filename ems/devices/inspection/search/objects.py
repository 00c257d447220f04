"""A device that answers questions for numbered objects, at the port of its profile."""

from __future__ import annotations

from typing import Final

from ems.clock import Clock
from ems.devices.inspection.search.candidate import Candidate, Sure
from ems.devices.inspection.search.found import HostFound
from ems.devices.library import profiles
from ems.devices.rct.link import RctAddress, RctLink
from ems.devices.rct.profile import RctProfile
from ems.errors import DeviceError, LinkDown

ANSWER_WITHIN_S: Final = 2.0


async def search_objects(host: str, clock: Clock, found: HostFound) -> None:
    """Ask at the port of each such profile."""
    for chosen in (each for each in profiles() if isinstance(each, RctProfile)):
        await ask_for_object(chosen, host, clock, found)


async def ask_for_object(chosen: RctProfile, host: str, clock: Clock, found: HostFound) -> None:
    """Ask for its first object; nobody else answers that with the right checksum."""
    named = f"port {chosen.port}"
    found.begin(f"asking {named} for an object of {chosen.vendor}")
    use = next(iter(chosen.uses.values()))
    point = next(iter(use.points.values()))
    link = RctLink(RctAddress(host=host, port=chosen.port, timeout_s=ANSWER_WITHIN_S), clock)
    try:
        await link.read(point.objects)
    except LinkDown:
        found.looked.append(f"{named}: nothing accepts a connection")
    except DeviceError as error:
        found.looked.append(f"{named}: no object is told there ({error})")
    else:
        evidence = (f"answers the question for {point.formula}, which only devices of {chosen.vendor} have",)
        where: dict[str, str | int] = {"host": host, "port": chosen.port}
        found.candidates.append(Candidate(profile_id=chosen.id, sure=Sure.CERTAIN, evidence=evidence, where=where))
        found.looked.append(f"{named}: a device of {chosen.vendor} answers")
    finally:
        await link.close()
