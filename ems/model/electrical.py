"""Phases, per-phase values, station wiring, and the tree of fuses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final, NamedTuple, TypeAlias

NOMINAL_V: Final = 230.0
"""Phase to neutral, EN 50160; used where nobody measures the voltage."""


class Phase(IntEnum):
    """A phase of the house, counted as at the house connection; its number is its place in a `PerPhase`."""

    L1 = 0
    L2 = 1
    L3 = 2


class _Amounts(NamedTuple):
    l1: float = 0.0
    l2: float = 0.0
    l3: float = 0.0


_filled: Final = tuple.__new__
"""Makes one from three numbers in half the time of its own constructor: control makes a hundred in every cycle."""


class PerPhase(_Amounts):
    """One number for each phase of the house, in L1, L2, L3 order. A phase the house does not have holds 0."""

    __slots__ = ()

    @classmethod
    def of(cls, values: Iterable[float]) -> PerPhase:
        """From up to three numbers, L1 first; missing ones are 0."""
        return cls(*values)

    @classmethod
    def on(cls, phases: Iterable[Phase], value: float) -> PerPhase:
        """`value` on the given phases, 0 on the others."""
        numbers = [0.0, 0.0, 0.0]
        for phase in phases:
            numbers[phase] = value
        return _filled(cls, numbers)

    # Adding and scaling are meant phase by phase, not as for any tuple.
    def __add__(self, other: PerPhase) -> PerPhase:  # type: ignore[override]
        return _filled(PerPhase, (self[0] + other[0], self[1] + other[1], self[2] + other[2]))

    def __sub__(self, other: PerPhase) -> PerPhase:
        return _filled(PerPhase, (self[0] - other[0], self[1] - other[1], self[2] - other[2]))

    def __mul__(self, factor: float) -> PerPhase:  # type: ignore[override]
        return PerPhase(self[0] * factor, self[1] * factor, self[2] * factor)

    def __neg__(self) -> PerPhase:
        return PerPhase(-self[0], -self[1], -self[2])

    def mapped(self, change: Callable[[float], float]) -> PerPhase:
        """Each phase's number put through `change`."""
        return PerPhase(change(self[0]), change(self[1]), change(self[2]))

    def with_value(self, phase: Phase, value: float) -> PerPhase:
        """The same numbers but for one phase."""
        numbers = list(self)
        numbers[phase] = value
        return PerPhase(*numbers)

    def upper(self, other: PerPhase) -> PerPhase:
        """Phase by phase, the larger number."""
        a1, a2, a3 = self
        b1, b2, b3 = other
        # Several times quicker than max().
        return _filled(PerPhase, (b1 if b1 > a1 else a1, b2 if b2 > a2 else a2, b3 if b3 > a3 else a3))  # noqa: FURB136

    def lower(self, other: PerPhase) -> PerPhase:
        """Phase by phase, the smaller number."""
        a1, a2, a3 = self
        b1, b2, b3 = other
        return _filled(PerPhase, (b1 if b1 < a1 else a1, b2 if b2 < a2 else a2, b3 if b3 < a3 else a3))  # noqa: FURB136

    @property
    def total(self) -> float:
        return self[0] + self[1] + self[2]

    def sum_over(self, phases: Iterable[Phase]) -> float:
        """The numbers of these phases together."""
        total = 0.0
        for phase in phases:
            total += self[phase]
        return total


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

    pushed_period_s: float | None = None
    """Time between two samples of its meter where a program brings them; None for a meter that we hear ourselves."""

    largest_other_load_a: float | None = None
    """Largest current per phase of everything that is not a station; None when nobody has worked it out."""

    max_power_w: float | None = None
    """What may flow over all phases together, such as the contract power; None without such a cap."""


@dataclass(frozen=True, slots=True)
class CircuitTree:
    """All circuits, the main one first, parents before children."""

    circuits: tuple[Circuit, ...]
    _by_id: Mapping[str, Circuit] = field(init=False, repr=False, compare=False)
    _above: Mapping[str, tuple[Circuit, ...]] = field(init=False, repr=False, compare=False)
    _ids_above: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {circuit.circuit_id: circuit for circuit in self.circuits})
        above = {circuit.circuit_id: self._path_up(circuit) for circuit in self.circuits}
        object.__setattr__(self, "_above", above)
        ids_above = {circuit_id: tuple(each.circuit_id for each in path) for circuit_id, path in above.items()}
        object.__setattr__(self, "_ids_above", ids_above)

    def __getitem__(self, circuit_id: str) -> Circuit:
        return self._by_id[circuit_id]

    def __iter__(self) -> Iterator[Circuit]:
        return iter(self.circuits)

    @property
    def main(self) -> Circuit:
        return self.circuits[0]

    def above(self, circuit_id: str) -> tuple[Circuit, ...]:
        """The circuit and every circuit that feeds it, up to the main one."""
        return self._above[circuit_id]

    def ids_above(self, circuit_id: str) -> tuple[str, ...]:
        """The same by their names."""
        return self._ids_above[circuit_id]

    def _path_up(self, circuit: Circuit) -> tuple[Circuit, ...]:
        path = [circuit]
        while path[-1].parent_id is not None:
            path.append(self._by_id[path[-1].parent_id])
        return tuple(path)

    def other_load_a(self, circuit_id: str) -> float | None:
        """The most that flows there per phase beside stations, as far as somebody stated it: for that circuit, or for
        the next one in front of it, whose load is all of its own and more; None when nobody did for any."""
        stated = (circuit.largest_other_load_a for circuit in self.above(circuit_id))
        return next((load_a for load_a in stated if load_a is not None), None)

    def feeds(self, upper_id: str, circuit_id: str) -> bool:
        """Whether current of `circuit_id` flows through the fuse of `upper_id`."""
        return any(circuit.circuit_id == upper_id for circuit in self.above(circuit_id))
