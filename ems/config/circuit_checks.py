"""Circuits: each has one name, hangs on another, and has no phase that its feeder lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from ems.config.cures import closest
from ems.config.feeders import MAIN, circling, phases_by_circuit
from ems.config.problems import ANY, Finding, Place
from ems.config.repeats import repeats
from ems.config.schema import SiteFile

TREE: Final[tuple[Place, ...]] = (("circuits", ANY, "id"), ("circuits", ANY, "fed_from"))
"""What the tree of circuits rests on."""

PHASES: Final[tuple[Place, ...]] = (("connection", "phases"), *TREE, ("circuits", ANY, "phases"))
"""What the phases of a circuit rest on."""


def names(file: SiteFile) -> Iterator[Finding]:
    """Names that stand twice, or are ours."""
    yield from repeats(
        ((circuit.id, ("circuits", i, "id")) for i, circuit in enumerate(file.circuits)),
        "circuit",
        "give every circuit a name of its own",
    )
    for i, circuit in enumerate(file.circuits):
        if circuit.id == MAIN:
            cure = "the house connection has that name; choose another"
            yield Finding(place=("circuits", i, "id"), problem="is main", cure=cure)


def feeding(file: SiteFile) -> Iterator[Finding]:
    """Feeders that do not exist, and circuits that feed themselves."""
    feeders = {circuit.id: circuit.fed_from for circuit in circling(file)}
    for i, circuit in enumerate(file.circuits):
        place = ("circuits", i, "fed_from")
        if circuit.id in feeders:
            circle = _circle(circuit.id, feeders)
            cure = f"a circuit cannot feed itself; one of the circle ({', '.join(sorted(circle))}) is fed from main"
            yield Finding(place=place, problem=f"is {circuit.fed_from}, a circle", cure=cure, rests_on=TREE)
        elif finding := unknown_circuit(file, circuit.fed_from, place):
            yield finding


def _circle(circuit_id: str, feeders: Mapping[str, str]) -> set[str]:
    """The circuits that one meets going up from here again and again."""
    met: set[str] = set()
    while circuit_id not in met:
        met.add(circuit_id)
        circuit_id = feeders[circuit_id]
    return met


def phases(file: SiteFile) -> Iterator[Finding]:
    """Phases that stand twice, and phases that no wire of the feeder brings."""
    reached = phases_by_circuit(file)
    for i, circuit in enumerate(file.circuits):
        place = ("circuits", i, "phases")
        own = circuit.phases or ()
        if len(set(own)) < len(own):
            yield Finding(place=place, problem="names a phase twice", cure=f"write [{', '.join(dict.fromkeys(own))}]")
        feeder = reached.get(circuit.fed_from, own)
        lacking = [phase for phase in own if phase not in feeder]
        if lacking:
            problem = f"has {', '.join(lacking)}, which {circuit.fed_from} does not bring"
            yield Finding(place=place, problem=problem, cure=f"choose from {', '.join(feeder)}", rests_on=PHASES)


def unknown_circuit(file: SiteFile, circuit_id: str, place: Place) -> Finding | None:
    """The finding for a reference to a circuit that does not exist."""
    known = [MAIN, *(circuit.id for circuit in file.circuits)]
    if circuit_id in known:
        return None
    return unknown(circuit_id, known, "circuit", place, ("circuits", ANY, "id"))


def unknown(name: str, known: list[str], what: str, place: Place, rests_on: Place) -> Finding:
    """The finding for a name that nothing has."""
    meant = closest(name, known)
    choices = f"there are {', '.join(known)}" if known else f"there is no {what} in this file"
    cure = f"did you mean {meant}?" if meant else choices
    return Finding(place=place, problem=f"is {name}, and there is no such {what}", cure=cure, rests_on=(rests_on,))
