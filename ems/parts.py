"""The parts of a service that are made of a site file alone, and those that few houses need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import tzinfo
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ems.clock import Clock
from ems.config.schema import SiteFile
from ems.config.secrets import upstream_passwords
from ems.config.translate import to_battery_rules
from ems.csms.central_system import CentralSystem
from ems.csms.quirks.learned import LearnedBook
from ems.csms.security.occurrences import Occurrence
from ems.devices.catalog import Devices
from ems.model.station import StationAlarm
from ems.runtime.battery_keeper import BatteryKeeper
from ems.runtime.ledger import Ledger
from ems.store.entries import EventEntry

if TYPE_CHECKING:
    from fastapi import FastAPI

    from ems.api.access import Access
    from ems.api.commissioning_port import Commissioning
    from ems.api.ports import House
    from ems.csms.relay.relays import Relays
    from ems.runtime.learned_stations import LearnedStations
    from ems.runtime.open_orders import KeptOrders
    from ems.runtime.recorder import Recorder


def keep_occurrence(ledger: Ledger, what: Occurrence) -> None:
    """One more line of the log; what is a notice too has its own."""
    if what.kind.value not in {alarm.value for alarm in StationAlarm}:
        ledger.note(EventEntry(utc_s=what.at.timestamp(), kind=f"security_{what.kind}", facts=what.facts))


def battery_keeper(file: SiteFile, devices: Devices, clock: Clock) -> BatteryKeeper | None:
    """What keeps the battery at its orders; None where the site file gives no leave for any."""
    rules = to_battery_rules(file)
    if rules is None or devices.battery_valve is None:
        return None
    return BatteryKeeper(rules, devices.battery_valve, clock)


def call_all(calls: Sequence[Callable[[], None]]) -> None:
    for call in calls:
        call()


def import_outside() -> None:
    import_module("ems.api.part")
    import_module("ems.api.installer")
    import_module("ems.api.routes.commissioning")
    import_module("ems.web")


def mount_pages(
    installers: Commissioning, zone: tzinfo, clock: Clock, app: FastAPI, house: House, access: Access
) -> None:
    """Put the pages on the API's application."""
    from ems.web import mount  # noqa: PLC0415 (imported already, in a thread)

    mount(app, house, access, time_zone=zone, clock=clock, commissioning=installers)


def learned_stations(book: LearnedBook, recorder: Recorder, clock: Clock) -> LearnedStations:
    """What keeps it; only where there is a database."""
    from ems.runtime.learned_stations import LearnedStations  # noqa: PLC0415 (needs what a database needs)

    return LearnedStations(book, recorder, clock)


def kept_orders(central_system: CentralSystem, recorder: Recorder, clock: Clock) -> KeptOrders:
    """What keeps orders over a restart; only where there is a database."""
    from ems.runtime.open_orders import KeptOrders  # noqa: PLC0415 (18 MB of memory that only a database needs)

    return KeptOrders(central_system.links, recorder, clock)


def relays_of(file: SiteFile, central_system: CentralSystem, clock: Clock, folder: Path | None) -> Relays | None:
    """What tells second central systems; None where no station has one."""
    if all(entry.upstream is None for entry in file.stations):
        return None
    from ems.csms.relay.relays import Relays  # noqa: PLC0415 (a client and a database that few houses need)

    return Relays(file.stations, central_system.links, clock, upstream_passwords(file), folder)


def recorder_of(file: SiteFile, clock: Clock, zone: tzinfo) -> Recorder | None:
    """What writes journal and books; None where the site file names no place for them."""
    section = file.storage
    if section.path is None and section.url is None:
        return None
    # 18 MB of memory that only a database needs.
    from ems.runtime.recorder import Recorder, Storage  # noqa: PLC0415 (the reason stands above)
    from ems.store.place import url_of  # noqa: PLC0415 (the same)

    return Recorder(Storage(url=url_of(section), bound_b=section.journal_mb * 1_000_000, zone=zone), clock)
