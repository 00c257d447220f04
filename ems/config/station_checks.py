"""Stations and their cars: names, circuits, wiring, currents, references."""

from __future__ import annotations

from collections.abc import Iterator

from ems.config.circuit_checks import PHASES, unknown, unknown_circuit
from ems.config.connectors import identity_of, is_further
from ems.config.feeders import MAIN, phases_by_circuit
from ems.config.problems import ANY, Finding, Place
from ems.config.repeats import repeats
from ems.config.schema import SiteFile


def names(file: SiteFile) -> Iterator[Finding]:
    """Ids, identities and serial numbers that two stations share."""
    stations = tuple(enumerate(file.stations))
    yield from repeats(
        ((station.id, ("stations", i, "id")) for i, station in stations),
        "station",
        "give every station a name of its own",
    )
    cure = "the identity tells stations apart; only one may send none; connectors of one station differ in `connector`"
    yield from repeats(_identities(file), "station", cure)
    yield from repeats(
        (
            (station.serial, ("stations", i, "serial"))
            for i, station in stations
            if station.serial and not _said_before(file, i, "serial")
        ),
        "station",
        "serial numbers are unique; read it from the type plate",
    )


def circuits(file: SiteFile) -> Iterator[Finding]:
    """Stations on a circuit that does not exist."""
    for i, station in enumerate(file.stations):
        if finding := unknown_circuit(file, station.circuit, ("stations", i, "circuit")):
            yield finding


def wiring(file: SiteFile) -> Iterator[Finding]:
    """Phases wired twice, phases that do not reach the station, and switching where there is nothing to switch."""
    reached = phases_by_circuit(file)
    for i, station in enumerate(file.stations):
        place = ("stations", i, "wired")
        if len(set(station.wired)) < len(station.wired):
            cure = f"write each once, such as [{', '.join(dict.fromkeys(station.wired))}]"
            yield Finding(place=place, problem="names a phase twice", cure=cure)
        there = reached.get(station.circuit, station.wired)
        if lacking := [phase for phase in dict.fromkeys(station.wired) if phase not in there]:
            where = "the house connection" if station.circuit == MAIN else f"circuit {station.circuit}"
            yield Finding(
                place=place,
                problem=f"has {', '.join(lacking)}, which {where} does not have",
                cure=f"choose from [{', '.join(there)}]",
                rests_on=(("stations", i, "circuit"), *PHASES),
            )
        if station.phase_switching and len(station.wired) == 1:
            cure = "a one-phase station has nothing to switch; drop it, or name all wired phases"
            yield Finding(
                place=("stations", i, "phase_switching"), problem="is true on one phase", cure=cure, rests_on=(place,)
            )


def currents(file: SiteFile) -> Iterator[Finding]:
    """Currents of a station that contradict each other."""
    for i, station in enumerate(file.stations):
        place = ("stations", i)
        fallback = f"is {station.fallback_a:g}"
        if station.max_a < station.min_a:
            problem = f"is {station.max_a:g}, below min_a {station.min_a:g}"
            yield _clash(place, "max_a", "min_a", problem, "raise max_a or lower min_a")
        if station.hardware_max_a is not None and station.hardware_max_a < station.max_a:
            problem = f"is {station.hardware_max_a:g}, below max_a {station.max_a:g}"
            cure = "it is what the station can draw at all, so lower max_a or correct it"
            yield _clash(place, "hardware_max_a", "max_a", problem, cure)
        if station.fallback_a > station.max_a:
            problem = f"{fallback}, above max_a {station.max_a:g}"
            yield _clash(place, "fallback_a", "max_a", problem, "lower fallback_a")
        if 0 < station.fallback_a < station.min_a:
            problem = f"{fallback}, between 0 and min_a {station.min_a:g}"
            cure = f"give 0 for a pause, or at least {station.min_a:g}: a car charges with nothing less"
            yield _clash(place, "fallback_a", "min_a", problem, cure)


def vehicles(file: SiteFile) -> Iterator[Finding]:
    """Vehicles that share a name, and stations of a vehicle that does not exist."""
    known = [vehicle.id for vehicle in file.vehicles]
    yield from repeats(
        ((name, ("vehicles", i, "id")) for i, name in enumerate(known)), "vehicle", "give every car a name of its own"
    )
    for i, station in enumerate(file.stations):
        if station.vehicle is not None and station.vehicle not in known:
            yield unknown(station.vehicle, known, "vehicle", ("stations", i, "vehicle"), ("vehicles", ANY, "id"))


def simulated_cars(file: SiteFile) -> Iterator[Finding]:
    """Simulated cars on a station that does not exist, and two on one."""
    known = [station.id for station in file.stations]
    cars = tuple(enumerate(file.simulation.cars))
    for i, car in cars:
        if car.station not in known:
            yield unknown(car.station, known, "station", ("simulation", "cars", i, "station"), ("stations", ANY, "id"))
    yield from repeats(
        ((car.station, ("simulation", "cars", i, "station")) for i, car in cars),
        "simulated car",
        "one car hangs on one station",
    )


def simulated_stations(file: SiteFile) -> Iterator[Finding]:
    """Ways to play a station that does not exist, and two for one."""
    known = [station.id for station in file.stations]
    played = tuple(enumerate(file.simulation.stations))
    for i, each in played:
        if each.station not in known:
            place = ("simulation", "stations", i, "station")
            yield unknown(each.station, known, "station", place, ("stations", ANY, "id"))
    yield from repeats(
        ((each.station, ("simulation", "stations", i, "station")) for i, each in played),
        "simulated station",
        "a station is played in one way",
    )


def _clash(place: Place, key: str, other: str, problem: str, cure: str) -> Finding:
    """The finding for `key` that does not fit `other`, both of one entry."""
    return Finding(place=(*place, key), problem=problem, cure=cure, rests_on=((*place, other),))


def _identities(file: SiteFile) -> Iterator[tuple[str, Place]]:
    """What the first connector of each station connects as; stations that share their id are told so already."""
    seen: set[str] = set()
    for i, station in enumerate(file.stations):
        if is_further(file.stations[:i], station):
            continue
        if station.identity is not None:
            yield station.identity, ("stations", i, "identity")
        elif station.id not in seen:
            yield station.id, ("stations", i, "id")
        seen.add(station.id)


def _said_before(file: SiteFile, at: int, key: str) -> bool:
    """Whether an earlier entry of the same station says the same of it."""
    station = file.stations[at]
    same = (each for each in file.stations[:at] if identity_of(each) == identity_of(station))
    return any(getattr(each, key) == getattr(station, key) for each in same)
