"""`ems run`: the service in the foreground, until a signal ends it."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ems.app import Service
from ems.cli.check import print_problems
from ems.clock import clock_from_spec
from ems.config.loader import load_site
from ems.config.problems import SecretError, SiteFileError
from ems.config.schema import SiteFile
from ems.config.translate import to_site
from ems.control.fallback import is_covered, proof
from ems.csms.central_system import CannotListen
from ems.devices.cautions import cautions
from ems.devices.config_error import DeviceConfigError
from ems.devices.profile_kinds import kinds_by_profile
from ems.runtime.events import EventStream

LOGGER: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where to listen instead of what the site file says; 0 is any free port."""

    ocpp: int | None = None
    api: int | None = None


def run_service(path: Path, *, as_json: bool, verbose: bool, ports: Ports, clock_spec: str) -> int:
    """Serve until SIGINT or SIGTERM. The exit code: 0 after a signal, 1 when the site or a part of it failed."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    try:
        file = load_site(path, profiles=kinds_by_profile())
        with ExitStack() as open_parts:
            events = open_parts.enter_context(EventStream(sys.stdout)) if as_json else None
            return asyncio.run(_serve(file, events, ports, clock_spec))
    except SiteFileError as error:
        print_problems(error.problems)
    except (DeviceConfigError, SecretError) as error:
        LOGGER.error("%s", error)  # noqa: TRY400 (the sentence is for a person, not the traceback)
    return 1


async def _serve(file: SiteFile, events: EventStream | None, ports: Ports, clock_spec: str) -> int:
    _warn(file)
    service = Service(
        file,
        clock_from_spec(clock_spec),
        sent=events.sent if events else None,
        watchers=[events.cycle] if events else [],
        bind_port=ports.ocpp,
        api_port=ports.api,
    )
    serving = asyncio.create_task(service.run(), name="service")
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, serving.cancel)
    telling = None if events is None else asyncio.create_task(_tell(service, events), name="events")
    await asyncio.wait([serving])
    if telling is not None:
        telling.cancel()
        await asyncio.wait([telling])
    return _exit_code(serving)


async def _tell(service: Service, events: EventStream) -> None:
    await service.central_system.listening.wait()
    events.started(service.central_system.port)
    await service.outside_settled.wait()
    events.pages(service.page, service.setup_code)


def _exit_code(served: asyncio.Task[None]) -> int:
    if served.cancelled():
        LOGGER.info("ended by a signal; stations fall back when their leases end")
        return 0
    failure = served.exception()
    deaf = failure.subgroup(CannotListen) if isinstance(failure, BaseExceptionGroup) else None
    if deaf is not None:
        LOGGER.error("%s", deaf.exceptions[0])
    else:
        LOGGER.critical("a part failed; the leases bring the cars to their fallback currents", exc_info=failure)
    return 1


def _warn(file: SiteFile) -> None:
    if not is_covered(proof(to_site(file))):
        LOGGER.warning("if this service fails, a fuse may be overloaded: `ems check` shows which and what to change")
    for caution in cautions(file):
        LOGGER.warning("%s", caution.sentence)
