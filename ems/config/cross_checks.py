"""What no single key can tell: references, trees, wiring and bounds that must fit together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Final

from ems.config import (
    battery_checks,
    circuit_checks,
    connector_checks,
    csms_checks,
    device_checks,
    quirk_checks,
    rule_checks,
    station_checks,
    storage_checks,
)
from ems.config.problems import Finding
from ems.config.schema import Secret, SiteFile


def findings_across(file: SiteFile, profiles: Collection[str] | None = None) -> tuple[Finding, ...]:
    """Everything that does not fit together in a site file whose single values are all allowed.

    `profiles` are the names of the device profiles there are; as a mapping they tell the kinds of devices that each
    describes, which are checked too. None leaves all of it unchecked.
    """
    found = [finding for check in _CHECKS for finding in check(file)]
    if profiles is not None:
        found += device_checks.profiles(file, profiles)
        found += battery_checks.orders(file, profiles)
    return tuple(found)


def _secrets(file: SiteFile) -> Iterator[Finding]:
    for i, station in enumerate(file.stations):
        if station.password:
            yield from _secret(station.password, "stations", i)
    if file.mqtt and file.mqtt.password:
        yield from _secret(file.mqtt.password, "mqtt")
    if file.storage.password:
        yield from _secret(file.storage.password, "storage")
    for place, key, secret in device_checks.secrets(file):
        yield from _secret(secret, *place, key=key)


def _secret(secret: Secret, *owner: str | int, key: str = "password") -> Iterator[Finding]:
    if secret.env and secret.file:
        yield Finding(place=(*owner, key), problem="names both a variable and a file", cure="keep either env or file")
    if not secret.env and not secret.file:
        yield Finding(
            place=(*owner, key),
            problem="names neither a variable nor a file",
            cure="write {env: NAME} or {file: PATH}",
        )


_CHECKS: Final[tuple[Callable[[SiteFile], Iterator[Finding]], ...]] = (
    circuit_checks.names,
    circuit_checks.feeding,
    circuit_checks.phases,
    device_checks.names,
    device_checks.sources,
    device_checks.meters_at_circuits,
    device_checks.wiring,
    device_checks.proxies,
    station_checks.names,
    connector_checks.connectors,
    connector_checks.stations_agree,
    connector_checks.second_systems,
    station_checks.circuits,
    station_checks.wiring,
    station_checks.currents,
    station_checks.vehicles,
    station_checks.simulated_cars,
    csms_checks.tls,
    csms_checks.profiles,
    quirk_checks.quirks,
    station_checks.simulated_stations,
    rule_checks.imbalance,
    rule_checks.grid_operator,
    storage_checks.place,
    storage_checks.passwords,
    _secrets,
)
