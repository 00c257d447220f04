"""`ems demo`: a whole house on this machine, watched in a terminal or summed up as JSON."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console, RenderableType
from rich.live import Live

from ems.cli.check import print_problems
from ems.cli.demo_alone import alone, picture_alone
from ems.cli.demo_table import closing_lines, opening_lines, picture
from ems.config.examples import example
from ems.config.loader import load_site
from ems.config.problems import SiteFileError
from ems.config.schema import SiteFile
from ems.devices.profile_kinds import kinds_by_profile
from ems.sim.demo import Demo, ServiceFailed, played
from ems.sim.demo_figures import Figures, figures
from ems.sim.wire.house import CannotSimulate
from ems.sim.wire.house_choice import with_devices

REDRAW_S: Final = 0.5
LINE_EVERY_S: Final = 10.0
"""Where the output is no terminal, a picture this often is enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherDevices:
    """Profiles of devices to play in place of those that the site file names."""

    meter: str | None = None
    inverter: str | None = None
    battery: str | None = None


def play_demo(path: Path | None, other: OtherDevices, *, for_s: float, speed: float, as_json: bool) -> int:
    """Play until `for_s` is over (0: until Ctrl-C). The exit code: 0 when all went well, 1 when something did not."""
    # Its own words on a port that is taken; the house then takes another.
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    try:
        file = load_site(path or example("demo"), profiles=kinds_by_profile())
        file = with_devices(file, meter=other.meter, inverter=other.inverter, battery=other.battery)
        summary = asyncio.run(_play(file, for_s, speed, quiet=as_json))
    except SiteFileError as error:
        print_problems(error.problems)
        return 1
    except (CannotSimulate, ServiceFailed, TimeoutError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if as_json:
        sys.stdout.write(summary.model_dump_json() + "\n")
    else:
        Console(soft_wrap=True).print(*closing_lines(summary), sep="\n")
    return 0 if summary.ok else 1


async def _play(file: SiteFile, for_s: float, speed: float, *, quiet: bool) -> Figures:
    async with played(file, speed=speed) as demo:
        over = asyncio.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, over.set)
        watching = asyncio.create_task(_watch(demo, file, quiet=quiet))
        try:
            async with demo.clock.timeout(for_s if for_s > 0 else 10 * 365 * 86_400.0):
                await _first(over, demo, file)
        except TimeoutError:
            pass
        watching.cancel()
        await asyncio.wait([watching])
        if demo.service_end is not None and demo.service_end.exit_code > 0:
            sys.stderr.write(demo.last_log_lines() + "\n")
        return figures(demo, file.site.name)


async def _first(over: asyncio.Event, demo: Demo, file: SiteFile) -> None:
    """Until somebody ends the demo, or the service has ended and the stations have fallen back without it."""
    waits = [asyncio.create_task(over.wait()), asyncio.create_task(alone(demo, file))]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


async def _watch(demo: Demo, file: SiteFile, *, quiet: bool) -> None:
    if quiet:
        return
    console = Console()
    console.print(f"Service: process {demo.service.pid}")
    pages = asyncio.create_task(_tell_pages(demo, console))
    try:
        await _draw(demo, file, console)
    finally:
        pages.cancel()


async def _tell_pages(demo: Demo, console: Console) -> None:
    """Once it is known where they are; no picture waits for it."""
    await demo.pages.wait()
    console.print(*opening_lines(demo), sep="\n")


async def _draw(demo: Demo, file: SiteFile, console: Console) -> None:
    if not console.is_terminal:
        while True:
            await demo.clock.sleep(LINE_EVERY_S)
            console.print(_picture(demo, file))
    with Live(_picture(demo, file), console=console, auto_refresh=False, screen=False) as live:
        while True:
            await demo.clock.sleep(REDRAW_S * demo.clock.speed)
            live.update(_picture(demo, file), refresh=True)


def _picture(demo: Demo, file: SiteFile) -> RenderableType:
    return picture(demo, file) if demo.service_end is None else picture_alone(demo, demo.service_end, file)
