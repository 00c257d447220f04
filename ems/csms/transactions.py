"""Charging transactions of one connector: ids that never repeat, sessions with their energy, odd stations included."""

from __future__ import annotations

import secrets
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ems.clock import Clock
from ems.csms.messages import StartReport, StopReport
from ems.csms.ports import TransactionId

MOST_ID: Final = 2**31 - 1
"""Largest transaction id that stations of 32 bits can hold."""

MOST_REMEMBERED: Final = 32
MOST_KW: Final = 60.0
"""More than any station of ours can deliver; a register that rises faster has jumped."""

SLACK_KWH: Final = 1.0


class TransactionIds:
    """Gives out transaction ids for all stations of one central system."""

    def __init__(self) -> None:
        # No clock can promise that ids do not repeat over a restart (Q12), because it may have been set back.
        self._last = secrets.randbelow(MOST_ID)

    def next(self) -> int:
        """An id that was not given out before, from 1 to `MOST_ID`; only by luck one of an earlier run."""
        self._last = self._last % MOST_ID + 1
        return self._last


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One car's stay on the cable as the station told it."""

    transaction_id: TransactionId
    connector: int
    began_at_s: float
    """Monotonic time when we learned of it."""

    id_tag: str = ""
    started_at: datetime | None = None
    """In the station's own time; None for a session met in the middle."""

    energy_kwh: float = 0.0
    ended_at: datetime | None = None
    reason: str | None = None
    """Why it ended; None while it runs."""

    incomplete: bool = False
    """Whether messages of it are missing."""


@dataclass(frozen=True, slots=True)
class _Start:
    report: StartReport
    connection: int
    transaction_id: TransactionId

    def is_repeated_by(self, other: StartReport, connection: int) -> bool:
        """A retry repeats its meter reading and its timestamp; without timestamps, its message id.

        Message ids begin again with every connection of some stations, so they count within one only.
        """
        one = self.report
        if (one.connector, one.meter_start_wh) != (other.connector, other.meter_start_wh):
            return False
        if one.at is not None and other.at is not None:
            return one.at == other.at
        return self.connection == connection and one.message_id == other.message_id


class Transactions:
    """The running session of one connector and the last ones that ended."""

    def __init__(self, ids: TransactionIds, clock: Clock) -> None:
        self._ids = ids
        self._clock = clock
        self._starts: deque[_Start] = deque(maxlen=MOST_REMEMBERED)
        self._ended_ids: deque[TransactionId] = deque(maxlen=MOST_REMEMBERED)
        self._register: tuple[float, float] | None = None
        self.running: Session | None = None
        self.ended: Final[deque[Session]] = deque(maxlen=MOST_REMEMBERED)

    def start(self, report: StartReport, *, connection: int = 0) -> TransactionId:
        """The transaction's id: the same one when the station repeats itself. `connection` numbers its connections."""
        if report.transaction_id is not None and self._is_told(report.transaction_id):
            return report.transaction_id
        known = next((start for start in self._starts if start.is_repeated_by(report, connection)), None)
        if known is not None and report.transaction_id is None:
            return known.transaction_id
        self.end("Other")
        transaction_id = self._ids.next() if report.transaction_id is None else report.transaction_id
        self._starts.append(_Start(report, connection, transaction_id))
        self.running = Session(
            transaction_id=transaction_id,
            connector=report.connector,
            began_at_s=self._clock.monotonic_s(),
            id_tag=report.id_tag,
            started_at=report.at,
        )
        self._register = None
        if report.meter_start_wh is not None:
            self._register = (report.meter_start_wh / 1e3, self._clock.monotonic_s())
        return transaction_id

    def found(self, start: StartReport, stop: StopReport) -> None:
        """Take note of a whole transaction of the past; the running one goes on."""
        transaction_id = stop.transaction_id
        if transaction_id is None or self._is_told(transaction_id):
            return
        self._ended_ids.append(transaction_id)
        self.ended.append(
            Session(
                transaction_id=transaction_id,
                connector=start.connector,
                began_at_s=self._clock.monotonic_s(),
                id_tag=start.id_tag,
                started_at=start.at,
                energy_kwh=_between_kwh(start, stop),
                ended_at=stop.at or self._clock.utc_now(),
                reason=stop.reason[:50],
                incomplete=stop.incomplete,
            )
        )

    def stop(self, report: StopReport) -> bool:
        """End the running session when the report means it; any other id is answered but changes nothing."""
        if self.running is None or report.transaction_id != self.running.transaction_id:
            return False
        if report.meter_stop_wh is not None:
            self.count(report.meter_stop_wh / 1e3)
        self._ended_ids.append(self.running.transaction_id)
        self.running = replace(self.running, incomplete=report.incomplete)
        self.end(report.reason, report.at)
        return True

    def adopt(self, transaction_id: TransactionId, connector: int) -> bool:
        """Take over a transaction that we did not see begin; not one that the station has stopped (Q10)."""
        if self.running is not None or transaction_id in self._ended_ids:
            return False
        self.running = Session(transaction_id=transaction_id, connector=connector, began_at_s=self._clock.monotonic_s())
        self._register = None
        return True

    def knows(self, transaction_id: TransactionId) -> bool:
        """Whether that transaction has ended here."""
        return transaction_id in self._ended_ids or any(each.transaction_id == transaction_id for each in self.ended)

    def count(self, register_kwh: float) -> None:
        """Add what the register rose by; a reset counts from zero, a jump counts for nothing."""
        now_s = self._clock.monotonic_s()
        before = self._register
        self._register = (register_kwh, now_s)
        if self.running is None or before is None:
            return
        before_kwh, before_s = before
        most_kwh = SLACK_KWH + MOST_KW * (now_s - before_s) / 3600.0
        rise_kwh = register_kwh - before_kwh
        added_kwh = rise_kwh if rise_kwh >= 0.0 else register_kwh
        if 0.0 <= added_kwh <= most_kwh:
            self.running = replace(self.running, energy_kwh=self.running.energy_kwh + added_kwh)

    def end(self, reason: str, at: datetime | None = None) -> None:
        """Close the running session, if any, with the energy known so far."""
        if self.running is None:
            return
        self.ended.append(replace(self.running, reason=reason[:50], ended_at=at or self._clock.utc_now()))
        self.running = None

    def _is_told(self, transaction_id: TransactionId) -> bool:
        """Whether it runs, or the station has stopped it."""
        running = self.running is not None and self.running.transaction_id == transaction_id
        return running or transaction_id in self._ended_ids


def _between_kwh(start: StartReport, stop: StopReport) -> float:
    """What the register rose by; 0 when it was not told or cannot be."""
    if start.meter_start_wh is None or stop.meter_stop_wh is None:
        return 0.0
    rise_kwh = (stop.meter_stop_wh - start.meter_start_wh) / 1e3
    lasted_h = (stop.at - start.at).total_seconds() / 3600.0 if start.at and stop.at else 24.0
    return rise_kwh if 0.0 <= rise_kwh <= SLACK_KWH + MOST_KW * max(lasted_h, 0.0) else 0.0
