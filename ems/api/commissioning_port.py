"""What routes and pages need of the installer's desk; `ems.api.installer` gives it.

Nothing here waits for control, and control never waits for it. Whatever makes no sense raises an `EmsError` with a
stable code (`ems.commissioning.errors`) and leaves everything as it was.
"""

from __future__ import annotations

from typing import Protocol

from ems.api.wire_commissioning import (
    CircuitsWish,
    CommissioningState,
    ConnectionLimits,
    HandOver,
    HandOverWish,
    LimitsAnswer,
    NewStationWish,
    ProofState,
    ProofWish,
    StationBench,
    StationLimits,
)
from ems.model.words import Language


class Commissioning(Protocol):
    """The installer's desk. `who` is the name of the account, for the audit."""

    def state(self, host: str) -> CommissioningState:
        """Everything, from memory. `host` is what the asker calls us by, for the addresses that stations connect to."""
        ...

    async def set_connection(self, limits: ConnectionLimits, *, who: str, dry_run: bool = False) -> LimitsAnswer:
        """In force when the very same values come a second time."""
        ...

    async def set_circuits(self, wish: CircuitsWish, *, who: str, dry_run: bool = False) -> LimitsAnswer:
        """All circuits below the main fuse."""
        ...

    async def set_station(
        self, station_id: str, limits: StationLimits, *, who: str, dry_run: bool = False
    ) -> LimitsAnswer:
        """Circuit, wiring, maximum and fallback of one station."""
        ...

    async def take_found_wiring(self, station_id: str, *, who: str) -> LimitsAnswer:
        """State the wiring that the last charger proof found."""
        ...

    async def adopt(self, station_id: str, identity: str, *, host: str, who: str) -> StationBench:
        """Let the stranger of that name in as this station."""
        ...

    async def take_in(self, wish: NewStationWish, *, who: str, dry_run: bool = False) -> LimitsAnswer:
        """Make an entry for a stranger; in force from the next start of the service on."""
        ...

    async def leave_out(self, station_id: str, *, who: str) -> None:
        """Make no entry for a station that was taken in, from the next start on."""
        ...

    async def refuse(self, identity: str, *, who: str) -> None:
        """Say no to a stranger."""
        ...

    async def start(self, wish: ProofWish, *, who: str) -> ProofState:
        """Begin a proof; one at a time."""
        ...

    def proof(self) -> ProofState | None:
        """The one that runs or ran last."""
        ...

    async def abort(self, *, who: str) -> ProofState | None:
        """End it; everybody's goals are as before."""
        ...

    async def hand_over(self, wish: HandOverWish, *, who: str) -> HandOver:
        """Sign what was proven, and lock the limits."""
        ...

    def last_hand_over(self) -> HandOver:
        """The newest document."""
        ...

    def hand_over_page(self, language: Language) -> str:
        """The newest document as one HTML page to print, in that language."""
        ...

    async def unlock(self, why: str, *, who: str) -> None:
        """Let limits be changed again."""
        ...
