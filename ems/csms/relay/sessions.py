"""What a station says of its sessions, as entries for a second central system."""

from __future__ import annotations

from typing import Final

from ems.clock import Clock
from ems.csms.messages import MeterReport, StopReport
from ems.csms.meter_values import MeterSample, normalise
from ems.csms.observer import Began
from ems.csms.relay.backlog import Backlog
from ems.csms.relay.entries import Account, Begin, Meter
from ems.csms.relay.settings import Settings
from ems.csms.relay.spelling import has_values
from ems.csms.transactions import Session

GONE_FOR_S: Final = 300.0
"""A session that the station no longer has counts as ended after this: its own word may come late, or never."""

MOST_WH: Final = 2**31 - 1


class Sessions:
    """Follows the sessions of one station."""

    def __init__(self, backlog: Backlog, settings: Settings, clock: Clock, *, phases: int) -> None:
        self._backlog = backlog
        self._settings = settings
        self._clock = clock
        self._phases = phases
        self._metered_at_s: dict[str, float] = {}
        self._gone_since_s: dict[str, float] = {}

    def began(self, said: Began) -> None:
        begin = Begin(
            transaction=str(said.transaction_id),
            connector=max(1, said.connector),
            id_tag=said.id_tag,
            meter_wh=_wh(said.meter_start_wh) or 0,
            at=said.at or self._clock.utc_now(),
        )
        self._backlog.begun(begin)

    def metered(self, report: MeterReport) -> None:
        """The newest values, as often as they are wanted."""
        account = self._account(report)
        samples = [each for each in normalise(report.meter_value, phases=self._phases) if not each.closing]
        if account is None or not samples:
            return
        newest = samples[-1]
        energy_wh = None if newest.energy_kwh is None else _wh(newest.energy_kwh * 1000.0)
        if energy_wh is not None:
            self._backlog.read(account.transaction, energy_wh)
        now_s = self._clock.monotonic_s()
        before_s = self._metered_at_s.get(account.transaction)
        meter = self._meter(account, newest, energy_wh)
        if (before_s is None or now_s - before_s >= self._settings.meter_values_s) and has_values(meter):
            self._metered_at_s = {account.transaction: now_s}
            self._backlog.metered(meter)

    def stopped(self, report: StopReport) -> None:
        at = report.at or self._clock.utc_now()
        self._backlog.ended(str(report.transaction_id), _wh(report.meter_stop_wh), at, report.reason)

    def meter_soon(self) -> None:
        """The next values are wanted at once."""
        self._metered_at_s.clear()

    def close_gone(self, session: Session | None, *, connected: bool) -> None:
        """End those on connector 1 that a connected station has not had for a while; it will not say so any more."""
        running = None if session is None else str(session.transaction_id)
        now_s = self._clock.monotonic_s()
        gone_since_s = {}
        for account in self._backlog.accounts:
            if account.ended or account.connector != 1 or account.transaction == running or not connected:
                continue
            since_s = gone_since_s[account.transaction] = self._gone_since_s.get(account.transaction, now_s)
            if now_s - since_s >= GONE_FOR_S:
                self._backlog.ended(account.transaction, None, self._clock.utc_now(), "Other")
        self._gone_since_s = gone_since_s

    def _account(self, report: MeterReport) -> Account | None:
        """That of the transaction that is named; odd ids count for the connector that they come from (Q9)."""
        named = None if report.transaction_id is None else self._backlog.account(str(report.transaction_id))
        account = named or self._backlog.running_on(report.connector or 1)
        return None if account is None or account.ended else account

    def _meter(self, account: Account, sample: MeterSample, energy_wh: int | None) -> Meter:
        return Meter(
            transaction=account.transaction,
            connector=account.connector,
            at=sample.at or self._clock.utc_now(),
            current_a=sample.current_a,
            power_w=sample.power_w,
            energy_wh=energy_wh,
            soc=sample.soc,
        )


def _wh(told: float | None) -> int | None:
    """A register as whole watt-hours; None for one that makes no sense."""
    return round(told) if told is not None and 0 <= told <= MOST_WH else None
