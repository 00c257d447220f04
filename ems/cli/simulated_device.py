"""`ems devices simulate`: a device of any Modbus profile on a real socket, measuring what it is told to."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from typing import Final

from ems.cli.device_tables import print_json, wrong_use
from ems.devices.config_error import DeviceConfigError
from ems.devices.library import profile
from ems.devices.modbus_profile import HybridProfile, ModbusProfile
from ems.devices.profile_parts import Kind
from ems.sim.wire.modbus_devices import ModbusPort
from ems.sim.wire.profile_unit import ProfileUnit
from ems.sim.wire.register_image import CannotShow, filled_in

UNKNOWN: Final = "unknown"
"""Instead of a number: the device has no value."""

Stated = dict[Kind, dict[str, float | None]]


def simulate_device(
    profile_id: str, settings: Sequence[str], *, host: str, port: int, unit: int | None, as_json: bool
) -> int:
    """Serve until Ctrl-C or SIGTERM. The exit code: 1 when the port is taken, 2 for wrong use."""
    try:
        chosen = _with_registers(profile_id)
        stated = _stated(chosen, settings)
        device = ProfileUnit(chosen.defaults.unit if unit is None else unit, chosen)
        device.show(stated)
    except (DeviceConfigError, CannotShow) as error:
        return wrong_use(str(error))
    told = {kind: filled_in(each, stated.get(kind, {})) for kind, each in chosen.maps.items()}
    try:
        served = ModbusPort([device], host, port, over=chosen.defaults.over)
        asyncio.run(_serve(served, chosen.id, told, as_json=as_json))
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _with_registers(profile_id: str) -> ModbusProfile | HybridProfile:
    chosen = profile(profile_id)
    if not isinstance(chosen, ModbusProfile | HybridProfile):
        raise CannotShow(f"{chosen.id} has no register map: only such devices can be simulated")
    return chosen


async def _serve(port: ModbusPort[ProfileUnit], profile_id: str, told: Stated, *, as_json: bool) -> None:
    over = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, over.set)
    await port.open()
    try:
        (unit,) = port.units
        where = {"profile": profile_id, "host": port.host, "port": port.port, "unit": unit}
        if as_json:
            print_json({**where, "values": told})
        else:
            sys.stdout.write(_sentences(where, told))
        sys.stdout.flush()
        await over.wait()
    finally:
        await port.close()


def _sentences(where: dict[str, object], told: Stated) -> str:
    lines = [f"{where['profile']} answers as unit {where['unit']} on {where['host']}:{where['port']}; Ctrl-C ends it."]
    for kind, values in told.items():
        shown = ", ".join(f"{name} {UNKNOWN if value is None else f'{value:g}'}" for name, value in values.items())
        lines.append(f"As {kind}: {shown}.")
    return "".join(f"{line}\n" for line in lines)


def _stated(chosen: ModbusProfile | HybridProfile, settings: Sequence[str]) -> Stated:
    stated: Stated = {}
    for setting in settings:
        place, equals, text = setting.partition("=")
        if not equals:
            raise CannotShow(f"{setting} is no setting: write NAME=VALUE, such as power_l1=2300")
        kind, name = _place(chosen, place.strip())
        stated.setdefault(kind, {})[name] = _number(name, text.strip())
    return stated


def _place(chosen: ModbusProfile | HybridProfile, place: str) -> tuple[Kind, str]:
    """The use and the name that a setting is about."""
    use, dot, name = place.rpartition(".")
    having = [kind for kind, each in chosen.maps.items() if name in each.told and (not dot or kind == use)]
    if len(having) == 1:
        return having[0], name
    if having:
        choices = " or ".join(f"{kind}.{name}" for kind in having)
        raise CannotShow(f"{name} is told as {' and as '.join(having)}: write {choices}")
    known = ", ".join(f"{kind}.{each}" for kind, points in chosen.maps.items() for each in points.told)
    raise CannotShow(f"{chosen.id} does not tell {place}; it tells {known}")


def _number(name: str, text: str) -> float | None:
    if text == UNKNOWN:
        return None
    try:
        return float(text)
    except ValueError:
        raise CannotShow(f"{name} is {text!r}: write a number, or {UNKNOWN}") from None
