"""`ems devices record` and `ems devices replay`: what a real device said, as a file, and that device out of it."""

from __future__ import annotations

import asyncio
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ems.cli.counted import counted
from ems.cli.device_options import Stated
from ems.cli.device_probe import ENDED, subject_of
from ems.cli.device_tables import print_json, wrong_use
from ems.clock import WallClock
from ems.config.loader import load_site
from ems.config.problems import SecretError, SiteFileError
from ems.devices.config_error import DeviceConfigError
from ems.devices.inspection.recorder import Wish, holds, record
from ems.devices.inspection.recording import LONGEST_FILE, Recording, recording_of
from ems.devices.inspection.site_lines import site_lines
from ems.devices.inspection.subject import Subject, subject_in
from ems.devices.inspection.tapes.length import Length
from ems.devices.library import profile
from ems.devices.profile_kinds import kinds_by_profile
from ems.errors import DeviceError
from ems.sim.wire.filling import CannotShow
from ems.sim.wire.played import Place, usual_port
from ems.sim.wire.replayed import replayed

FAILED: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """Where a recording is to be played."""

    host: str
    port: int | None
    """The usual one when None."""

    unit: int | None
    prefix: str | None


def wish_of(for_s: float | None, *, with_ids: bool) -> Wish:
    """How to record."""
    return Wish(length=Length() if for_s is None else Length(for_s=for_s), with_ids=with_ids)


def record_device(device: str, asked: Stated, site: Path | None, path: Path, wish: Wish, *, as_json: bool) -> int:
    """Write what it says now to a new file. The exit code: 1 when it says nothing of use, 2 for wrong use."""
    if path.exists():
        return wrong_use(f"{path} is there already: name a new file")
    try:
        subject = subject_of(profile(device), asked) if site is None else _in_site(site, device, asked)
        if subject.profile.transport in {"mqtt", "p1", "speedwire", "sml", "sml_page"}:
            sys.stderr.write(f"Listening for {wish.length.for_s:g} s; it speaks by itself.\n")
        recording = asyncio.run(record(subject, wish, WallClock()))
    except SiteFileError as error:
        return wrong_use("\n".join(str(each) for each in error.problems))
    except (DeviceConfigError, SecretError) as error:
        return wrong_use(str(error))
    except DeviceError as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    except KeyboardInterrupt:
        return ENDED
    if recording.is_empty:
        sys.stderr.write("the device answers, but has none of these points: is it another model?\n")
        return FAILED
    try:
        path.write_text(recording.text(), encoding="utf-8")
    except OSError as error:
        sys.stderr.write(f"{path} cannot be written: {error.strerror}\n")
        return FAILED
    _tell(subject, recording, path, wish, as_json=as_json)
    return 0


def _in_site(site: Path, device: str, asked: Stated) -> Subject:
    """A device of a site file. Raises SiteFileError and DeviceConfigError."""
    if asked:
        raise DeviceConfigError("--site says where the device is: leave the other options out")
    return subject_in(load_site(site, profiles=kinds_by_profile()), device)


def _tell(subject: Subject, recording: Recording, path: Path, wish: Wish, *, as_json: bool) -> None:
    inside = holds(subject.profile.transport, with_ids=wish.with_ids)
    amounts = recording.amounts
    if as_json:
        print_json({"profile": recording.profile, "file": str(path), **amounts, "holds": inside})
        return
    said = " and ".join(counted(amount, noun.removesuffix("s")) for noun, amount in amounts.items())
    sys.stdout.write(f"{said} of {recording.profile} are in {path}. It holds {inside}.\n")
    sys.stdout.write("Look at it before you send it; `ems devices replay` plays it.\n")


def replay_device(path: Path, asked: Played, *, as_json: bool) -> int:
    """Play the device of that file until Ctrl-C or SIGTERM. The exit code: 1 for a taken port, 2 for wrong use."""
    try:
        with path.open(encoding="utf-8") as file:
            recording = recording_of(file.read(LONGEST_FILE + 1))
        port = usual_port(recording.profile) if asked.port is None else asked.port
        place = Place(host=asked.host, port=port, unit=asked.unit, prefix=asked.prefix)
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
    device = replayed(recording, place, WallClock())
    over = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, over.set)
    await device.open()
    try:
        chosen = profile(recording.profile)
        lines = site_lines(chosen, {**device.where, **({"tls": False} if getattr(chosen, "tls", False) else {})})
        if as_json:
            print_json({"profile": recording.profile, **device.where, "site": lines})
        else:
            sys.stdout.write(f"The recorded {recording.profile} is there; Ctrl-C ends it. In a site file:\n")
            sys.stdout.write("".join(f"  {line}\n" for line in lines))
        sys.stdout.flush()
        await over.wait()
    finally:
        await device.close()
