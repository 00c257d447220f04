"""What answers at a host: Modbus at the ports and units of the profiles, web interfaces, smart meters, a broker.

One connection at a time, a silence between two requests, and an end: at most the ports, units and places that profiles
know. Nothing is written.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from ems.clock import Clock
from ems.devices.inspection.search.bridge import search_bridge
from ems.devices.inspection.search.broker import search_for_broker
from ems.devices.inspection.search.candidate import Candidate
from ems.devices.inspection.search.fit import telling_use
from ems.devices.inspection.search.found import OCCUPIED, HostFound
from ems.devices.inspection.search.objects import search_objects
from ems.devices.inspection.search.pages import search_pages
from ems.devices.inspection.search.unit import search_unit
from ems.devices.library import profiles
from ems.devices.modbus.link import Answer, Line, ModbusLink, NobodyBehind, ReadRequest
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.modbus.register_point import RegisterKind
from ems.devices.profile import SunSpecProfile
from ems.devices.profile_parts import Carrier
from ems.devices.sunspec.chain import BASES
from ems.errors import DeviceError, LinkDown, NoAnswer, Nonsense, Refused, UnknownHost

SUNSPEC_UNITS: Final = (1, 2, 3, 71, 100, 126, 200, 240, 247)
"""Where devices that describe themselves sit, in the order of how common it is."""

WEB_PORT: Final = 80
SILENT_IN_A_ROW: Final = 3
"""Once a unit has answered, so many silent ones after it end the search: each may cost a new connection."""

NOT_MODBUS: Final = "does not speak Modbus"
SECURE_PORT: Final = 443
LAST_UNIT: Final = 247
FEW_UNITS: Final = 4
"""Asked by UDP and in RTU frames, where silence says nothing at all."""


class Spoke(Enum):
    """Whether somebody speaks Modbus at a place."""

    YES = "yes"
    SILENT = "silent"
    """It takes a connection, and gives no answer of use."""

    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Where to look, and how gently."""

    host: str
    ports: tuple[int, ...] = ()
    """Those to look at, whatever speaks there; those of the profiles, and the web's, when empty."""

    unit: int | None = None
    """This one alone."""

    every_unit: bool = False
    """All that there can be, not only the usual ones."""

    gap_s: float = 0.1
    """Silence between two requests."""

    answer_within_s: float = 2.0


async def search_host(search: Search, clock: Clock, found: HostFound | None = None) -> HostFound:
    """Look, and fill in `found` on the way. Raises UnknownHost; whatever else fails is said in `looked`."""
    found = HostFound() if found is None else found
    found.untold = untold_profiles()
    for port in search.ports or modbus_ports():
        if not await _search_port(search, port, clock, found) and search.ports:
            await _search_web(search, port, clock, found)
    if not search.ports:
        for port in modbus_ports("udp"):
            await search_units(search, Line(over="udp", host=search.host, port=port), clock, found)
        for port in (WEB_PORT, SECURE_PORT):
            await _search_web(search, port, clock, found)
        await search_bridge(search.host, clock, found)
        await search_objects(search.host, clock, found)
        await search_for_broker(search.host, clock, found)
    found.sort()
    return found


async def _search_port(search: Search, port: int, clock: Clock, found: HostFound) -> bool:
    """Modbus at one TCP port, in the frames of TCP and in those of a serial line. Whether anything speaks it."""
    tcp = await search_units(search, Line(host=search.host, port=port), clock, found)
    if tcp is not Spoke.SILENT:
        return tcp is Spoke.YES
    rtu = Line(over="rtu_over_tcp", host=search.host, port=port)
    return await search_units(search, rtu, clock, found) is Spoke.YES


def modbus_ports(over: Carrier = "tcp") -> tuple[int, ...]:
    """The ports of all profiles with that carrier, the commonest first."""
    counted = Counter(each.defaults.port for each in _modbus_profiles() if each.defaults.over == over)
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


