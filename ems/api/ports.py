"""What API and pages need from the service; `ems.app` gives it, tests give smaller ones.

Reading calls answer from memory or hand a query to a thread; none of them ever waits for control, and control never
waits for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from ems.api.wire import (
    AuditRecord,
    BoostWish,
    DecisionRecord,
    DeviceState,
    GoalWish,
    HistoryPoint,
    HistoryStep,
    ImportCapWish,
    LimitWish,
    LogRecord,
    MinimumWish,
    PhasesWish,
    SessionRecord,
    SettingsWish,
    State,
    StationPlan,
)
from ems.model.explanation import Explanation
from ems.model.goals import ChargeMode
from ems.model.site import Keenness


class House(Protocol):
    """The house, as those outside may see and change it. Unknown stations raise `UnknownStation`."""

    def state(self) -> State:
        """The newest one."""
        ...

    def devices(self) -> tuple[DeviceState, ...]:
        """How well each meter, inverter and battery is read, as of now."""
        ...

    async def next_state(self, after_sequence: int) -> State:
        """The newest one as soon as it is newer than that."""
        ...

    def explain(self, station_id: str) -> Explanation:
        """How the present set-point of that station came about."""
        ...

    def plan(self, station_id: str) -> StationPlan:
        """What is ahead at that station."""
        ...

    async def sessions(
        self, *, since: datetime | None, until: datetime | None, station_id: str | None, limit: int
    ) -> Sequence[SessionRecord]:
        """Newest first."""
        ...

    async def history(self, step: HistoryStep, since: datetime, until: datetime) -> Sequence[HistoryPoint]:
        """Oldest first."""
        ...

    async def decisions(
        self, *, since: datetime | None, station_id: str | None, text: str | None, limit: int
    ) -> Sequence[DecisionRecord]:
        """Newest first."""
        ...

    async def vehicles(self) -> Sequence[str]:
        """Cars that the site file names, then others that somebody named."""
        ...

    async def log(self, *, before_id: int | None, kind: str | None, limit: int) -> Sequence[LogRecord]:
        """Newest first."""
        ...

    async def audit(self, *, before_id: int | None, limit: int) -> Sequence[AuditRecord]:
        """Newest first."""
        ...

    def set_mode(self, station_id: str, mode: ChargeMode, *, who: str) -> None:
        """From the next cycle on, and over restarts."""
        ...

    def set_settings(self, station_id: str, wish: SettingsWish, *, who: str) -> None:
        """Inside the installer's limits. Raises `WidensInstallerLimit`."""
        ...

    def set_phases(self, station_id: str, wish: PhasesWish, *, who: str) -> None:
        """Raises `CannotSwitchPhases`."""
        ...

    def set_minimum(self, station_id: str, wish: MinimumWish, *, who: str) -> None:
        """Inside the installer's limits. Raises `WidensInstallerLimit` or `BelowMinimum`."""
        ...

    def set_goal(self, station_id: str, wish: GoalWish | None, *, who: str) -> None:
        """None clears it."""
        ...

    def set_limit(self, station_id: str, wish: LimitWish | None, *, who: str) -> None:
        """A temporary, lower limit; None ends it at once."""
        ...

    def boost(self, station_id: str, wish: BoostWish | None, *, who: str) -> None:
        """As fast as the fuses allow for a while; None ends it at once."""
        ...

    def set_guest(self, station_id: str, vehicle: str | None, *, who: str) -> None:
        """Whose car is there until it leaves; None for nobody's. Raises `NoCar` where none is."""
        ...

    def set_import_cap(self, wish: ImportCapWish | None, *, who: str) -> None:
        """Of the whole house, for a while; None ends it. Raises `WidensInstallerLimit` or `NoTimeToCome`."""
        ...

    def set_strategy(self, strategy: Keenness | None, *, who: str) -> None:
        """How keen on sun the house is; None goes back to the site file's. Raises `StrategyFixed`."""
        ...

    def set_optimising(self, *, optimising: bool, who: str) -> None:
        """Off: cars at a safe static share, the guard stays on."""
        ...
