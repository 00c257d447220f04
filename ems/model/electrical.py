"""Phases, per-phase values, station wiring, and the tree of fuses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Final, TypeAlias

NOMINAL_V: Final = 230.0
"""Phase to neutral, EN 50160; used where nobody measures the voltage."""


class Phase(Enum):
    """A phase of the house, counted as at the house connection."""

    L1 = 0
    L2 = 1
    L3 = 2


@dataclass(frozen=True, slots=True)
class PerPhase:
    """One number for each phase of the house, in L1, L2, L3 order. A phase the house does not have holds 0."""

    l1: float = 0.0
    l2: float = 0.0
    l3: float = 0.0

    @classmethod
    def of(cls, values: Iterable[float]) -> PerPhase:
        """From up to three numbers, L1 first; missing ones are 0."""
        numbers = [*values, 0.0, 0.0, 0.0]
        return cls(numbers[0], numbers[1], numbers[2])

    @classmethod
    def on(cls, phases: Iterable[Phase], value: float) -> PerPhase:
        """`value` on the given phases, 0 on the others."""
        used = set(phases)
        return cls.of(value if phase in used else 0.0 for phase in Phase)

    def __getitem__(self, phase: Phase) -> float:
        return (self.l1, self.l2, self.l3)[phase.value]

    def __iter__(self) -> Iterator[float]:
        return iter((self.l1, self.l2, self.l3))

    def __add__(self, other: PerPhase) -> PerPhase:
        return PerPhase(self.l1 + other.l1, self.l2 + other.l2, self.l3 + other.l3)

    def __sub__(self, other: PerPhase) -> PerPhase:
        return PerPhase(self.l1 - other.l1, self.l2 - other.l2, self.l3 - other.l3)

    def __mul__(self, factor: float) -> PerPhase:
        return PerPhase(self.l1 * factor, self.l2 * factor, self.l3 * factor)

    def __neg__(self) -> PerPhase:
        return self * -1.0

    def mapped(self, change: Callable[[float], float]) -> PerPhase:
        """Each phase's number put through `change`."""
        return PerPhase(change(self.l1), change(self.l2), change(self.l3))

    def with_value(self, phase: Phase, value: float) -> PerPhase:
        """The same numbers but for one phase."""
        return PerPhase.of(value if each is phase else self[each] for each in Phase)

    def upper(self, other: PerPhase) -> PerPhase:
        """Phase by phase, the larger number."""
        return PerPhase(max(self.l1, other.l1), max(self.l2, other.l2), max(self.l3, other.l3))

    def lower(self, other: PerPhase) -> PerPhase:
        """Phase by phase, the smaller number."""
        return PerPhase(min(self.l1, other.l1), min(self.l2, other.l2), min(self.l3, other.l3))

    @property
    def total(self) -> float:
        return self.l1 + self.l2 + self.l3


Wiring: TypeAlias = tuple[Phase, ...]
"""The house phases behind a station's own L1, L2, L3, in that order: (L2, L3, L1) is a rotated station."""

PHASES_OF: Final[Mapping[int, Wiring]] = {1: (Phase.L1,), 3: (Phase.L1, Phase.L2, Phase.L3)}
"""The phases of a house connection with that many phases."""


class FuseDevice(StrEnum):
    """What protects a circuit; decides how long it carries an overload (`control.md` §3)."""

    MCB_B = "mcb_b"
    MCB_C = "mcb_c"
    MCB_D = "mcb_d"
    SLS = "sls"
    GG = "gg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fuse:
    """A protective device as printed on its front."""

    rating_a: float
    device: FuseDevice = FuseDevice.MCB_B


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """A part of the installation behind one fuse."""

    circuit_id: str
    fuse: Fuse
    parent_id: str | None = None
    """None for the main circuit, behind the house connection."""

    phases: Wiring
    """The house phases this circuit has."""

    reserve_a: float = 0.0
    """Kept free below the fuse rating, on every phase."""

    derating: float = 1.0
    """Factor on the rating for heat in the cabinet, `breakers-and-rules.md` §1."""

    metered: bool = False
    """Whether a meter sits at the fuse of this circuit."""

    largest_other_load_a: float | None = None
    """Largest current per phase of everything that is not a station; None when nobody has worked it out."""


@dataclass(frozen=True, slots=True)
class CircuitTree:
    """All circuits, the main one first, parents before children."""

    circuits: tuple[Circuit, ...]
    _by_id: Mapping[str, Circuit] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {circuit.circuit_id: circuit for circuit in self.circuits})

    def __getitem__(self, circuit_id: str) -> Circuit:
        return self._by_id[circuit_id]

    def __iter__(self) -> Iterator[Circuit]:
        return iter(self.circuits)

    @property
    def main(self) -> Circuit:
        return self.circuits[0]

    def above(self, circuit_id: str) -> tuple[Circuit, ...]:
        """The circuit and every circuit that feeds it, up to the main one."""
        path = []
        step: str | None = circuit_id
        while step is not None:
            circuit = self._by_id[step]
            path.append(circuit)
            step = circuit.parent_id
        return tuple(path)

    def feeds(self, upper_id: str, circuit_id: str) -> bool:
        """Whether current of `circuit_id` flows through the fuse of `upper_id`."""
        return any(circuit.circuit_id == upper_id for circuit in self.above(circuit_id))