async def search_units(search: Search, line: Line, clock: Clock, found: HostFound) -> Spoke:
    """Look at the units behind one port or on one line. Whether anything there speaks Modbus so."""
    found.begin(f"asking {_named(line)} for Modbus")
    link = ModbusLink(line, clock, gap_s=search.gap_s, connect_delay_s=search.gap_s)
    there: list[int] = []
    kinds: set[str] = set()
    units = deque(_units(search, line))
    try:
        async for unit in _units_there(search, units, link):
            seen = await _search_unit(search, line, unit, link, found, among=kinds)
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
        found.looked.append(f"{_named(line)}: {said}")
        return Spoke.YES if there else Spoke.NOBODY
    finally:
        await link.close()
    silent = NOT_MODBUS if line.over == "tcp" else "gives no answer"
    said = f"answers Modbus as unit {', '.join(map(str, there))}" if there else silent
    found.looked.append(f"{_named(line)}: {said}")
    if there:
        return Spoke.YES
    if line.over == "tcp":
        found.hints[OCCUPIED] = None
    return Spoke.SILENT


def _named(line: Line) -> str:
    """The port or line, for people; the usual way of speaking is not named."""
    if line.over == "serial":
        return f"{line.host} at {line.serial.baud} baud, parity {line.serial.parity}"
    frames = {"udp": " by UDP", "rtu_over_tcp": " in RTU frames"}.get(line.over, "")
    return f"port {line.port}{frames}"


def _where(line: Line, unit: int) -> dict[str, str | int]:
    """As the site file says it."""
    if line.over == "serial":
        setting: dict[str, str | int] = {"serial": line.host, "baud": line.serial.baud}
        parity: dict[str, str | int] = {"parity": line.serial.parity} if line.serial.parity != "none" else {}
        return {**setting, **parity, "unit": unit}
    over: dict[str, str | int] = {} if line.over == "tcp" else {"over": line.over}
    return {"host": line.host, "port": line.port, **over, "unit": unit}


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
        if answered and silent >= SILENT_IN_A_ROW and not search.every_unit:
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


def _units(search: Search, line: Line) -> tuple[int, ...]:
    """Those to ask, the likeliest first; few in frames that the port may not even take."""
    if search.unit is not None:
        return (search.unit,)
    usual = units_at(line.port)
    if search.every_unit:
        return tuple(dict.fromkeys((*usual, *range(1, LAST_UNIT + 1))))
    return usual if line.over in {"tcp", "serial"} else usual[:FEW_UNITS]


async def _search_unit(
    search: Search, line: Line, unit: int, link: ModbusLink, found: HostFound, *, among: Collection[str]
) -> list[Candidate]:
    """With profiles found at other units of the port, only more of those are told by their numbers."""

    async def ask(function: RegisterKind, address: int, count: int) -> Answer:
        return await _ask(search, unit, link, function, address, count)

    try:
        seen = await search_unit(ask, like=among)
    except DeviceError as error:
        found.looked.append(f"{_named(line)}, unit {unit}: stopped answering ({error})")
        return []
    if not seen:
        found.looked.append(f"{_named(line)}, unit {unit}: answers, and nothing that we know fits")
    return [replace(each, where=_where(line, unit)) for each in seen]


async def _ask(search: Search, unit: int, link: ModbusLink, function: RegisterKind, address: int, count: int) -> Answer:
    return await link.read(
        ReadRequest(unit=unit, function=function, address=address, count=count, timeout_s=search.answer_within_s)
    )


async def _search_web(search: Search, port: int, clock: Clock, found: HostFound) -> None:
    found.begin(f"asking port {port} for pages")
    secure = port == SECURE_PORT
    seen, said = await search_pages(
        search.host, port, clock, gap_s=search.gap_s, within_s=search.answer_within_s, secure=secure
    )
    where: dict[str, str | int] = {"host": search.host, **({} if port in {WEB_PORT, SECURE_PORT} else {"port": port})}
    if secure:
        where |= {"tls": True, "trust_any_certificate": True}
    found.candidates += [replace(each, where=where) for each in seen]
    found.looked.append(f"port {port}: {said}")
