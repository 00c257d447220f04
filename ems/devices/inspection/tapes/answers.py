"""The numbers of a device with a web interface, at the paths of its profile. Headers and logins are not kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ems.clock import Clock
from ems.devices.http.device import HttpAddress, HttpDevice
from ems.devices.http.profile import HttpProfile
from ems.devices.inspection.named import named_http
from ems.devices.inspection.recording import NEWEST, Number, Recording
from ems.devices.inspection.tapes.kept import kept_values
from ems.devices.sample import Sample
from ems.errors import Nonsense
from ems.model.readings import SolarReading


async def record_answers(profile: HttpProfile, address: HttpAddress, clock: Clock) -> Recording:
    """The numbers at the paths of all its points. Raises LinkDown, NoAnswer, Refused or Nonsense."""
    device = HttpDevice(name=profile.id, period_s=1.0, address=address, points={}, view=_nobody, clock=clock)
    answers: dict[str, dict[str, Number]] = {}
    names = dict(zip(_requests(profile), _requests(named_http(profile)), strict=True))
    try:
        for request, paths in _paths(profile).items():
            values = kept_values(await device.ask(request), paths)
            if values:
                answers[names[request]] = values
    finally:
        await device.close()
    return Recording(recording=NEWEST, profile=profile.id, answers=answers)


def _paths(profile: HttpProfile) -> Mapping[str, list[str]]:
    """The paths of every request."""
    found: dict[str, list[str]] = {}
    for request, path in _places(profile):
        if path not in found.setdefault(request, []):
            found[request].append(path)
    return found


def _requests(profile: HttpProfile) -> list[str]:
    return [request for request, _ in _places(profile)]


def _places(profile: HttpProfile) -> Iterator[tuple[str, str]]:
    for use in profile.uses.values():
        for point in use.points.values():
            for term in point.all_terms:
                yield term.request or point.request or profile.request, term.path


def _nobody(sample: Sample) -> SolarReading:
    raise Nonsense(f"nobody reads numbers here ({len(sample.values)})")
