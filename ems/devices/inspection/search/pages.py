"""What a web interface is: by a request that says so, or by an answer with a profile's numbers in it."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final

from ems.clock import Clock
from ems.devices.http.answers import number_at
from ems.devices.http.device import HttpAddress, HttpDevice
from ems.devices.http.profile import HttpIdentity, HttpPoint, HttpProfile
from ems.devices.inspection.search.candidate import Candidate, Sure
from ems.devices.library import profiles
from ems.devices.messages import Json, NotInMessage, Unreadable, parse_path, pick
from ems.devices.sample import Sample, is_live
from ems.errors import DeviceError, LinkDown, NoAnswer, Nonsense, Refused
from ems.model.readings import SolarReading

LONGEST_TOLD: Final = 60
"""Characters of a device's words that are told."""


class Browser:
    """Asks for every page once, over one connection, with a silence between two."""

    def __init__(
        self, host: str, port: int, clock: Clock, *, gap_s: float, within_s: float, secure: bool = False
    ) -> None:
        address = HttpAddress(
            host=host, port=port, request="/", timeout_s=within_s, tls=_any_certificate() if secure else None
        )
        self._device = HttpDevice(name=host, period_s=1.0, address=address, points={}, view=_nothing, clock=clock)
        self._clock = clock
        self._gap_s = gap_s
        self._known: dict[str, Json] = {}
        self.answered = False
        """Whether anybody ever did, a refusal included."""

        self.wants_login = False

    async def page(self, request: str) -> Json:
        """The JSON of that request; None where there is none. Raises LinkDown and NoAnswer."""
        if request not in self._known:
            await self._clock.sleep(self._gap_s)
            try:
                self._known[request] = await self._device.ask(request)
            except Refused as refused:
                self.wants_login = self.wants_login or "lets nobody in" in str(refused)
                self._known[request] = None
            except Nonsense:
                self._known[request] = None
            self.answered = True
        return self._known[request]

    async def close(self) -> None:
        """Let go of the connection."""
        await self._device.close()


async def search_pages(
    host: str, port: int, clock: Clock, *, gap_s: float, within_s: float, secure: bool = False
) -> tuple[list[Candidate], str]:
    """What it may be, and a sentence of what answered. `secure`: by HTTPS, whoever signed; no secret is sent."""
    browser = Browser(host, port, clock, gap_s=gap_s, within_s=within_s, secure=secure)
    speaks = "answers HTTPS" if secure else "answers HTTP"
    among = [each.filled(each.id, {}) for each in profiles() if isinstance(each, HttpProfile)]
    try:
        found = [each for known in among if (each := await _identified(browser, known)) is not None]
        if not found:
            rest = [each for each in among if each.identity is None and each.tls == secure and shows_itself(each)]
            found = [each for known in rest if (each := await _fitting(browser, known)) is not None]
    except (LinkDown, NoAnswer) as error:
        return [], "nothing accepts a connection" if not browser.answered else f"stopped answering ({error})"
    except DeviceError as error:
        return [], f"no use ({error})"
    finally:
        await browser.close()
    if found:
        return found, speaks
    login = ", and wants a login for what we ask: with one, read it by its profile" if browser.wants_login else ""
    return found, f"{speaks}, and nothing that we know{login}"


def shows_itself(known: HttpProfile) -> bool:
    """Whether all of its uses can be told by the answer to its own request, without what only its owner knows."""
    return all(any(point.request is None for point in use.points.values()) for use in known.uses.values())


async def _identified(browser: Browser, known: HttpProfile) -> Candidate | None:
    if known.identity is None:
        return None
    said = _said(await browser.page(known.identity.request), known.identity)
    if said is None:
        return None
    told = ", ".join(f"{path} {words}" for path, words in said.items())
    evidence = f"says at {known.identity.request}: {told}"
    return Candidate(profile_id=known.id, sure=Sure.CERTAIN, evidence=(evidence,))


def _said(content: Json, identity: HttpIdentity) -> Mapping[str, str] | None:
    """What stands at the identity's paths, where all of it is what such devices say."""
    said: dict[str, str] = {}
    for path, patterns in identity.says.items():
        try:
            word = str(pick(content, parse_path(path)))[:LONGEST_TOLD]
        except NotInMessage:
            return None
        if not any(fnmatchcase(word, pattern) for pattern in patterns):
            return None
        said[path] = "".join(sign for sign in word if sign.isprintable())
    return said


async def _fitting(browser: Browser, known: HttpProfile) -> Candidate | None:
    """A device without such a request, whose answer has the powers of every use."""
    content = await browser.page(known.request)
    told = {
        f"{kind}.{name}": value
        for kind, use in known.uses.items()
        for name, point in use.points.items()
        if is_live(name) and point.request is None and (value := _number(content, use.points[name])) is not None
    }
    if not all(any(name.startswith(f"{kind}.") for name in told) for kind in known.uses):
        return None
    numbers = ", ".join(f"{name} {value:g}" for name, value in told.items())
    return Candidate(profile_id=known.id, sure=Sure.LIKELY, evidence=(f"tells at {known.request}: {numbers}",))


def _number(content: Json, point: HttpPoint) -> float | None:
    try:
        return number_at(content, point)
    except Unreadable:
        return None


def _any_certificate() -> ssl.SSLContext:
    """For a look alone: what answers is not believed, only told."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _nothing(sample: Sample) -> SolarReading:
    raise Nonsense(f"nobody reads numbers here ({len(sample.values)})")
