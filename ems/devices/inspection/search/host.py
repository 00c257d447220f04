"""What answers at a host: Modbus at the ports and units of the profiles, and web interfaces that say what they are.

One connection at a time, a silence between two requests, and an end: at most the ports, units and places that profiles
know. Nothing is written.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ems.clock import Clock
from ems.devices.inspection.search.candidate import Candidate, best_first
from ems.devices.inspection.search.fit import telling_use
from ems.devices.inspection.search.pages import search_pages
from ems.devices.inspection.search.unit import search_unit
from ems.devices.library import profiles
from ems.devices.modbus.link import Answer, Line, ModbusLink, NobodyBehind, ReadRequest
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.modbus.register_point import RegisterKind
from ems.devices.profile import SunSpecProfile
from ems.devices.sunspec.chain import BASES
from ems.errors import DeviceError, LinkDown, NoAnswer, Nonsense, Refused, UnknownHost

SUNSPEC_UNITS: Final = (1, 2, 3, 71, 100, 126, 200, 240, 247)
"""Where devices that describe themselves sit, in the order of how common it is."""

WEB_PORT: Final = 80
SILENT_IN_A_ROW: Final = 3
"""Once a unit has answered, so many silent ones after it end the search: each may cost a new connection."""

NOT_MODBUS: Final = "does not speak Modbus"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Where to look, and how gently."""

    host: str
    ports: tuple[int, ...] = ()
    """Those to look at, whatever speaks there; those of the profiles, and the web's, when empty."""

    unit: int | None = None
    """This one alone."""

    gap_s: float = 0.1
    """Silence between two requests."""

    answer_within_s: float = 2.0


@dataclass(slots=True)
class HostFound:
    """What was found, and what was looked at."""

    candidates: list[Candidate] = field(default_factory=list)
    """The surest first."""

    looked: list[str] = field(default_factory=list)
    """Sentences, in order."""

    untold: tuple[str, ...] = ()
    """Profiles whose devices cannot be told by what they say: no search finds them."""


async def search_host(search: Search, clock: Clock) -> HostFound:
    """Look. Raises UnknownHost for a name that nobody knows; whatever else fails is said in `looked`."""
    found = HostFound(untold=untold_profiles())
    for port in search.ports or modbus_ports():
        if not await _search_modbus(search, port, clock, found) and search.ports:
            await _search_web(search, port, clock, found)
    if not search.ports:
        await _search_web(search, WEB_PORT, clock, found)
    found.candidates = list(best_first(found.candidates))
    return found


def modbus_ports() -> tuple[int, ...]:
    """The ports of all profiles, the commonest first."""
    counted = Counter(each.defaults.port for each in _modbus_profiles() if each.defaults.over == "tcp")
    return tuple(port for port, _ in counted.most_common())


def units_at(port: int) -> tuple[int, ...]:
    """The units worth asking there: those of the profiles with that port first."""
    here = Counter(each.defaults.unit for each in _modbus_profiles() if each.defaults.port == port)
    elsewhere = Counter(each.defaults.unit for each in _modbus_profiles())
    ordered = (
        *(unit for unit, _ in here.most_common()),
        *SUNSPEC_UNITS,
        *(unit for unit, _ in elsewhere.most_common()),
    )
    return tuple(dict.fromkeys(ordered))


def more_units(found: Collection[str]) -> tuple[int, ...]:
    """Where devices of those profiles have more of their kind."""
    known = [each for each in profiles() if isinstance(each, SunSpecProfile) and each.id in found]
    return tuple(dict.fromkeys(unit for each in known for unit in each.more_units))


def untold_profiles() -> tuple[str, ...]:
    """Those without a register, model or number that tells them."""
    return tuple(
        each.id
        for each in _modbus_profiles()
        if telling_use(each) is None and each.identity is None and each.sunspec_maker is None
    )


def _modbus_profiles() -> Sequence[ModbusProfile | HybridProfile]:
    return [each for each in profiles() if isinstance(each, ModbusProfile | HybridProfile)]


async def _search_modbus(search: Search, port: int, clock: Clock, found: HostFound) -> bool:
    """Look at one port. Whether anything there speaks Modbus."""
    link = ModbusLink(Line(host=search.host, port=port), clock, gap_s=search.gap_s, connect_delay_s=search.gap_s)
    there: list[int] = []
    kinds: set[str] = set()
    units = deque(units_at(port) if search.unit is None else (search.unit,))
    try:
        async for unit in _units_there(search, units, link):
            seen = await _search_unit(search, port, unit, link, found, among=kinds)
            new = {each.profile_id for each in seen} - kinds
            kinds |= new
            if search.unit is None:
                _put_first(units, more_units(new), there)
            found.candidates += seen
            there.append(unit)
    except UnknownHost:
        raise
    except LinkDown:
        said = "accepts no connection any longer" if there else "nothing accepts a connection"
        found.looked.append(f"port {port}: {said}")
        return bool(there)
    finally:
        await link.close()
    said = f"answers Modbus as unit {', '.join(map(str, there))}" if there else NOT_MODBUS
    found.looked.append(f"port {port}: {said}")
    return bool(there)


def _put_first(units: deque[int], wanted: Sequence[int], there: Sequence[int]) -> None:
    """Ask those next that were not found yet."""
    for unit in reversed([each for each in wanted if each not in there]):
        if unit in units:
            units.remove(unit)
        units.appendleft(unit)


async def _units_there(search: Search, units: deque[int], link: ModbusLink) -> AsyncIterator[int]:
    """The units that answer, refusals too; others may join while they are asked. Raises LinkDown when nothing accepts a
    connection."""
    silent = answered = 0
    while units:
        unit = units.popleft()
        if answered and silent >= SILENT_IN_A_ROW:
            return
        try:
            await _ask(search, unit, link, "holding", BASES[0], 2)
        except NobodyBehind:
            continue
        except Refused:
            pass
        except (NoAnswer, Nonsense):
            silent += 1
            continue
        silent, answered = 0, answered + 1
        yield unit


async def _search_unit(
    search: Search, port: int, unit: int, link: ModbusLink, found: HostFound, *, among: Collection[str]
) -> list[Candidate]:
    """With profiles found at other units of the port, only more of those are told by their numbers."""

    async def ask(function: RegisterKind, address: int, count: int) -> Answer:
        return await _ask(search, unit, link, function, address, count)

    try:
        seen = await search_unit(ask, like=among)
    except DeviceError as error:
        found.looked.append(f"port {port}, unit {unit}: stopped answering ({error})")
        return []
    if not seen:
        found.looked.append(f"port {port}, unit {unit}: answers, and nothing that we know fits")
    where: dict[str, str | int] = {"host": search.host, "port": port, "unit": unit}
    return [replace(each, where=where) for each in seen]


async def _ask(search: Search, unit: int, link: ModbusLink, function: RegisterKind, address: int, count: int) -> Answer:
    return await link.read(
        ReadRequest(unit=unit, function=function, address=address, count=count, timeout_s=search.answer_within_s)
    )


async def _search_web(search: Search, port: int, clock: Clock, found: HostFound) -> None:
    seen, said = await search_pages(search.host, port, clock, gap_s=search.gap_s, within_s=search.answer_within_s)
    where: dict[str, str | int] = {"host": search.host, **({} if port == WEB_PORT else {"port": port})}
    found.candidates += [replace(each, where=where) for each in seen]
    found.looked.append(f"port {port}: {said}")
