"""What hangs on the wires of a test house: cars as they really behave, and the lane that brings limits to a station."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ems.model.decision import Setpoint
from ems.model.site import Station
from ems.model.station import CarReading, SendOutcome, SentLimit, remembered

VOLTS: Final = 230.0
LEAST_A: Final = 6.0
FIRST_RETRY_S: Final = 2.0
LONGEST_RETRY_S: Final = 30.0


@dataclass
class Car:
    """A car on a station: always hungry unless `appetite_a` says otherwise. One step per second."""

    phases: int = 3
    appetite_a: float = 32.0
    offset_a: float = 0.0
    """How far it stays below its limit."""

    dead_s: int = 2
    """Between a change of the pilot and the car's first reaction, IEC 61851-1: 5 s at most."""

    start_s: int = 0
    """Between an offer after a pause and the first current."""

    ramp_a_per_s: float = float("inf")
    report_every_s: int = 5
    report_shift_s: int = 0
    report_lag_s: int = 0
    """How old a measurement is when it arrives."""

    switch_pause_s: int = 10
    """How long a station holds the car off while its contactor moves between one and three phases."""

    drawn_a: float = 0.0
    last_report: CarReading | None = None
    offered: list[float] = field(init=False)
    measured: list[float] = field(init=False)
    waking_s: int = field(default=0, init=False)
    contactor: int = field(default=3, init=False)
    """The phases that the station has switched through to the car."""

    switching_s: int = field(default=0, init=False)
    switches_s: list[float] = field(default_factory=list, init=False)
    """When such changes began, in seconds of its life."""

    lived_s: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.offered = [0.0] * (self.dead_s + 1)
        self.measured = [0.0] * (self.report_lag_s + 1)

    @property
    def loaded_phases(self) -> int:
        """The station phases that it draws on."""
        return min(self.phases, self.contactor)

    def step(self, limit_a: float, phases: int = 3) -> None:
        """Live one second under this limit; a station that changes phases holds the car off meanwhile."""
        self.lived_s += 1
        if phases != self.contactor and limit_a >= LEAST_A and self.switching_s == 0:
            self.switching_s = self.switch_pause_s
            self.switches_s.append(self.lived_s)
        if self.switching_s > 0:
            self.switching_s, limit_a = self.switching_s - 1, 0.0
            self.contactor = phases if self.drawn_a == 0.0 else self.contactor
        self.offered = [*self.offered[1:], limit_a]
        followed_a = self.offered[0]
        if followed_a < LEAST_A:
            self.waking_s, wanted_a = self.start_s, 0.0
        elif self.waking_s > 0:
            self.waking_s, wanted_a = self.waking_s - 1, 0.0
        else:
            wanted_a = max(0.0, min(followed_a - self.offset_a, self.appetite_a))
        self.drawn_a = min(wanted_a, self.drawn_a + self.ramp_a_per_s)
        self.measured = [*self.measured[1:], self.drawn_a]

    def report(self, now_s: float, wires: int) -> None:
        """Tell the station's meter values when they are due."""
        if (int(now_s) + self.report_shift_s) % self.report_every_s == 0:
            measured_a = self.measured[0]
            currents = tuple(measured_a if i < self.loaded_phases else 0.0 for i in range(wires))
            self.last_report = CarReading(current_a=currents, taken_at_s=now_s, power_w=sum(currents) * VOLTS)


