"""`ems devices show SITE`: all devices of a site file side by side, and what does not fit between them."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Final

from rich.text import Text

from ems.cli.device_probe import ENDED
from ems.cli.device_tables import WRONG_USE, console, print_json, table, unit_of, wrong_use
from ems.clock import WallClock
from ems.config.loader import load_site
from ems.config.problems import SecretError, SiteFileError
from ems.config.schema import SiteFile
from ems.devices.config_error import DeviceConfigError
from ems.devices.inspection.balance import house_doubts, sun_says
from ems.devices.inspection.house_look import HouseSeen, Watched, look_at_house
from ems.devices.profile_kinds import kinds_by_profile

USUAL_S: Final = 20.0
SUN_WORDS: Final = {
    "right": "More sun means less import: the meter's sign is right.",
    "turned": "More sun means more import.",
    "unknown": "The sun did not change enough to test the meter's sign; in changing sun, look longer with --for 300.",
}


def show_house(path: Path, *, for_s: float | None, as_json: bool) -> int:
    """Look and print. The exit code: 1 for a device that says nothing, or a doubt; 2 for a file that cannot be used."""
    try:
        file = load_site(path, profiles=kinds_by_profile())
        if not as_json:
            sys.stderr.write(f"Reading all devices of {path} for {for_s or USUAL_S:g} s; nothing is written to them.\n")
        seen = asyncio.run(look_at_house(file, for_s or USUAL_S, WallClock()))
    except SiteFileError as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_USE
    except (DeviceConfigError, SecretError) as error:
        return wrong_use(str(error))
    except KeyboardInterrupt:
        return ENDED
    said = _doubts(seen, file)
    sun = sun_says(seen.looks).value
    if as_json:
        devices = [_device_json(each) for each in seen.devices]
        print_json({"ok": not said, "devices": devices, "looks": len(seen.looks), "sun": sun, "doubts": said})
    else:
        _print(seen, said, SUN_WORDS[sun] if file.solar else None)
    return 1 if said else 0


def _doubts(seen: HouseSeen, file: SiteFile) -> list[str]:
    silent = [
        f"{each.name} says nothing of use: {each.trouble or 'no answer'}" for each in seen.devices if not each.good
    ]
    own = [f"{each.name}: {doubt}" for each in seen.devices for doubt in each.doubts]
    return [*silent, *own, *house_doubts(seen.looks, sources_known=bool(file.solar))]


def _print(seen: HouseSeen, said: list[str], sun: str | None) -> None:
    shown = table("device", "used as", "read", "failed", "numbers")
    for each in seen.devices:
        numbers = ", ".join(f"{name} {value + 0.0:.5g} {unit_of(name)}" for name, value in each.values.items())
        shown.add_row(*map(Text, (each.name, each.kind, str(each.good), str(each.bad), numbers or "nothing")))
    out = console()
    out.print(shown)
    if sun is not None:
        out.print(Text(f"· {sun}"), soft_wrap=True)
    for line in said:
        out.print(Text(f"! {line}", "yellow"), soft_wrap=True)


def _device_json(each: Watched) -> dict[str, object]:
    return {
        "name": each.name,
        "kind": each.kind,
        "good": each.good,
        "bad": each.bad,
        "trouble": each.trouble,
        "values": dict(each.values),
    }
