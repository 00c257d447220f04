"""Which circuit is fed from which: the tree behind the main fuse, and the phases that reach each circuit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ems.config.schema import PhaseName, SiteFile, SubCircuit
from ems.model.electrical import PHASES_OF

MAIN: Final = "main"
"""The circuit behind the house connection; no circuit of a site file may take the name."""


def phases_by_circuit(file: SiteFile) -> Mapping[str, tuple[PhaseName, ...]]:
    """The phases of every circuit that is fed from the main one, in the order main first, parents before children.

    A circuit in a circle, or fed from one that does not exist, is absent.
    """
    names: tuple[PhaseName, ...] = ("L1", "L2", "L3")
    found = {MAIN: names[: len(PHASES_OF[file.connection.phases])]}
    waiting = list(file.circuits)
    while ready := [circuit for circuit in waiting if circuit.fed_from in found]:
        for circuit in ready:
            found.setdefault(circuit.id, circuit.phases or found[circuit.fed_from])
        waiting = [circuit for circuit in waiting if circuit not in ready]
    return found


def circling(file: SiteFile) -> tuple[SubCircuit, ...]:
    """The circuits that feed themselves, over however many others."""
    feeder = {circuit.id: circuit.fed_from for circuit in file.circuits if circuit.id != MAIN}
    return tuple(circuit for circuit in file.circuits if _returns(circuit.id, feeder))


def _returns(start: str, feeder: Mapping[str, str]) -> bool:
    step = feeder.get(start)
    for _ in feeder:
        if step is None or step == start:
            break
        step = feeder.get(step)
    return step == start