@dataclass
class Lane:
    """One limit under way, the newest order next, renewals every third of the lease, failures tried again."""

    station: Station
    lease_s: float
    sent: tuple[SentLimit, ...] = ()
    order: tuple[float, int] | None = None
    taken: tuple[float, int] | None = None
    due_at_s: float = 0.0
    pause_s: float = FIRST_RETRY_S
    under_way: SentLimit | None = None
    arrives_at_s: float = 0.0
    messages: int = 0
    in_station: tuple[float, float] | None = None
    """The limit that the station works by, and when its lease ends; None while it has none."""

    forgot: bool = False
    """Whether it booted and has taken no limit since."""

    phases_in_station: int = 3
    """Where a contactor follows that limit; a station that falls back leaves it there."""

    took: list[tuple[float, float]] = field(default_factory=list)
    """When the station took a limit other than the one it had, and which."""

    def ask(self, setpoint: Setpoint, now_s: float) -> None:
        """Take this order in place of any older one."""
        order = (setpoint.limit_a, setpoint.phases)
        if order == self.order:
            return
        if self.order is not None and order[0] < self.order[0]:
            self.due_at_s = min(self.due_at_s, now_s + FIRST_RETRY_S)
        if self.taken is not None:
            self.due_at_s = now_s
        self.order = order
        self.taken = None

    def step(self, now_s: float, *, delay_s: float, online: bool, refuses: bool, answer_lost: bool = False) -> None:
        """Send when due; arrive when the message has travelled. Without delay all in the same second."""
        if self.under_way is None and online and self.order is not None and self.due_at_s <= now_s:
            limit_a, phases = self.order
            self.under_way = SentLimit(limit_a=limit_a, phases=phases, sent_at_s=now_s, lease_ends_at_s=float("inf"))
            self.sent = (*self.sent, self.under_way)
            self.arrives_at_s = now_s + delay_s
            self.messages += 1
        if self.under_way is not None and not online:
            self._settle(self.under_way, SendOutcome.UNANSWERED, now_s)
        elif self.under_way is not None and self.arrives_at_s <= now_s:
            self._arrive(self.under_way, now_s, refuses=refuses, answer_lost=answer_lost)

    def reconnected(self) -> None:
        """The station may have lost its limits."""
        self.order = self.taken = None
        self.due_at_s, self.pause_s = 0.0, FIRST_RETRY_S

    def begun_anew(self) -> None:
        """The service has forgotten what it sent; the station has not."""
        self.reconnected()
        self.sent, self.under_way = (), None

    def rebooted(self) -> None:
        """The station has lost everything that it was told."""
        self.reconnected()
        self.in_station, self.forgot = None, True

    def limit_in_station(self, now_s: float) -> float:
        """What the station works by; its fallback once the lease is over; all that it can after a reboot."""
        if self.forgot:
            return self.station.hardware_max_a
        if self.in_station is None or self.in_station[1] < now_s:
            return self.station.fallback_a
        return self.in_station[0]

    def _arrive(self, limit: SentLimit, now_s: float, *, refuses: bool, answer_lost: bool) -> None:
        if refuses:
            self._settle(limit, SendOutcome.REJECTED, now_s)
            return
        if self.in_station is None or self.in_station[0] != limit.limit_a:
            self.took.append((now_s, limit.limit_a))
        self.in_station, self.forgot = (limit.limit_a, limit.sent_at_s + self.lease_s), False
        if self.station.can_switch_phases:
            self.phases_in_station = limit.phases
        self._settle(limit, SendOutcome.UNANSWERED if answer_lost else SendOutcome.ACCEPTED, now_s)

    def _settle(self, limit: SentLimit, outcome: SendOutcome, now_s: float) -> None:
        accepted = outcome is SendOutcome.ACCEPTED
        base_s = limit.sent_at_s if accepted else now_s
        settled = SentLimit(
            limit_a=limit.limit_a,
            phases=limit.phases,
            sent_at_s=limit.sent_at_s,
            lease_ends_at_s=base_s + self.lease_s,
        ).settled(outcome, now_s)
        self.sent = remembered((*self.sent[:-1], settled), now_s)
        self.under_way = None
        if accepted:
            self.pause_s = FIRST_RETRY_S
            if self.order == (limit.limit_a, limit.phases):
                self.taken = self.order
            self.due_at_s = limit.sent_at_s + self.lease_s / 3 if self.taken is not None else now_s
        else:
            self.taken = None
            self.due_at_s = now_s + self.pause_s
            self.pause_s = min(LONGEST_RETRY_S, 2 * self.pause_s)
