"""`ems check`: the site file's problems, or its circuit tree and the dead-man proof of every fuse."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

from ems.cli.check_caps import caps_json
from ems.cli.check_tables import SiteCheck, in_a, names_of, print_check
from ems.clock import WallClock
from ems.config.loader import load_site
from ems.config.problems import Problem, SecretError, SiteFileError
from ems.config.schema import SiteFile
from ems.config.secrets import reveal
from ems.config.translate import to_site
from ems.control.fallback import FuseProof, is_covered, largest_fallbacks, proof, with_fallbacks
from ems.control.headroom import usable
from ems.control.seen.trust import LOST_AT_LEAST_S, LOST_PERIODS
from ems.devices.catalog import connect_devices
from ems.devices.cautions import cautions
from ems.devices.config_error import DeviceConfigError
from ems.devices.profile_kinds import kinds_by_profile
from ems.model.electrical import Circuit
from ems.model.site import Site, Station


def check_site(path: Path, *, as_json: bool) -> int:
    """Print what there is to say about a site file. The exit code: 1 for problems or an uncovered fuse."""
    try:
        checked = checked_site(path)
    except SiteFileError as error:
        if as_json:
            _print_json({"ok": False, "file": str(path), "problems": [asdict(each) for each in error.problems]})
        else:
            print_problems(error.problems)
        return 1
    if as_json:
        _print_json(_as_json(path, checked))
    else:
        print_check(checked)
    return 0 if checked.covered else 1


def checked_site(path: Path) -> SiteCheck:
    """Everything `ems check` finds out. Raises SiteFileError."""
    file = load_site(path, profiles=kinds_by_profile())
    _build_devices(path, file)
    site = to_site(file)
    rows = proof(site)
    devices = [caution.sentence for caution in cautions(file)]
    notes = (*_missing_secrets(file), *devices, *_notes(site, rows))
    return SiteCheck(name=file.site.name, file=file, site=site, rows=rows, notes=notes)


def _build_devices(path: Path, file: SiteFile) -> None:
    """Raise SiteFileError for what only the device layer can tell; nothing is connected."""
    try:
        connect_devices(file, WallClock())
    except DeviceConfigError as error:
        problem, _, cure = str(error).rpartition(": ")
        raise SiteFileError([Problem(file=path.name, line=None, place="", problem=problem, cure=cure)]) from error
    except SecretError:
        # The service may run with another environment than this check; the notes tell.
        return


def _missing_secrets(file: SiteFile) -> Iterator[str]:
    owners = [(station.id, station.password) for station in file.stations]
    upstreams = ((station.id, station.upstream) for station in file.stations)
    owners.extend(
        (f"{name} at its second central system", each.password) for name, each in upstreams if each is not None
    )
    owners.append(("the MQTT broker", file.mqtt.password if file.mqtt else None))
    owners.append(("the database", file.storage.password))
    for owner, secret in owners:
        try:
            if secret:
                reveal(secret)
        except SecretError as error:
            yield f"Password of {owner}: {error}."


def _notes(site: Site, rows: Iterable[FuseProof]) -> Iterator[str]:
    if not site.commissioned:
        yield "Not commissioned: state connection.main_fuse_a. Until then nobody charges above 6 A on one phase."
    if site.circuits.main.largest_other_load_a is None:
        yield (
            "connection.largest_other_load_a is unknown: without it only stations that fall back to 0 are covered. "
            "State the largest current per phase that the house draws without its cars."
        )
    yield from _unstated_loads(site)
    yield from _pushed_meters(site)
    unverified = [station for station in site.stations if not station.lease_verified]
    for station in unverified:
        yield (
            f"{station.station_id} is not verified and counts with {in_a(station.hardware_max_a)}. Let it charge, "
            f"stop the service or pull the network cable, wait {site.policy.lease_s + 10:g} s, and set lease_verified "
            f"once its current is at most {station.fallback_a + 0.5:g} A."
        )
    for station in site.stations:
        if not station.wiring_known:
            yield f"{station.station_id} counts on each of {names_of(station.wiring)}: its wiring was never measured."
    yield from _suggestion(site, rows)
    yield (
        f"Leases last {site.policy.lease_s:g} s and are renewed every {site.policy.lease_s / 3:g} s: so long may a "
        "station exceed its fallback current after it lost us."
    )


def _unstated_loads(site: Site) -> Iterator[str]:
    """The circuits with stations whose other load nobody stated."""
    for circuit in site.circuits:
        if circuit.parent_id is None or circuit.largest_other_load_a is not None or not site.below(circuit.circuit_id):
            continue
        known_a = site.circuits.other_load_a(circuit.circuit_id)
        counts = (
            "without it, or that of a circuit in front of it, only stations that fall back to 0 are covered"
            if known_a is None
            else f"it counts as {in_a(known_a)}, like that in front of it"
        )
        unseen = ", and no meter sees it, so its cars get less than they might" if not circuit.metered else ""
        yield (
            f"circuits[{circuit.circuit_id}].largest_other_load_a is unknown: {counts}{unseen}. State the largest "
            "current per phase of everything behind this fuse that is not a station; 0 where nothing else is."
        )


def _pushed_meters(site: Site) -> Iterator[str]:
    """The circuits that a program tells of, and what that costs."""
    for circuit in site.circuits:
        period_s = circuit.pushed_period_s
        if period_s is None:
            continue
        heard = replace(circuit, pushed_period_s=None)
        fraction = site.policy.hold_fraction
        names = names_of(circuit.phases)
        told = f"current or power of each of {names}; a total alone is refused" if len(circuit.phases) > 1 else "power"
        yield (
            f"The meter of {circuit.circuit_id} is pushed every {period_s:g} s: its sensor counts as silent only after "
            f"{max(LOST_PERIODS * period_s, LOST_AT_LEAST_S):g} s. So house and cars may fill "
            f"{in_a(usable(circuit, fraction))} instead of {in_a(usable(heard, fraction))}; a meter that Fusewise "
            f"reads itself gives that back. Its readings must tell {told}."
        )


def _suggestion(site: Site, rows: Iterable[FuseProof]) -> Iterator[str]:
    if is_covered(rows) or not site.commissioned:
        return
    fallbacks = largest_fallbacks(site)
    if not is_covered(proof(with_fallbacks(site, fallbacks))):
        yield "No fallback currents cover this house: its other load alone is more than a fuse carries."
        return
    now_a = {station.station_id: station.fallback_a for station in site.stations}
    most = ", ".join(f"{name} {in_a(current_a)} (yours: {in_a(now_a[name])})" for name, current_a in fallbacks.items())
    yield f"Would be covered with fallback currents up to these, once each station is verified: {most}."


def print_problems(problems: Iterable[Problem]) -> None:
    for problem in problems:
        sys.stderr.write(f"{problem}\n")


def _print_json(said: object) -> None:
    sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")


def _as_json(path: Path, checked: SiteCheck) -> dict[str, object]:
    site = checked.site
    return {
        "ok": checked.covered,
        "file": str(path),
        "problems": [],
        "name": checked.name,
        "commissioned": site.commissioned,
        "lease_s": site.policy.lease_s,
        "circuits": [_circuit_json(circuit) for circuit in site.circuits],
        **caps_json(site, checked.file),
        "stations": [_station_json(station) for station in site.stations],
        "proof": [_row_json(row) for row in checked.rows],
        "suggested_fallback_a": dict(largest_fallbacks(site)),
        "notes": list(checked.notes),
    }


def _circuit_json(circuit: Circuit) -> dict[str, object]:
    return {
        "id": circuit.circuit_id,
        "fed_from": circuit.parent_id,
        "phases": [phase.name for phase in circuit.phases],
        "fuse_a": circuit.fuse.rating_a,
        "fuse_device": circuit.fuse.device.value,
        "max_kw": None if circuit.max_power_w is None else circuit.max_power_w / 1000.0,
        "metered": circuit.metered,
        "largest_other_load_a": circuit.largest_other_load_a,
    }


def _station_json(station: Station) -> dict[str, object]:
    return {
        "id": station.station_id,
        "circuit": station.circuit_id,
        "wired": [phase.name for phase in station.wiring],
        "max_a": station.max_a,
        "fallback_a": station.fallback_a,
        "lease_verified": station.lease_verified,
    }


def _row_json(row: FuseProof) -> dict[str, object]:
    return {
        "circuit": row.circuit_id,
        "phase": row.phase.name,
        "stations_a": round(row.stations_a, 3),
        "other_load_a": row.other_load_a,
        "bound_a": round(row.bound_a, 3),
        "covered": row.covered,
        "culprits": list(row.culprits),
    }
