"""`ems devices probe WHERE`: what is there, how sure that is, and what the site file would say of it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import ValidationError
from rich.text import Text

from ems.cli.device_options import Stated
from ems.cli.device_probe import ENDED
from ems.cli.device_tables import console, print_json, table, wrong_use
from ems.clock import WallClock
from ems.config.cure_words import FORMS
from ems.config.problems import SecretError
from ems.config.schema import BrokerSection, ModbusAddress
from ems.devices.config_error import DeviceConfigError
from ems.devices.inspection.search import network
from ems.devices.inspection.search.broker import LISTEN_S, search_broker
from ems.devices.inspection.search.candidate import Candidate, Sure
from ems.devices.inspection.search.found import HostFound
from ems.devices.inspection.search.host import Search, search_host
from ems.devices.inspection.search.network import search_network
from ems.devices.inspection.search.serial_line import search_line
from ems.devices.inspection.site_lines import site_lines
from ems.devices.inspection.subject import broker_of
from ems.devices.library import profile, profile_ids
from ems.devices.modbus.wire import SerialSetting
from ems.errors import UnknownHost

MQTT: Final = "mqtt://"
LONGEST_S: Final = 300.0
BY_KEY: Final = "it was ended by Ctrl-C"
PATIENCE_S: Final = 30.0
"""For connecting, beside listening."""

Look = Callable[[], Awaitable[object]]
UNSAID: Final = frozenset({"host", "trust_any_certificate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchWish:
    """How to search."""

    stated: Stated = field(default_factory=dict)
    for_s: float | None = None
    every_unit: bool = False


def search(where: str | None, wish: SearchWish, *, as_json: bool) -> int:
    """Look for devices and print them. The exit code: 1 when none was found, 2 for wrong use."""
    if where in profile_ids():
        return wrong_use(f"{where} is a profile: add --host HOST to read a device by it, or name a place to search")
    found, ended, for_s = HostFound(), None, LONGEST_S
    if not as_json:
        found.begin = _say
    try:
        look, for_s = _look(where, wish, found)
        asyncio.run(_bounded(look, for_s))
    except (DeviceConfigError, SecretError) as error:
        return wrong_use(str(error))
    except UnknownHost as error:
        if as_json:
            print_json({"ok": False, "host": where, "code": error.code, "problem": str(error), "candidates": []})
        else:
            sys.stderr.write(f"{error}\n")
        return 1
    except TimeoutError:
        ended = f"its time of {for_s:g} s was over; more with --for"
    except KeyboardInterrupt:
        ended = BY_KEY
    found.sort()
    _tell(found, where, ended, as_json=as_json)
    if ended is BY_KEY:
        return ENDED
    return 0 if found.candidates else 1


def _tell(found: HostFound, where: str | None, ended: str | None, *, as_json: bool) -> None:
    if not as_json:
        _print(found, ended)
        return
    print_json(
        {
            "ok": bool(found.candidates),
            "host": where,
            "candidates": [_candidate_json(each) for each in found.candidates],
            "looked": found.looked,
            "untold": found.untold,
            "hints": list(found.hints),
            "ended": ended,
        }
    )


def _say(what: str) -> None:
    """What is looked at now, for whoever waits."""
    sys.stderr.write(f"{what[0].upper()}{what[1:]} …\n")
    sys.stderr.flush()


async def _bounded(look: Look, for_s: float) -> None:
    async with WallClock().timeout(for_s):
        await look()


def _look(where: str | None, wish: SearchWish, found: HostFound) -> tuple[Look, float]:
    """The search of that place, and when it ends at the latest. Raises DeviceConfigError and SecretError."""
    stated, clock = dict(wish.stated), WallClock()
    if where is None:
        for_s = wish.for_s or network.LISTEN_S
        interface, own_port = stated.get("interface"), stated.get("port")
        return lambda: search_network(interface, own_port, clock, found, for_s=for_s), for_s + PATIENCE_S
    if where.startswith(MQTT):
        broker, for_s = broker_of(_broker_section(where, stated)), wish.for_s or LISTEN_S
        return lambda: search_broker(broker, clock, found, for_s=for_s), for_s + PATIENCE_S
    unit, every, for_s = stated.get("unit"), wish.every_unit, wish.for_s or LONGEST_S
    if where.startswith("/"):
        at = Search(host=where, unit=unit, every_unit=every)
        return lambda: search_line(at, clock, found, _settings(stated)), for_s
    try:
        ModbusAddress.model_validate({"host": where})
    except ValidationError:
        raise DeviceConfigError(f"host is {where!r}: {FORMS['host']}") from None
    port = stated.get("port")
    at = Search(host=where, ports=() if port is None else (port,), unit=unit, every_unit=every)
    return lambda: search_host(at, clock, found), for_s


def _broker_section(where: str, stated: Mapping[str, Any]) -> BrokerSection:
    """The broker that such a link names; a login in it is refused, and not repeated."""
    if "@" in where:
        raise DeviceConfigError("a login does not belong into a link: give --user, and --password env:NAME")
    try:
        link = urlsplit(where)
        port = link.port or stated.get("port")
        content = {"host": link.hostname, "username": stated.get("user"), "password": stated.get("password")}
        return BrokerSection.model_validate({**content, **({} if port is None else {"port": port})})
    except ValueError:
        raise DeviceConfigError(f"{where} is no broker: write mqtt://HOST or mqtt://HOST:PORT") from None


def _settings(stated: Mapping[str, Any]) -> tuple[SerialSetting, ...]:
    """Those alone that were stated; the usual ones when none was."""
    if not {"baud", "parity"} & stated.keys():
        return ()
    return (SerialSetting(baud=stated.get("baud", 9600), parity=stated.get("parity", "none")),)


def _print(found: HostFound, ended: str | None) -> None:
    out = console()
    if found.candidates:
        shown = table("profile", "device", "sure", "where", "because")
        for each in found.candidates:
            known = profile(each.profile_id)
            where = ", ".join(f"{name} {value}" for name, value in each.where.items() if name not in UNSAID)
            because = "; ".join(each.evidence)
            shown.add_row(*map(Text, (each.profile_id, f"{known.vendor} {known.model}", each.sure, where, because)))
        out.print(shown)
        _print_lines(found.candidates[0])
    for line in found.looked:
        out.print(Text(f"· {line}"), soft_wrap=True)
    if ended is not None:
        out.print(Text(f"! The search is not complete: {ended}.", "yellow"), soft_wrap=True)
    if not any(each.sure is Sure.CERTAIN for each in found.candidates):
        for line in _no_certainty(found):
            out.print(Text(f"! {line}", "yellow"), soft_wrap=True)


def _print_lines(best: Candidate) -> None:
    out = console()
    out.print(Text("The first of them in a site file, but for the uses that you do not want:"))
    for line in site_lines(profile(best.profile_id), best.where, best.kinds):
        out.print(Text(f"  {line}"), soft_wrap=True)


def _no_certainty(found: HostFound) -> tuple[str, ...]:
    untold = (f"Devices that no search can tell from others: {', '.join(found.untold)}.",) if found.untold else ()
    read = "Read it by the profile you think is right, and compare: ems devices show HOST --profile ID."
    if found.candidates:
        return read, *found.hints, *untold
    switched = (
        "Nothing was found. Is Modbus TCP, the local API or MQTT switched on in the device, and no other program at "
        "it? Many inverters serve one connection only, and whoever has it keeps it."
    )
    return switched, *found.hints, read, *untold


def _candidate_json(each: Candidate) -> dict[str, object]:
    return {
        "profile": each.profile_id,
        "sure": each.sure.value,
        "where": dict(each.where),
        "evidence": each.evidence,
        "site": site_lines(profile(each.profile_id), each.where, each.kinds),
    }
