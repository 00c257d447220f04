"""`ems devices record` and `ems devices replay`: what a real device said, as a file, and that device out of it."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from ems.cli.device_probe import ANSWER_WITHIN_S, Asked
from ems.cli.device_tables import print_json, wrong_use
from ems.clock import WallClock
from ems.config.cure_words import FORMS
from ems.config.schema import ModbusAddress
from ems.devices.config_error import DeviceConfigError
from ems.devices.http.device import HttpAddress
from ems.devices.http.profile import HttpProfile
from ems.devices.inspection.recorder import record_answers, record_registers
from ems.devices.inspection.recording import LONGEST_FILE, Recording, recording_of
from ems.devices.inspection.site_lines import site_lines
from ems.devices.library import profile
from ems.devices.modbus.address import address_of
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.profile import Profile, SunSpecProfile
from ems.errors import DeviceError
from ems.sim.wire.filling import CannotShow
from ems.sim.wire.modbus_devices import ModbusPort
from ems.sim.wire.played import Place
from ems.sim.wire.replayed import replayed

FAILED: Final = 1


def record_device(profile_id: str, asked: Asked, path: Path, *, as_json: bool) -> int:
    """Write what it says now to a new file. The exit code: 1 when it says nothing of use, 2 for wrong use."""
    if path.exists():
        return wrong_use(f"{path} is there already: name a new file")
    try:
        recording = asyncio.run(_recorded(profile(profile_id), asked))
    except ValidationError:
        return wrong_use(f"host is {asked.get('host')!r}: {FORMS['host']}")
    except DeviceConfigError as error:
        return wrong_use(str(error))
    except DeviceError as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    count = sum(map(len, recording.registers.values())) + sum(map(len, recording.answers.values()))
    if not count:
        sys.stderr.write("the device answers, but has none of these points: is it another model?\n")
        return FAILED
    try:
        path.write_text(recording.text(), encoding="utf-8")
    except OSError as error:
        sys.stderr.write(f"{path} cannot be written: {error.strerror}\n")
        return FAILED
    if as_json:
        print_json({"profile": recording.profile, "file": str(path), "numbers": count})
    else:
        sys.stdout.write(f"{count} numbers are in {path}; no serial number and no login is among them.\n")
    return 0


async def _recorded(chosen: Profile, asked: Asked) -> Recording:
    usual = address_of(ModbusAddress.model_validate(asked), chosen)
    address = usual.model_copy(update={"timeout_s": max(usual.timeout_s, ANSWER_WITHIN_S)})
    if isinstance(chosen, HttpProfile):
        port = address.port if "port" in asked else chosen.port
        if chosen.tls and port == chosen.port:
            raise DeviceConfigError(f"{chosen.id} answers HTTPS with a login, which is not recorded")
        where = HttpAddress(host=address.host, port=port, request=chosen.request, timeout_s=ANSWER_WITHIN_S)
        return await record_answers(chosen, where, WallClock())
    if isinstance(chosen, ModbusProfile | HybridProfile | SunSpecProfile):
        return await record_registers(chosen, address, WallClock())
    raise DeviceConfigError(f"{chosen.id} speaks {chosen.transport}, of which there are no recordings")


def replay_device(path: Path, place: Place, *, as_json: bool) -> int:
    """Play the device of that file until Ctrl-C or SIGTERM. The exit code: 1 for a taken port, 2 for wrong use."""
    try:
        with path.open(encoding="utf-8") as file:
            recording = recording_of(file.read(LONGEST_FILE + 1))
        asyncio.run(_serve(recording, place, as_json=as_json))
    except (DeviceConfigError, CannotShow) as error:
        return wrong_use(f"{path}: {error}")
    except (FileNotFoundError, IsADirectoryError, UnicodeDecodeError) as error:
        return wrong_use(f"{path} cannot be read: {error}")
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    return 0


async def _serve(recording: Recording, place: Place, *, as_json: bool) -> None:
    port = replayed(recording, place.host, place.port, place.unit)
    over = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, over.set)
    await port.open()
    try:
        where: dict[str, str | int] = {"host": port.host, "port": port.port}
        if isinstance(port, ModbusPort):
            where["unit"], *_ = port.units
        lines = site_lines(profile(recording.profile), where)
        if as_json:
            print_json({"profile": recording.profile, **where, "site": lines})
        else:
            sys.stdout.write(f"The recorded {recording.profile} answers; Ctrl-C ends it. In a site file:\n")
            sys.stdout.write("".join(f"  {line}\n" for line in lines))
        sys.stdout.flush()
        await over.wait()
    finally:
        await port.close()
