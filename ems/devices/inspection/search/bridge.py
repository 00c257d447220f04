"""A smart meter that speaks by itself: behind a bridge on the network, or on a serial line."""

from __future__ import annotations

from typing import Final

from ems.clock import Clock
from ems.devices.inspection.hearing import heard_at_port
from ems.devices.inspection.search.candidate import Candidate, Sure
from ems.devices.inspection.search.found import HostFound
from ems.devices.inspection.tapes.length import Length
from ems.devices.inspection.tapes.telegrams import record_telegrams
from ems.devices.library import profiles
from ems.devices.obis_profile import P1Profile, SmlProfile
from ems.devices.p1.line import SEVEN_BITS_UP_TO_BAUD, P1Line
from ems.errors import DeviceError, LinkDown

MORE_PORTS: Final = (23,)
"""Where bridges pass a line through, beside the port of the profile."""

LISTEN_S: Final = 11.0
"""Meters before DSMR 5 speak every ten seconds."""

SPEEDS: Final = (115_200, 9600)


async def search_bridge(host: str, clock: Clock, found: HostFound) -> None:
    """Listen at the ports of bridges."""
    for chosen in _smart_meters():
        for port in dict.fromkeys((chosen.defaults.port, *MORE_PORTS)):
            line = P1Line(host=host, port=port)
            await _listen(chosen, line, {"host": host, "port": port}, f"port {port}", clock, found)


async def search_cable(path: str, clock: Clock, found: HostFound) -> bool:
    """Listen to a serial line at the speeds of such ports. Whether one speaks there."""
    for chosen in _smart_meters():
        for baud in SPEEDS:
            line = P1Line(serial=path, baud=baud, seven_bits=baud <= SEVEN_BITS_UP_TO_BAUD)
            where: dict[str, str | int] = {"serial": path, "baud": baud}
            if await _listen(chosen, line, where, f"{path} at {baud} baud", clock, found):
                return True
    for head in (each for each in profiles() if isinstance(each, SmlProfile)):
        if await listen_to_head(head, path, clock, found):
            return True
    return False


async def listen_to_head(chosen: SmlProfile, path: str, clock: Clock, found: HostFound) -> bool:
    """Whether a reading head hears SML there."""
    named = f"{path} at {chosen.defaults.baud} baud"
    found.begin(f"listening for SML at {named}")
    line = P1Line(serial=path, baud=chosen.defaults.baud)
    try:
        await heard_at_port(chosen, line, clock, patience_s=LISTEN_S)
    except DeviceError as error:
        found.looked.append(f"{named}: no meter speaks SML there ({error})")
        return False
    where: dict[str, str | int] = {"serial": path, "baud": chosen.defaults.baud}
    evidence = ("speaks SML with the right checksums",)
    found.candidates.append(Candidate(profile_id=chosen.id, sure=Sure.CERTAIN, evidence=evidence, where=where))
    found.looked.append(f"{named}: a meter speaks SML")
    return True


def _smart_meters() -> list[P1Profile]:
    return [each for each in profiles() if isinstance(each, P1Profile)]


async def _listen(
    chosen: P1Profile, line: P1Line, where: dict[str, str | int], named: str, clock: Clock, found: HostFound
) -> bool:
    found.begin(f"listening for a smart meter at {named}")
    try:
        recording = await record_telegrams(chosen, line, Length(for_s=LISTEN_S, most=1), clock)
    except LinkDown:
        found.looked.append(f"{named}: nothing accepts a connection")
        return False
    except DeviceError as error:
        found.looked.append(f"{named}: no smart meter speaks there ({error})")
        return False
    head = recording.telegrams[0].text.split("\n", 1)[0].strip()[1:60]
    said = "".join(sign for sign in head if sign.isprintable())
    found.candidates.append(
        Candidate(
            profile_id=chosen.id,
            sure=Sure.CERTAIN,
            evidence=(f"speaks telegrams of a smart meter: {said}",),
            where=where,
        )
    )
    found.looked.append(f"{named}: a smart meter speaks")
    return True
