"""What is on a serial line: a smart meter that speaks by itself, or Modbus units at the usual speeds and parities."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Final

from ems.clock import Clock
from ems.devices.inspection.search.bridge import search_cable
from ems.devices.inspection.search.found import HostFound
from ems.devices.inspection.search.host import Search, Spoke, search_units, untold_profiles
from ems.devices.library import profiles
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.modbus.wire import Line, Parity, SerialSetting

MORE: Final = (SerialSetting(baud=9600), SerialSetting(baud=19200, parity="even"), SerialSetting(baud=19200))
PARITIES: Final[dict[str, Parity]] = {"N": "none", "E": "even", "O": "odd"}
ANSWER_WITHIN_S: Final = 0.5
"""Whoever is on the line itself answers soon."""


def usual_settings() -> tuple[SerialSetting, ...]:
    """Those of the profiles, the commonest first, and a few more."""
    known = [
        SerialSetting(baud=each.serial.baudrate, parity=PARITIES[each.serial.parity], stop_bits=each.serial.stopbits)
        for each in profiles()
        if isinstance(each, ModbusProfile | HybridProfile) and each.serial is not None
    ]
    return tuple(dict.fromkeys((*(setting for setting, _ in Counter(known).most_common()), *MORE)))


async def search_line(
    search: Search, clock: Clock, found: HostFound, settings: tuple[SerialSetting, ...] = ()
) -> HostFound:
    """Look at the line `search.host`, with the usual settings or those. What fails is said in `looked`."""
    found.untold = untold_profiles()
    if not settings and await search_cable(search.host, clock, found):
        found.sort()
        return found
    patient = replace(search, answer_within_s=ANSWER_WITHIN_S)
    for setting in settings or usual_settings():
        spoke = await search_units(patient, Line(over="serial", host=search.host, serial=setting), clock, found)
        if spoke is not Spoke.SILENT:
            # One speed serves a whole line; and a line that cannot be opened cannot at another one.
            break
    found.sort()
    return found
