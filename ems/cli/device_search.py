"""`ems devices probe HOST`: what is there, how sure that is, and what the site file would say of it."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field

from pydantic import ValidationError
from rich.text import Text

from ems.cli.device_options import Stated
from ems.cli.device_tables import console, print_json, table, wrong_use
from ems.clock import WallClock
from ems.config.cure_words import FORMS
from ems.config.schema import ModbusAddress
from ems.devices.inspection.search.candidate import Candidate, Sure
from ems.devices.inspection.search.host import HostFound, Search, search_host
from ems.devices.inspection.site_lines import site_lines
from ems.devices.library import profile, profile_ids
from ems.errors import UnknownHost


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchWish:
    """How to search."""

    stated: Stated = field(default_factory=dict)
    for_s: float | None = None
    every_unit: bool = False


def search(where: str | None, wish: SearchWish, *, as_json: bool) -> int:
    """Look for devices and print them. The exit code: 1 when none was found, 2 for wrong use."""
    port, unit, host = wish.stated.get("port"), wish.stated.get("unit"), str(where)
    if host in profile_ids():
        return wrong_use(f"{host} is a profile: add --host HOST to read a device by it, or name a host to search there")
    try:
        ModbusAddress.model_validate({"host": host})
    except ValidationError:
        return wrong_use(f"host is {host!r}: {FORMS['host']}")
    search = Search(host=host, ports=() if port is None else (port,), unit=unit)
    try:
        found = asyncio.run(search_host(search, WallClock()))
    except UnknownHost as error:
        if as_json:
            print_json({"ok": False, "host": host, "code": error.code, "problem": str(error), "candidates": []})
        else:
            sys.stderr.write(f"{error}\n")
        return 1
    if as_json:
        print_json(
            {
                "ok": bool(found.candidates),
                "host": host,
                "candidates": [_candidate_json(each) for each in found.candidates],
                "looked": found.looked,
                "untold": found.untold,
            }
        )
    else:
        _print(found)
    return 0 if found.candidates else 1


def _print(found: HostFound) -> None:
    out = console()
    if found.candidates:
        shown = table("profile", "device", "sure", "where", "because")
        for each in found.candidates:
            known = profile(each.profile_id)
            where = ", ".join(f"{name} {value}" for name, value in each.where.items() if name != "host")
            because = "; ".join(each.evidence)
            shown.add_row(*map(Text, (each.profile_id, f"{known.vendor} {known.model}", each.sure, where, because)))
        out.print(shown)
        _print_lines(found.candidates[0])
    for line in found.looked:
        out.print(Text(f"· {line}"), soft_wrap=True)
    if not any(each.sure is Sure.CERTAIN for each in found.candidates):
        for line in _no_certainty(found):
            out.print(Text(f"! {line}", "yellow"), soft_wrap=True)


def _print_lines(best: Candidate) -> None:
    out = console()
    out.print(Text("The first of them in a site file, but for the uses that you do not want:"))
    for line in site_lines(profile(best.profile_id), best.where, best.kinds):
        out.print(Text(f"  {line}"), soft_wrap=True)


def _no_certainty(found: HostFound) -> tuple[str, ...]:
    untold = f"Devices that no search can tell from others: {', '.join(found.untold)}."
    read = "Read it by the profile you think is right, and compare: ems devices show HOST --profile ID."
    if found.candidates:
        return read, untold
    switched = (
        "Nothing was found. Is Modbus TCP, or the local API, switched on in the device, and no other program at it?"
    )
    return switched, read, untold


def _candidate_json(each: Candidate) -> dict[str, object]:
    return {
        "profile": each.profile_id,
        "sure": each.sure.value,
        "where": dict(each.where),
        "evidence": each.evidence,
        "site": site_lines(profile(each.profile_id), each.where, each.kinds),
    }
