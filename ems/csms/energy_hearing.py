"""What a station tells of energy beside the meter, given to the connector that it is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from ems.csms.energy_words import CarPlan, ChargingNeeds, EnergyBook, OutsideLimit
from ems.model.transaction import Transaction


class EnergeticConnector(Protocol):
    """A configured connector, as far as energy is concerned."""

    @property
    def number(self) -> int: ...

    @property
    def is_alone(self) -> bool: ...

    @property
    def energy(self) -> EnergyBook: ...

    @property
    def session(self) -> Transaction | None: ...


class Listening(Protocol):
    """Who knows the configured connectors."""

    @property
    def members(self) -> Sequence[EnergeticConnector]: ...


class EnergyHearing:
    """Implements `energy_words.EnergyTold`. Who stands for the whole station is told all; others only their own."""

    def __init__(self, hearing: Listening) -> None:
        self._hearing = hearing

    def limited(self, limit: OutsideLimit) -> None:
        """Somebody else set a limit: of a connector, or of the whole station, which then caps each of them."""
        for book in self._books(limit.connector):
            book.limited(limit)

    def released(self, connector: int | None, source: str) -> None:
        """That source limits no more; None is every connector."""
        for book in self._books(connector or 0):
            book.released(connector, source)

    def needs_told(self, needs: ChargingNeeds) -> None:
        """A car says what it needs, and waits for a schedule."""
        for book in self._books(needs.connector):
            book.needs_told(needs)

    def planned(self, plan: CarPlan) -> None:
        """A car says what it will do."""
        for book in self._books(plan.connector):
            book.planned(plan)

    def hurried(self, *, on: bool, transaction_id: str = "") -> None:
        """A person asks for priority for that transaction, or lets go of it."""
        for member in self._hearing.members:
            session = member.session
            if member.is_alone or (session is not None and session.transaction_id == transaction_id):
                member.energy.hurried(on=on)

    def _books(self, connector: int) -> Iterator[EnergyBook]:
        for member in self._hearing.members:
            if member.is_alone or connector in {0, member.number}:
                yield member.energy
