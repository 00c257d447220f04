"""How patient the central system is: every waiting time in one place."""

from __future__ import annotations

from dataclasses import dataclass

from ems.config.schema import CsmsSection


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Waiting times in seconds of the injected clock. Defaults from `ocpp-charger-quirks.md` sections A and D."""

    answer_within_s: float = 30.0
    trigger_within_s: float = 70.0
    """Some stations answer TriggerMessage only after a minute."""

    give_way_s: float = 1.0
    """A limit waits no longer than this behind a request of ours that is not a limit."""

    heartbeat_s: int = 60
    meter_values_s: int = 10
    clock_guard_s: float = 30.0
    ping_s: float | None = 20.0
    """Pause between two pings of ours; None sends none."""

    silent_heartbeats: int = 3
    """A connection on which nothing was heard for so many heartbeats is dead (Q6)."""

    silent_pings: int = 3
    """The same in pings, for a station that has answered one before."""

    limit_first_s: float = 3.0
    """Set-up waits so long for the first limit of a connection."""

    report_within_s: float = 8.0
    """Boot and status are asked for when they have not come by then (Q4, Q5)."""

    preparing_s: float = 20.0
    """A car that waits so long without a transaction is started from here (section D)."""

    remote_start_every_s: float = 60.0
    missing_meter_values: int = 3
    """Meter values are asked for when they fail so many times in a row while a car charges."""

    watch_every_s: float = 1.0

    @classmethod
    def of(cls, section: CsmsSection) -> Pace:
        """The pace that a site file asks for."""
        return cls(
            answer_within_s=section.answer_within_s,
            heartbeat_s=section.heartbeat_s,
            meter_values_s=section.meter_values_s,
            clock_guard_s=section.clock_guard_s,
        )
