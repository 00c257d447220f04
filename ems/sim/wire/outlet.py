"""One connector of a simulated station: its transaction, its contactor, and what it offers its car."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ems.model.station import ConnectorStatus
from ems.sim.car import NO_OFFER, PILOT_MINIMUM_A, Offer
from ems.sim.schedules import Limit, Transaction, TransactionId
from ems.sim.world import CarSample, World

DRAWING_A: Final = 0.5
"""Above this a car counts as charging."""


@dataclass(slots=True, kw_only=True)
class Session:
    """One transaction, until the central system knows all of it."""

    started: datetime
    meter_start_wh: int
    """What the station tells of its register."""

    tag: str
    counted_before_wh: int = 0
    """All that the connector had given out by then."""

    connector_id: int = 1
    transaction_id: TransactionId | None = None
    remote_start_id: int | None = None
    """OCPP 2.x: of the request that began it."""

    start_told: bool = False
    stopped: datetime | None = None
    meter_stop_wh: int = 0
    reason: str = "Local"


class Outlet:
    """A connector in the world; the station's box runs its transactions."""

    def __init__(self, connector_id: int, place_id: str, world: World, *, phases: int) -> None:
        self.connector_id: Final = connector_id
        self.place_id: Final = place_id
        self.session: Session | None = None
        """The running one."""

        self.finished = False
        """A transaction has ended and its car still stands here."""

        self.transaction_count = 0
        self.limit_change_count = 0
        self.offer = NO_OFFER
        self.limit = Limit(limit_a=0.0, phases=phases)
        """What the profiles allowed at the last tick."""

        self._world = world
        self._contactor_phases = phases
        self._contactor_open_until_s = 0.0

    @property
    def car(self) -> CarSample:
        return self._world.car(self.place_id)

    @property
    def transaction(self) -> Transaction | None:
        """The running one as charging profiles see it."""
        if self.session is None:
            return None
        return Transaction(
            started=self.session.started,
            transaction_id=self.session.transaction_id,
            connector_id=self.connector_id,
        )

    def status(self, *, operative: bool) -> ConnectorStatus:
        """In the words of OCPP 1.6, which are the finest."""
        if not operative and self.session is None:
            return ConnectorStatus.UNAVAILABLE
        car = self.car
        if not car.plugged:
            return ConnectorStatus.AVAILABLE
        if self.session is None:
            return ConnectorStatus.FINISHING if self.finished else ConnectorStatus.PREPARING
        if self.offer.limit_a < PILOT_MINIMUM_A:
            return ConnectorStatus.SUSPENDED_EVSE
        return ConnectorStatus.CHARGING if max(car.current_a) > DRAWING_A else ConnectorStatus.SUSPENDED_EV

    def follow(self, allowed: Limit, now_s: float, phase_change_s: float) -> None:
        """Offer what is allowed; a change of phases opens the contactor for a while."""
        if self.session is None:
            return self.switch(NO_OFFER)
        if allowed.phases != self._contactor_phases and allowed.limit_a >= PILOT_MINIMUM_A:
            self._contactor_phases = allowed.phases
            self._contactor_open_until_s = now_s + phase_change_s
        if now_s < self._contactor_open_until_s:
            return self.switch(replace(NO_OFFER, phases=self.offer.phases))
        return self.switch(Offer(limit_a=allowed.limit_a, phases=self._contactor_phases))

    def switch(self, offer: Offer) -> None:
        """Offer this."""
        self.offer = offer
        self._world.offer(self.place_id, offer)
