"""The part of a station that answers special requests: monitors, displays, costs, data of customers."""

from __future__ import annotations

from abc import abstractmethod

from ems.csms.dialect import OnRequestDialect
from ems.csms.messages import Outcome
from ems.csms.station_calls import StationCalls
from ems.csms.told_on_request import ToldOnRequest
from ems.errors import StationRefused


class Requested(StationCalls):
    """Everything here raises StationOffline, StationSilent, StationRefused or StationCannot."""

    @property
    @abstractmethod
    def on_request(self) -> ToldOnRequest:
        """What the whole station told in answer."""

    @property
    def requests(self) -> OnRequestDialect:
        """What can be asked of it in the version that it speaks now."""
        return self._here().dialect.on_request()

    async def show_text(self, number: int, content: str, *, in_session: bool) -> Outcome:
        """Show a text on its display, until the running session ends or for good."""
        return await self.requests.show(number, content, transaction_id=self._running() if in_session else None)

    async def tell_cost(self, total: float) -> Outcome:
        """What the running session has cost so far, in the currency that the station shows."""
        return await self.requests.tell_cost(self._running(), total)

    def _running(self) -> str:
        session = self.session
        if session is None:
            raise StationRefused(f"{self.station_id} has no session now")
        return str(session.transaction_id)
