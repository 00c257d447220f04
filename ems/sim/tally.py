"""What flowed through one fuse of the simulated house, and how it fared."""

from __future__ import annotations

from dataclasses import dataclass

from ems.model.electrical import Circuit, PerPhase


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitFigures:
    """How a circuit fared since the start."""

    circuit_id: str
    rating_a: float
    max_a: PerPhase
    """Largest current per phase, in either direction."""

    seconds_over_rating: float
    """Time with any phase above the fuse rating."""

    import_kwh: float
    export_kwh: float


class Tally:
    """A circuit's current and its record."""

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self.current_a = PerPhase()
        self.max_a = PerPhase()
        self.over_s = 0.0
        self.import_kwh = 0.0
        self.export_kwh = 0.0

    def count(self, current_a: PerPhase, voltage_v: PerPhase, dt_s: float) -> None:
        self.current_a = current_a
        size_a = current_a.mapped(abs)
        self.max_a = self.max_a.upper(size_a)
        if max(size_a) > self.circuit.fuse.rating_a:
            self.over_s += dt_s
        kwh = sum(i * v for i, v in zip(current_a, voltage_v, strict=True)) * dt_s / 3_600_000
        self.import_kwh += max(kwh, 0.0)
        self.export_kwh += max(-kwh, 0.0)

    def figures(self) -> CircuitFigures:
        return CircuitFigures(
            circuit_id=self.circuit.circuit_id,
            rating_a=self.circuit.fuse.rating_a,
            max_a=self.max_a,
            seconds_over_rating=self.over_s,
            import_kwh=self.import_kwh,
            export_kwh=self.export_kwh,
        )
