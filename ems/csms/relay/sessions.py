"""What a station says of its sessions, as entries for a second central system."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from ems.clock import Clock
from ems.csms.messages import MeterReport
from ems.csms.meter_values import MeterSample, normalise
from ems.csms.relay.backlog import Backlog
from ems.csms.relay.entries import Account, Begin, Meter
from ems.csms.relay.settings import Settings
from ems.csms.relay.spelling import has_values
from ems.model.transaction import Transaction

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
        self._unsure: set[str] = set()
        """Those that ended for all that is known, although their station has not said so."""

    def followed(self, transaction: Transaction) -> None:
        """A transaction as it is known now. It is told as begun once a reading of its begin is known."""
        if self._backlog.account(transaction.key) is None:
            meter_wh = _begin_wh(transaction)
            if meter_wh is None:
                return
            self._backlog.begun(
                Begin(
                    transaction=transaction.key,
                    named=str(transaction.transaction_id),
                    connector=max(1, transaction.connector),
                    id_tag=transaction.id_tag,
                    meter_wh=meter_wh,
                    at=_time(transaction.began_utc_s),
                )
            )
        last_wh = None if transaction.last is None else _wh(transaction.last.kwh * 1000.0)
        if last_wh is not None:
            self._backlog.read(transaction.key, last_wh)
        is_unsure = transaction.ended_utc_s is not None and not transaction.stopped
        (self._unsure.add if is_unsure else self._unsure.discard)(transaction.key)
        if transaction.stopped and transaction.ended_utc_s is not None:
            reason = transaction.reason or "Local"
            self._backlog.ended(transaction.key, last_wh, _time(transaction.ended_utc_s), reason)

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

    def meter_soon(self) -> None:
        """The next values are wanted at once."""
        self._metered_at_s.clear()

    def close_gone(self, session: Transaction | None, *, connected: bool) -> None:
        """End those that a connected station has not had for a while; it will not say so any more.

        `session` is that of connector 1.
        """
        running = None if session is None else session.key
        now_s = self._clock.monotonic_s()
        gone_since_s = {}
        for account in self._backlog.accounts:
            key = account.transaction
            is_gone = key in self._unsure or (account.connector == 1 and key != running)
            if account.ended or not is_gone or not connected:
                continue
            since_s = gone_since_s[key] = self._gone_since_s.get(key, now_s)
            if now_s - since_s >= GONE_FOR_S:
                self._backlog.ended(key, None, self._clock.utc_now(), "Other")
                self._unsure.discard(key)
        self._gone_since_s = gone_since_s

    def _account(self, report: MeterReport) -> Account | None:
        """That of the transaction that is named; odd ids count for the connector that they come from (Q9)."""
        named = None if report.transaction_id is None else self._backlog.running_as(str(report.transaction_id))
        return named or self._backlog.running_on(report.connector or 1)

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


def _begin_wh(transaction: Transaction) -> int | None:
    """What its start told, or else its first reading; for one met in the middle that is what is counted from."""
    started_wh = transaction.meter_start_wh
    if started_wh is not None and started_wh >= 0:
        return _wh(started_wh)
    return None if transaction.first is None else _wh(transaction.first.kwh * 1000.0)


def _time(utc_s: float) -> datetime:
    return datetime.fromtimestamp(utc_s, UTC)


def _wh(told: float | None) -> int | None:
    """A register as whole watt-hours; None for one that makes no sense."""
    return round(told) if told is not None and 0 <= told <= MOST_WH else None
