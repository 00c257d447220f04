"""What the database keeps, as the records that the wire shows. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from ems.api.kept_words import log_says, log_text
from ems.api.says import reason_says
from ems.api.wire import AuditRecord, DecisionRecord, HistoryPoint, LogRecord, SessionRecord
from ems.store.accounts import AuditEntry
from ems.store.archive import LoggedEvent
from ems.store.entries import DecisionEntry, SessionEntry, Step


def share(part: float, whole: float) -> float | None:
    """0 to 1; None of nothing."""
    return None if whole <= 0.0 else round(min(part / whole, 1.0), 3)


def session_record(entry: SessionEntry) -> SessionRecord:
    """A stay on the cable."""
    return SessionRecord(
        id=entry.session_id,
        station=entry.station_id,
        vehicle=entry.vehicle,
        began=datetime.fromtimestamp(entry.began_utc_s, UTC),
        ended=None if entry.ended_utc_s is None else datetime.fromtimestamp(entry.ended_utc_s, UTC),
        energy_kwh=round(entry.energy_kwh, 3),
        solar_kwh=round(entry.solar_kwh, 3),
        solar_share=share(entry.solar_kwh, entry.energy_kwh),
        cost=None if entry.cost is None else round(entry.cost, 2),
        currency=entry.currency,
        reason=entry.reason,
    )


def point_record(step: Step) -> HistoryPoint:
    """A step of the history as mean powers."""
    flows, hours = step.flows, step.length_s / 3600.0

    def mean_w(energy_wh: float | None, less_wh: float | None = 0.0) -> float | None:
        return None if energy_wh is None or less_wh is None else round((energy_wh - less_wh) / hours, 1)

    return HistoryPoint(
        at=datetime.fromtimestamp(step.at_utc_s, UTC),
        grid_w=mean_w(flows.grid_import_wh, flows.grid_export_wh),
        grid_import_w=mean_w(flows.grid_import_wh),
        grid_export_w=mean_w(flows.grid_export_wh),
        solar_w=mean_w(flows.solar_wh),
        battery_w=mean_w(flows.battery_discharge_wh, flows.battery_charge_wh),
        home_w=mean_w(flows.home_wh),
        charging_w=mean_w(flows.charging_wh),
        charging_solar_w=mean_w(flows.charging_solar_wh),
        stations_w={name: round(energy_wh / hours, 1) for name, energy_wh in flows.stations_wh.items()},
    )


def decision_record(entry: DecisionEntry) -> DecisionRecord:
    """A limit that changed."""
    return DecisionRecord(
        at=datetime.fromtimestamp(entry.utc_s, UTC),
        station=entry.station_id,
        limit_a=entry.limit_a,
        phases=entry.phases,
        reason=entry.reason.code,
        because=reason_says(entry.reason),
    )


def logged_record(event: LoggedEvent) -> LogRecord:
    """A line of the log."""
    return LogRecord(
        id=event.event_id,
        at=datetime.fromtimestamp(event.utc_s, UTC),
        kind=event.kind,
        who=event.who,
        text=log_text(event.kind, event.facts),
        says=log_says(event.kind, event.facts),
    )


def audited_record(entry: AuditEntry) -> AuditRecord:
    """A line of the audit log."""
    return AuditRecord(
        id=entry.entry_id,
        at=datetime.fromtimestamp(entry.utc_s, UTC),
        who=entry.who,
        action=entry.action,
        text=log_text(entry.action, entry.facts) if entry.facts else entry.subject,
        says=log_says(entry.action, entry.facts),
    )
