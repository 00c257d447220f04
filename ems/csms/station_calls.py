"""What a station may be asked beside its limits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final

from ems.csms.charging_profiles import Purpose
from ems.csms.messages import CompositeSchedule, Configuration, Outcome, Report
from ems.csms.visit import Visit
from ems.errors import StationRefused
from ems.model.transaction import Transaction

REMOTE_TAG: Final = "FUSEWISE"
"""The id tag of transactions that we start; 16 letters and digits at most (Q13)."""


class StationCalls(ABC):
    """Calls to a connected station. All raise StationOffline, StationSilent or StationRefused."""

    @property
    @abstractmethod
    def station_id(self) -> str: ...

    @property
    @abstractmethod
    def number(self) -> int:
        """Its connector at the station."""

    @property
    @abstractmethod
    def is_alone(self) -> bool:
        """Whether it stands for the whole station."""

    @property
    @abstractmethod
    def session(self) -> Transaction | None:
        """The running transaction."""

    @abstractmethod
    def _here(self) -> Visit:
        """The present connection. Raises StationOffline."""

    async def trigger(self, report: Report, connector: int | None = None) -> None:
        """Ask for a report."""
        await self._here().dialect.trigger(report, connector)

    async def get_configuration(self, keys: tuple[str, ...] = ()) -> Configuration:
        """The named settings; all of them for no name, which some stations do not survive (Q18)."""
        return await self._here().dialect.get_configuration(keys)

    async def change_configuration(self, key: str, value: str) -> None:
        """Change one setting."""
        await self._here().dialect.change_configuration(key, value)

    async def remote_stop(self) -> None:
        """End the running transaction; StationRefused when none is known."""
        session = self.session
        if session is None:
            raise StationRefused(f"{self.station_id} has no transaction to stop")
        await self._here().dialect.remote_stop(session.transaction_id)

    async def restart(self, *, hard: bool = False) -> Outcome:
        """Have the whole station boot anew; soft ends a transaction first, hard does not wait."""
        return await self._here().dialect.restart(hard=hard)

    async def unlock(self) -> Outcome:
        """Have it let go of the cable, which ends a session there."""
        return await self._here().dialect.unlock(self.number)

    async def clear_charging_profile(
        self,
        *,
        profile_id: int | None = None,
        connector: int | None = None,
        purpose: Purpose | None = None,
        level: int | None = None,
    ) -> None:
        """Remove matching profiles; that nothing matched is a success too."""
        await self._here().dialect.clear_profiles(
            profile_id=profile_id, connector=connector, purpose=purpose, level=level
        )

    async def composite_schedule(self, duration_s: int, connector: int | None = None) -> CompositeSchedule:
        """What the station says it will allow; 0 is the whole station, None what it is taken for here."""
        meant = (0 if self.is_alone else self.number) if connector is None else connector
        return await self._here().dialect.composite_schedule(meant, duration_s)
