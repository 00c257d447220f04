"""`ems devices simulate`: a device of any profile on a real socket, measuring what it is told to.

What it measures may be changed while it runs: each line of the command's input is one or more settings.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from ems.cli.device_tables import print_json, wrong_use
from ems.cli.input_lines import follow_input
from ems.clock import WallClock
from ems.devices.config_error import DeviceConfigError
from ems.devices.http.profile import HttpProfile
from ems.devices.inspection.site_lines import site_lines
from ems.devices.library import profile
from ems.devices.profile import Profile
from ems.devices.profile_parts import Kind
from ems.sim.wire.filling import CannotShow, Tells, Values, tells_of
from ems.sim.wire.played import Place, Simulation

UNKNOWN: Final = "unknown"
"""Instead of a number: the device has no value."""

Stated = dict[Kind, dict[str, float | None]]


def simulate_device(profile_id: str, settings: Sequence[str], place: Place, *, as_json: bool) -> int:
    """Serve until Ctrl-C or SIGTERM. The exit code: 1 when the port is taken, 2 for wrong use."""
    try:
        chosen = profile(profile_id)
        simulation = Simulation(chosen, place, WallClock())
        simulation.state(stated_by(chosen, settings))
    except (DeviceConfigError, CannotShow) as error:
        return wrong_use(str(error))
    try:
        asyncio.run(_serve(chosen, simulation, as_json=as_json))
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


async def _serve(chosen: Profile, simulation: Simulation, *, as_json: bool) -> None:
    over = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, over.set)
    await simulation.played.open()
    try:
        _tell(chosen, simulation, as_json=as_json)
        follow_input(lambda line: _change(chosen, simulation, line, as_json=as_json))
        await over.wait()
    finally:
        await simulation.played.close()


def _change(chosen: Profile, simulation: Simulation, line: str, *, as_json: bool) -> None:
    """Take in one line of settings, and say what is measured now, or what was wrong with the line."""
    if not line.strip():
        return
    try:
        simulation.state(stated_by(chosen, line.split()))
    except CannotShow as error:
        sys.stderr.write(f"{error}\n")
        sys.stderr.flush()
        return
    if as_json:
        print_json({"values": simulation.values})
    else:
        sys.stdout.write(_values(simulation.values))
    sys.stdout.flush()


def _tell(chosen: Profile, simulation: Simulation, *, as_json: bool) -> None:
    where = simulation.played.where
    lines = site_lines(chosen, {**where, **({"tls": False} if _is_secure(chosen) else {})})
    if as_json:
        print_json({"profile": chosen.id, **where, "values": simulation.values, "site": lines})
    else:
        sys.stdout.write(f"{chosen.id} {_speaks(where)}; Ctrl-C ends it.\n")
        sys.stdout.write(_values(simulation.values))
        sys.stdout.write("Write NAME=VALUE to change what it measures. In a site file:\n")
        sys.stdout.write("".join(f"  {line}\n" for line in lines))
    sys.stdout.flush()


def _speaks(where: Mapping[str, str | int]) -> str:
    """How and where it is heard."""
    if "interface" in where:
        return f"speaks to everybody on the network of {where['interface']}, at UDP port {where['port']}"
    if "prefix" in where:
        return f"publishes under {where['prefix']}/ through {where['host']}:{where['port']}"
    unit = f" as unit {where['unit']}" if "unit" in where else ""
    return f"answers{unit} on {where['host']}:{where['port']}"


def _is_secure(chosen: Profile) -> bool:
    return isinstance(chosen, HttpProfile) and chosen.tls


def _values(values: Mapping[Kind, Values]) -> str:
    lines = []
    for kind, each in values.items():
        shown = ", ".join(f"{name} {UNKNOWN if value is None else f'{value:g}'}" for name, value in each.items())
        lines.append(f"As {kind}: {shown}.\n")
    return "".join(lines)


def stated_by(chosen: Profile, settings: Sequence[str]) -> Stated:
    """What settings such as `power_l1=2300` say. Raises CannotShow for what the device does not tell."""
    tells, stated = tells_of(chosen), Stated()
    for setting in settings:
        place, equals, text = setting.partition("=")
        if not equals:
            raise CannotShow(f"{setting} is no setting: write NAME=VALUE, such as power_l1=2300")
        kind, name = _place(chosen.id, tells, place.strip())
        stated.setdefault(kind, {})[name] = _number(name, text.strip())
    return stated


def _place(profile_id: str, tells: Mapping[Kind, Tells], place: str) -> tuple[Kind, str]:
    """The use and the name that a setting is about."""
    use, dot, name = place.rpartition(".")
    having = [kind for kind, each in tells.items() if name in each.told and (not dot or kind == use)]
    if len(having) == 1:
        return having[0], name
    if having:
        choices = " or ".join(f"{kind}.{name}" for kind in having)
        raise CannotShow(f"{name} is told as {' and as '.join(having)}: write {choices}")
    known = ", ".join(f"{kind}.{each}" for kind, points in tells.items() for each in points.told)
    raise CannotShow(f"{profile_id} does not tell {place}; it tells {known}")


def _number(name: str, text: str) -> float | None:
    if text == UNKNOWN:
        return None
    try:
        return float(text)
    except ValueError:
        raise CannotShow(f"{name} is {text!r}: write a number, or {UNKNOWN}") from None
